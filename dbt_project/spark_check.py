"""Builds every model on Spark over an empty lake, so that SQL which only one engine speaks is seen the day it is written.

lake of empty shelves, vars.json ─► dbt build --target spark, in this process ─► a line per model that fails

Alone: `make spark-check` (needs Java 17 or newer). It runs in its own environment, because pyspark is 400 MB and no part of
the nightly job; it checks that the SQL is understood and the contracts hold, not what the numbers are.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time
from pathlib import Path

PROJECT = Path(__file__).resolve().parent
sys.path.insert(0, str(PROJECT.parent))


def session(folder: str) -> object:
    """A Spark session on one machine whose catalogue dies with it; dbt-spark takes it as its own."""
    from pyspark.sql import SparkSession

    spark = (
        SparkSession.builder.master("local[2]")
        .appName("spark-check")
        .config("spark.sql.catalogImplementation", "in-memory")
        .config("spark.sql.warehouse.dir", folder)
        .config("spark.sql.session.timeZone", "UTC")
        .config("spark.sql.shuffle.partitions", "1")
        .config("spark.sql.ansi.enabled", "true")
        # Spark infers from a filter what holds of every alias of its columns: of int_identifier_pairs more than any memory takes.
        .config("spark.sql.constraintPropagation.enabled", "false")
        .config("spark.ui.enabled", "false")
        .config("spark.ui.showConsoleProgress", "false")
        .config("spark.driver.memory", "1g")
        .config("spark.log.level", "ERROR")
        .getOrCreate()
    )
    lend_functions(spark)
    return spark


def lend_functions(spark: object) -> None:
    """The Python functions that lend_to_duckdb.py gives to the other engine."""
    from dbt_project.plugins.attribution import removal_effects
    from dbt_project.plugins.components import parted_components
    from dbt_project.plugins.functions import e164, keyed_hash
    from dbt_project.plugins.identity_model import WEIGHED_PAIR, model_profiles, model_version, pair_weights_of_rows
    from dbt_project.plugins.survival import survival_quantile
    from dbt_project.plugins.value_columns import FITTED_RECORD, FORECASTS, fitted_customer_value, forecast_of_row

    spark.udf.register("normalize_phone", lambda raw: raw and e164(raw), "string")
    spark.udf.register("keyed_hash", lambda text: text and keyed_hash(text), "string")
    spark.udf.register("parted_components", lambda *lists: parted_components(*lists).tolist(), "array<bigint>")
    spark.udf.register("removal_effects", removal_effects, "array<double>")
    spark.udf.register("survival_quantile", survival_quantile, "double")
    spark.udf.register("identity_model_version", model_version, "string")
    spark.udf.register("identity_model_profiles", model_profiles, "bigint")
    words = {"double": "double", "int64": "bigint", "string": "string"}
    weighed = "array<struct<" + ", ".join(f"{field.name}: {words[str(field.type)]}" for field in WEIGHED_PAIR) + ">>"
    spark.udf.register("pair_weights", pair_weights_of_rows, weighed)
    fitted = "struct<" + ", ".join(f"{field.name}: {words[str(field.type)]}" for field in FITTED_RECORD) + ">"
    spark.udf.register("fitted_customer_value", fitted_customer_value, fitted)
    for name in FORECASTS:
        spark.udf.register(name, forecast_of_row(name), "double")


def main(arguments: list[str]) -> int:
    """arguments: the file with dbt's vars, then anything for `dbt build`. The exit code says whether everything was built."""
    from dbt.cli.main import dbtRunner

    os.environ["PYSPARK_PYTHON"] = sys.executable  # the workers need the functions' libraries, which the machine's own Python lacks
    variables = json.loads(Path(arguments[0]).read_text(encoding="utf-8"))
    started = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="spark-check-") as folder:
        os.environ |= {"OMNIMART_TARGET": "spark", "DBT_TARGET_PATH": f"{folder}/target", "DBT_LOG_PATH": f"{folder}/logs"}
        spark = session(f"{folder}/warehouse")
        answer = dbtRunner().invoke([
            "--quiet", "build", "--resource-type", "model", "--resource-type", "seed", *arguments[1:], "--project-dir", str(PROJECT),
            "--profiles-dir", str(PROJECT), "--vars", json.dumps(variables),
        ])
        spark.stop()
    nodes = list(getattr(answer.result, "results", None) or [])
    failed = [node for node in nodes if node.status == "error"]
    skipped = [node for node in nodes if node.status == "skipped"]
    if answer.exception and not nodes:
        print(f"dbt stopped before it built anything on Spark: {answer.exception}")
    for node in failed:
        print(f"{node.node.name}: {first_words(node.message)}")
    print(f"Spark built {len(nodes) - len(failed) - len(skipped)} of {len(nodes)} models and seeds in {time.monotonic() - started:.0f} s; "
          f"{len(failed)} failed, {len(skipped)} were skipped behind them.")
    return 0 if answer.success else 1


def first_words(message: str) -> str:
    """What Spark says, without the plan it prints after it."""
    lines = [line.strip() for line in (message or "").splitlines() if line.strip()]
    return " ".join(lines[:4])[:400]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
