"""What many small files of the lake cost a full rebuild of staging, before housekeeping puts them together and after, in one run.

    .venv/bin/python -m benchmarks.lake_files --lake <data folder of a refresh>/lake --vendors usedesk,telphin [--nights 365] [--repeats 3]

The documents of that lake are dealt out to so many nights, a load and a file in every list each, as a retailer's lake comes to be who reads
night after night; the base models of these vendors are then built from nothing by dbt, the files are put together as housekeeping does it,
and they are built again. Prints files and bytes, wall and CPU seconds of each build (median), CPU seconds of reading the lists and nothing
else, the ratios, and the seconds that the putting together took; exits with 1 when the two warehouses differ.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import shutil
import sys
import tempfile
import time
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median

import dagster as dg
import duckdb

from ingestion import compaction
from ingestion.vendor import Vendor
from ingestion.vendors import vendors

BEGAN = datetime(2025, 11, 1, tzinfo=UTC)


def deal_out(source: Path, lake: Path, chosen: Iterable[Vendor], nights: int) -> None:
    """Write the documents of these vendors' lists as so many nights' loads."""
    for vendor in chosen:
        loads = lake / vendor.dataset / "_dlt_loads"
        loads.mkdir(parents=True, exist_ok=True)
        for night in range(nights):
            told = {"load_id": _load(night), "status": 0, "inserted_at": (BEGAN + timedelta(days=night)).isoformat()}
            (loads / f"{vendor.name}__{_load(night)}.jsonl").write_text(json.dumps(told) + "\n", encoding="utf-8")
        for one in vendor.resources:
            folder = lake / vendor.dataset / one.name
            folder.mkdir(parents=True, exist_ok=True)
            dealt = folder / "dealt"
            duckdb.execute("set partitioned_write_max_open_files = 1000")
            duckdb.execute(
                f"""
                copy (
                    select * exclude (_dlt_load_id, night), (1762000000 + night * 86400) || '.5' as _dlt_load_id, night
                    from (select *, hash(document_key, version_at) % {nights} as night
                        from read_parquet('{source}/{vendor.dataset}/{one.name}/*.parquet', union_by_name = true))
                ) to '{dealt}' (format parquet, partition_by (night))
                """)
            for file in dealt.glob("night=*/*.parquet") if dealt.exists() else ():
                night = int(file.parent.name.partition("=")[2])
                file.rename(folder / f"{_load(night)}.{file.stem}.parquet")
            shutil.rmtree(dealt, ignore_errors=True)


def _load(night: int) -> str:
    return f"{1762000000 + night * 86400}.5"


def counted(lake: Path) -> tuple[int, int]:
    """(files of the lists and loads, their bytes)."""
    found = [path for folder in lake.glob("raw_*/*") if folder.is_dir() for path in compaction.files(folder)]
    return len(found), sum(path.stat().st_size for path in found)


def rebuilt(chosen: Iterable[Vendor], repeats: int) -> tuple[float, float, list[tuple]]:
    """(median wall seconds, median CPU seconds, a hash of each base table) of building the base models from nothing."""
    from orchestration.dbt import run_dbt, warehouse

    models = [f"base_{vendor.name}__{one.name}" for vendor in chosen for one in vendor.resources]
    walls, cpus = [], []
    for _ in range(repeats):
        warehouse().unlink(missing_ok=True)
        wall, cpu = time.monotonic(), _cpu()
        outcome = run_dbt(["run", "--select", *models], refresh_id="benchmark")
        walls.append(time.monotonic() - wall)
        cpus.append(_cpu() - cpu)
        if not outcome.success:
            raise RuntimeError(f"dbt did not build staging: {outcome.error or [node.message for node in outcome.failed]}")
    with duckdb.connect(str(warehouse()), read_only=True) as connection:
        tables = [(name, connection.execute(f"select count(*), sum(hash(t)::hugeint) from staging.{name} as t").fetchone())
                  for name in models]
    return median(walls), median(cpus), tables


def scanned(lake: Path, chosen: Iterable[Vendor], repeats: int) -> float:
    """CPU seconds (median) of reading every list of these vendors to its end, as staging reads it, and nothing else."""
    cpus = []
    for _ in range(repeats):
        cpu = _cpu()
        for vendor in chosen:
            for one in vendor.resources:
                duckdb.execute(f"select count(*), max(length(payload)) from read_parquet('{lake}/{vendor.dataset}/{one.name}/*.parquet', "
                               "union_by_name = true, hive_partitioning = false)").fetchall()
        cpus.append(_cpu() - cpu)
    return median(cpus)


def _cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def main() -> int:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--lake", type=Path, required=True)
    parser.add_argument("--vendors", default="usedesk,telphin")
    parser.add_argument("--nights", type=int, default=365)
    parser.add_argument("--repeats", type=int, default=3)
    asked = parser.parse_args()
    chosen = [vendor for vendor in vendors() if vendor.name in asked.vendors.split(",")]
    with tempfile.TemporaryDirectory(prefix="lake-files-") as folder:
        os.environ["OMNIMART_DATA"] = folder
        from ingestion import lake
        from orchestration import housekeeping
        from orchestration.dbt import run_dbt

        lake.prepare()
        deal_out(asked.lake.resolve(), lake.root(), chosen, asked.nights)
        run_dbt(["parse"])
        files, size = counted(lake.root())
        wall, cpu, tables = rebuilt(chosen, asked.repeats)
        scan = scanned(lake.root(), chosen, asked.repeats)
        print(f"{files} files, {size / 2**20:.0f} MB: staging in {wall:.1f} s, CPU {cpu:.1f} s; reading alone CPU {scan:.2f} s", flush=True)
        began = time.monotonic()
        with dg.DagsterInstance.ephemeral() as instance:
            housekeeping.keep_house(instance, lambda line: None, listed_seconds=0)
        print(f"put together in {time.monotonic() - began:.1f} s", flush=True)
        fewer, smaller = counted(lake.root())
        faster, cheaper, same = rebuilt(chosen, asked.repeats)
        less = scanned(lake.root(), chosen, asked.repeats)
        print(f"{fewer} files, {smaller / 2**20:.0f} MB: staging in {faster:.1f} s, CPU {cheaper:.1f} s; reading alone CPU {less:.2f} s")
        print(f"{files / fewer:.0f} times fewer files, {size / smaller:.1f} times less room; {wall / faster:.1f} times as fast, "
              f"{cpu / cheaper:.1f} times by CPU, reading alone {scan / less:.0f} times; tables {'equal' if tables == same else 'DIFFER'}")
    return int(tables != same)


if __name__ == "__main__":
    sys.exit(main())
