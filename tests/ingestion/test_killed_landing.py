"""A contact that is killed at any step of dlt's load: the next one brings all that the vendor tells, and the lake can be read."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import dlt
import duckdb
import pytest

from ingestion import contact, documents, lake, shelves
from ingestion.accounts import Account
from ingestion.vendor import Resource, Vendor
from orchestration import shortage
from tests.torture.trap import BALLAST, Trap, dies, ends

NOW = datetime(2026, 10, 31, 23, tzinfo=UTC)
ACME = Account("acme")
CLIENT = "dlt.destinations.impl.filesystem.filesystem:FilesystemClient"
# The steps of a load, in their order; what the files of a crash are worth depends on which it was.
STEPS = {
    "read, nothing written": Trap("dlt.pipeline.pipeline:Pipeline.normalize", "before"),
    "normalized, not loaded": Trap("dlt.pipeline.pipeline:Pipeline.load", "before"),
    "half of a file copied": Trap("shutil:copyfile", "halfway", about=".parquet"),
    "copied, not yet named": Trap("ingestion.shelves:settle", "before", about=".parquet"),
    "one file of two in the lake": Trap("ingestion.shelves:settle", "after", about=".parquet"),
    "files in the lake, the load not finished": Trap("dlt.load.load:Load.complete_package", "before"),
    "the first record of its end, half written": Trap("pathlib:Path.write_text", "halfway", about=".halves"),
    "between the two records of its end": Trap(f"{CLIENT}._write_to_json_file", "after"),
    "finished, its package not": Trap("dlt.load.load:Load.complete_package", "after"),
    "loaded, the contact not recorded": Trap("ingestion.contact:_record", "before"),
    "half of the contact's record": Trap("pathlib:Path.write_text", "halfway", about="contacts"),
    "recorded": Trap("ingestion.contact:_record", "after"),
}


@pytest.fixture
def acme(monkeypatch, tmp_path):
    """A vendor whose list is read on from where the last finished load stopped; `said` is all that it ever told."""
    (tmp_path / "clock").write_text(NOW.isoformat())
    monkeypatch.setenv("OMNIMART_CLOCK", str(tmp_path / "clock"))
    said = []

    def source(account, asked):
        @dlt.source(name="acme")
        def acme_source():
            @dlt.resource(name="orders", write_disposition="append")
            def orders():
                state = dlt.current.source_state()
                news = said[state.get("read", 0):]
                state["read"] = len(said)
                yield documents.table([documents.Record(key, None, "{}") for key in news], account=account.name, asked_at=asked.now)

            @dlt.resource(name="customers", write_disposition="append")
            def customers():
                yield documents.table([documents.Record("c", None, "{}")], account=account.name, asked_at=asked.now)

            return orders, customers

        return acme_source()

    resources = (Resource("orders", "changes", ""), Resource("customers", "changes", ""))
    vendor = Vendor("acme", "Acme", "crm", "", resources, source, (), lambda account: NOW - timedelta(days=20))
    monkeypatch.setattr(lake, "vendors", lambda: (vendor,))
    return said, vendor


def read_on(vendor):
    shelves.sweep(lake.root())
    lake.prepare()
    report = contact.refresh_account(vendor, ACME, refresh_id="r", budget=timedelta(minutes=5), say=lambda line: None)
    assert report.succeeded, report.error


def believed():
    """Every key that staging would see, read as staging reads it."""
    dataset = lake.root() / "raw_acme"
    return [key for (key,) in duckdb.sql(
        f"""
        select distinct document_key from read_parquet('{dataset}/orders/*.parquet', union_by_name = true)
        where _dlt_load_id in (
            select load_id from read_json('{dataset}/_dlt_loads/*.jsonl', columns = {{load_id: 'VARCHAR', status: 'BIGINT'}})
            where status = 0)
        order by 1
        """).fetchall()]


@pytest.mark.parametrize("step", STEPS)
def test_a_contact_that_was_killed_loses_nothing(acme, step):
    said, vendor = acme
    said += ["a", "b"]
    read_on(vendor)
    said += ["c", "d"]
    assert dies(STEPS[step], lambda: read_on(vendor))
    said += ["e"]
    read_on(vendor)
    assert believed() == ["a", "b", "c", "d", "e"]
    assert [path for path in lake.root().rglob("*") if path.parent.name == shelves.HALVES or path.suffix == ".half"] == []


def test_a_first_contact_that_was_killed_loses_nothing(acme):
    said, vendor = acme
    said += ["a", "b"]
    for trap in (Trap("ingestion.lake:_lay_out", "before"), Trap("pathlib:Path.write_bytes", "before", nth=2), *STEPS.values()):
        assert dies(trap, lambda: read_on(vendor)), trap
    read_on(vendor)
    assert believed() == ["a", "b"]
    contacts = [json.loads(path.read_text()) for path in (lake.root() / "contacts").glob("2*.jsonl")]
    assert [row["status"] for row in contacts] == ["success"] * len(contacts)


@pytest.mark.parametrize("step", ["read, nothing written", "the first record of its end, half written", "loaded, the contact not recorded"])
def test_a_contact_that_finds_no_room_on_the_disk_says_so_and_loses_nothing(small_disk, acme, step):
    said, vendor = acme
    said += ["a", "b"]
    read_on(vendor)
    said += ["c", "d"]
    ended = ends(replace(STEPS[step], when="full"), lambda: read_on(vendor))
    assert shortage.told(ended) == shortage.DISK, ended
    assert set(believed()) >= {"a", "b"}
    (small_disk / BALLAST).unlink()
    said += ["e"]
    read_on(vendor)
    assert believed() == ["a", "b", "c", "d", "e"]
    assert [path for path in lake.root().rglob("*") if path.parent.name == shelves.HALVES or path.suffix == ".half"] == []
