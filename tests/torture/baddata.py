"""A poison record in a million, and one of fifty megabytes.

    a million records in answers of a thousand  ──►  documents.split  ──►  lake  ──►  the real base model of a small project

`python -m tests.torture baddata [--records 1000000] [--folder <where>]` prints what was landed, staged and rejected, the seconds and the
most memory of both parts. Exit code 0 when exactly the poison was set aside and every other record is there.
"""

import argparse
import json
import os
import resource
import shutil
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from ingestion import documents
from ingestion.accounts import REPOSITORY

PAGE = 1000
LARGE_MB = 50
NOON = datetime(2026, 10, 31, 12, tzinfo=UTC)


def main(arguments: list[str]) -> int:
    """Land, stage and compare; gives the exit code."""
    parser = argparse.ArgumentParser(prog="tests.torture baddata", description=__doc__.splitlines()[0])
    parser.add_argument("--records", type=int, default=1_000_000)
    parser.add_argument("--folder", type=Path)
    asked = parser.parse_args(arguments)
    folder = asked.folder or Path(tempfile.mkdtemp(prefix="baddata-"))
    os.environ["OMNIMART_DATA"] = str(folder / "project" / "data")
    sys.path.insert(0, str(REPOSITORY / "tests" / "dbt"))
    from small_project import FIRST_LOAD, LANDED, ORDERS, SmallProject

    (folder / "project").mkdir(parents=True, exist_ok=True)
    project = SmallProject(folder / "project")
    project.declare("orders")
    project.write("models/staging/acme/base/base_acme__orders.sql", ORDERS.replace("MONEY", "money"))
    began = time.monotonic()
    shelf = folder / "project" / "data" / "lake" / "raw_acme" / "orders" / "1790000000.5.0.parquet"
    with pq.ParquetWriter(shelf, LANDED) as writer:
        for start in range(0, asked.records, PAGE):
            records = documents.split(answer(start, asked.records), rows="orders").records
            landed = documents.table(records, account="main", asked_at=NOON)
            writer.write_table(landed.append_column("_dlt_load_id", pa.repeat("1790000000.5", len(records))).cast(LANDED))
    project.finish("1790000000.5", status=0, at=FIRST_LOAD)
    landing, landing_mb = time.monotonic() - began, peak_mb()
    began = time.monotonic()
    project.build()
    staging = time.monotonic() - began
    (counted,) = project.rows("select count(*), count(*) filter (is_accepted) from staging.base_acme__orders")
    rejected = project.rows("select document_key, problem from staging.base_acme__orders where not is_accepted")
    print(f"landed {asked.records:,} records, one of them poison and one of {LARGE_MB} MB: {landing:.1f} s, at most {landing_mb} MB")
    print(f"staged {counted[0]:,}, accepted {counted[1]:,}, rejected {rejected}: {staging:.1f} s, at most {peak_mb()} MB")
    if asked.folder is None:
        shutil.rmtree(folder)
    wanted = ((asked.records, asked.records - 1), [(str(asked.records // 2), "payload: cannot be read as JSON")])
    return 0 if (counted, rejected) == wanted else 1


def answer(start: int, records: int) -> bytes:
    """One page: a poison record in the middle of all, a large one in the last place."""
    rows = [json.dumps({"id": key, "createdAt": "2026-10-01T00:00:00Z", "summ": 1}).encode() for key in range(start, start + PAGE)]
    if start <= records // 2 < start + PAGE:
        rows[records // 2 - start] = b'{"id":%d,"summ":1,"name":"\xcf\xf0\xe8\xe2\xe5\xf2"}' % (records // 2)
    if start + PAGE >= records:
        rows[-1] = b'{"id":%d,"summ":1,"note":"%s"}' % (start + PAGE - 1, b"x" * (LARGE_MB << 20))
    return b'{"orders":[' + b",".join(rows) + b"]}"


def peak_mb() -> int:
    """The most memory that this process has held so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
