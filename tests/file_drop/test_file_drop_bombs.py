"""Files of a kilobyte that hold gigabytes are refused with a sentence, in a process that may not take 3 GB."""

import gzip
import json
import subprocess
import sys

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from ingestion.accounts import REPOSITORY
from ingestion.file_drop.reading import Dialect, rows
from ingestion.file_drop.tables import BY_NAME

READ = """
import json, resource, sys
from pathlib import Path
from ingestion.file_drop.reading import Broken, Dialect, rows
from ingestion.file_drop.tables import BY_NAME
resource.setrlimit(resource.RLIMIT_AS, (3 << 30, 3 << 30))
for file in sys.argv[1:]:
    try:
        print(json.dumps(sum(len(row) for _, row in rows(Path(file), file, BY_NAME["channel_costs"], Dialect()))))
    except Broken as broken:
        print(json.dumps(str(broken)))
    Path(file).with_name("plain").unlink(missing_ok=True)
"""


def costs(count: int, **more) -> dict:
    """Columns of so many rows that are all alike, as a table holds them: once."""
    def same(value):
        return pa.DictionaryArray.from_arrays(pa.array([0]).take(pa.array([0] * count)).cast(pa.int32()), [value])

    return {"cost_on": same("2026-01-01"), "channel": same("sms"), "cost": same("1"), **{name: same(value) for name, value in more.items()}}


@pytest.fixture(scope="module")
def bombs(tmp_path_factory):
    """{name: file}, each of at most some kilobytes."""
    folder = tmp_path_factory.mktemp("bombs")
    tables = {
        "a text in every row": (pa.table(costs(20_000, campaign="x" * 1_000_000)), {}),
        "zeros": (pa.table({**costs(1000), "more": ["\x00" * 100_000 + str(n) for n in range(1000)]}), {"use_dictionary": False}),
        "a list without end": (pa.table({**costs(2), "more": [[0] * 20_000_000, []]}), {}),
    }
    files = {}
    for name, (table, how) in tables.items():
        files[name] = folder / f"{name.replace(' ', '_')}.parquet"
        pq.write_table(table, files[name], compression="zstd", **how)
    files["gzip in gzip"] = folder / "twice.csv.gz"
    files["gzip in gzip"].write_bytes(gzip.compress(gzip.compress(b"\n" * 300_000_000, 9), 9))
    files["gzip"] = folder / "once.csv.gz"
    files["gzip"].write_bytes(gzip.compress(b"a" * 100_000_000, 9))
    assert {name: file.stat().st_size for name, file in files.items() if file.stat().st_size > 150_000} == {}
    return files


def test_a_bomb_is_refused_with_a_sentence(bombs):
    reader = [sys.executable, "-c", READ, *map(str, bombs.values())]
    ended = subprocess.run(reader, cwd=REPOSITORY, capture_output=True, text=True, timeout=120)
    assert (ended.returncode, ended.stderr) == (0, "")
    said = dict(zip(bombs, map(json.loads, ended.stdout.splitlines()), strict=True))
    assert said["a text in every row"] == (
        "file: the Parquet file is refused: its rows come to far more than it weighs. Write it as JSON lines if it is meant so.")
    assert "it unpacks to more than 64 MB" in said["zeros"]
    assert "its column more.list.element holds 20000001 values in 2 rows" in said["a list without end"]
    assert said["gzip in gzip"].startswith("file: line 1 is not in the encoding utf-8")
    assert "it unpacks to more than 64 MB, 200 times its size" in said["gzip"]


def test_a_large_honest_table_is_read_as_before(tmp_path):
    """Many rows alike, texts with and without repetition, empty ones, lists that are some values long, another kind of text."""
    count = 21_000
    table = pa.table({**costs(count), "campaign": [f"c{n % 7}" if n % 3 else None for n in range(count)], "notes": [["a", f"b{n}"] for n in
                      range(count)], "utm_campaign": pa.array([f"{n}" * 5 for n in range(count)], pa.large_string())})
    pq.write_table(table, tmp_path / "copy")
    read = [json.loads(row) for _, row in rows(tmp_path / "copy", "a.parquet", BY_NAME["channel_costs"], Dialect())]
    assert len(read) == count
    assert read[4] == {"cost_on": "2026-01-01", "channel": "sms", "cost": "1", "campaign": "c4", "notes": ["a", "b4"],
                       "utm_campaign": "44444"}
