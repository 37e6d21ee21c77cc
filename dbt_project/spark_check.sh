#!/usr/bin/env bash
# `make spark-check`: an environment of its own for Spark, an empty lake, every model built on it. Arguments go to dbt build.
set -euo pipefail
cd "$(dirname "$0")/.."
command -v java >/dev/null || { echo "make spark-check needs Java 17 or newer on the path (for instance the package openjdk-17-jre-headless)."; exit 1; }
if [ ! -e .venv-spark/.done ] || [ requirements-spark.txt -nt .venv-spark/.done ]; then
    echo "Setting up .venv-spark (pyspark is 400 MB; once) …"
    [ -x .venv-spark/bin/python ] || python3 -m venv .venv-spark
    .venv-spark/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r requirements-spark.txt
    touch .venv-spark/.done
fi
OMNIMART_DATA=$(mktemp -d)
export OMNIMART_DATA DBT_SEND_ANONYMOUS_USAGE_STATS=false DO_NOT_TRACK=1
trap 'rm -rf "$OMNIMART_DATA"' EXIT
.venv/bin/python -m orchestration.dbt vars > "$OMNIMART_DATA/vars.json"
.venv-spark/bin/python dbt_project/spark_check.py "$OMNIMART_DATA/vars.json" "$@"
