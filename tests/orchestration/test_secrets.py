"""Secrets canary: credentials of a value of their own, vendors that say them back, and a search of every file that was written."""

import base64
import gzip
import json
import logging

import dagster as dg
import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from ingestion.vendors import NAMES, vendors
from orchestration import alerts, home, raw_assets, report, schedules
from tests.torture.canary import REFUSALS, configured, found


def dealt(path):
    """Each vendor refuses in a way of its own, as its path begins."""
    kinds = list(REFUSALS)
    name = path.split("/")[1]
    return REFUSALS[kinds[NAMES.index(name) % len(kinds) if name in NAMES else 0]]


@pytest.fixture
def refused(parsed, tmp_path, webhook, monkeypatch):
    """Every vendor configured with canaries, and all of them refusing; gives their stand-in and the canaries."""
    with configured(tmp_path / "clock", tmp_path / "customers.csv", dealt) as (settings, canaries, vendor):
        for name, value in settings.items():
            monkeypatch.setenv(name, value)
        yield vendor, canaries | {"webhook": "T0P-SECRET"}


@pytest.fixture
def debug(caplog):
    """Every logger tells all it knows."""
    caplog.set_level(logging.DEBUG)
    return caplog


def test_no_secret_stands_anywhere_when_every_vendor_says_it_back(refused, own_data, debug, webhook, capfd, monkeypatch):
    """A landing in Dagster, with the failures told, reported and sent."""
    from orchestration.definitions import defs

    vendor, canaries = refused
    monkeypatch.setattr(raw_assets, "RETRIES", 0)
    home.prepare()
    landed = [raw_assets.key(one, resource.name) for one in vendors() for resource in one.resources]
    with dg.DagsterInstance.get() as instance:
        result = defs.resolve_job_def(schedules.JOB).execute_in_process(instance=instance, raise_on_error=False, asset_selection=landed)
        report.keep(report.compose(instance, result.run_id), result.run_id)
    errors = [json.loads(line)["error"] for file in (own_data / "lake" / "contacts").glob("2*.jsonl") for line in file.open()]
    alerts.send(alerts.about("published", result.run_id, schedules.JOB, " ".join(errors)))
    said = capfd.readouterr()
    (own_data / "told.txt").write_text(said.out + said.err + debug.text + json.dumps(webhook), encoding="utf-8")
    assert {path.split("/")[1] for path in vendor.asked} >= set(NAMES)
    assert {error.partition("/")[0] for error in errors} == set(NAMES)
    assert len(webhook) == 1
    assert found(own_data, canaries) == []


# How a vendor's page may say `canary+11/shop==q7Zkq7Zk&<ж>` back, written by hand.
SPELLED = {
    "php": r"canary+11\/shop==q7Zkq7Zk&<\u0436>",
    "php, letters left": r"canary+11\/shop==q7Zkq7Zk&<ж>",
    "php, tags as codes": r"canary+11\/shop==q7Zkq7Zk\u0026\u003C\u0436\u003E",
    "all codes": r"canary\u002b11\u002fshop\u003d\u003dq7Zkq7Zk\u0026\u003c\u0436\u003e",
    "small query": "canary%2b11%2fshop%3d%3dq7Zkq7Zk%26%3c%d0%b6%3e",
    "great query": "canary%2B11%2Fshop%3D%3Dq7Zkq7Zk%26%3C%D0%B6%3E",
    "small path": "canary+11/shop%3d%3dq7Zkq7Zk&%3c%d0%b6%3e",
    "page": "canary+11/shop==q7Zkq7Zk&amp;&lt;ж&gt;",
    "careful page": "canary+11&#x2F;shop==q7Zkq7Zk&amp;&lt;ж&gt;",
    "page by numbers": "canary&#43;11&#47;shop&#61;&#61;q7Zkq7Zk&#38;&#60;&#1078;&#62;",
    "JSON in JSON": r"canary+11/shop==q7Zkq7Zk&<\\u0436>",
    "query of a query": "canary%252B11%252Fshop%253D%253Dq7Zkq7Zk%2526%253C%25D0%25B6%253E",
    "page in a page": "canary+11/shop==q7Zkq7Zk&amp;amp;&amp;lt;ж&amp;gt;",
    "hex": "63616E6172792B31312F73686F703D3D71375A6B71375A6B263CD0B63E",
    "page by small numbers": "canary&#x2b;11&#x2f;shop&#x3d;&#x3d;q7Zkq7Zk&amp;&#x3c;&#x436;&#x3e;",
}


def test_the_search_finds_what_is_there(tmp_path):
    """In each kind of file, in each spelling: a search that finds nothing anywhere would prove nothing."""
    canary = "canary+11/shop==q7Zkq7Zk&<ж>"
    for number in range(3):
        (tmp_path / f"basic{number}").write_bytes(b"Basic " + base64.b64encode(b"abc"[:number] + b":" * (number > 0) + canary.encode()))
    pq.write_table(pa.table({"payload": [f"page {canary}"] * 3}), tmp_path / "packed.parquet", compression="zstd")
    (tmp_path / "packed.gz").write_bytes(gzip.compress(json.dumps({"a": canary}).encode()))
    with duckdb.connect(str(tmp_path / "a.duckdb")) as connection:
        connection.execute("create table t as select ? || range::varchar as t from range(10000)", [canary])
    for name, text in SPELLED.items():
        (tmp_path / name).write_text(f"said: {text}!", encoding="utf-8")
    names = SPELLED.keys() | {"basic0", "basic1", "basic2", "packed.parquet", "packed.gz", "a.duckdb"}
    assert {where for where, _, _ in found(tmp_path, {"shop": canary})} == names
