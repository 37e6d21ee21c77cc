"""What the lake tells of itself to vendors that know no time of change: newest versions of finished loads."""

from datetime import UTC, datetime

import dlt
import pytest

from ingestion import documents, lake
from ingestion.accounts import Account
from ingestion.documents import Record
from ingestion.vendor import Resource, Vendor

ACME = Vendor(name="acme", title="Acme", role="", url="", resources=(Resource("papers", "changes", ""),),
              source=lambda account, contact: None, required_settings=(), oldest=lambda account: None)


@pytest.fixture
def land(own_data, monkeypatch):
    """land(day, records, operation=…): one finished load."""
    monkeypatch.setattr(lake, "vendors", lambda: (ACME,))
    lake.prepare()

    def load(day, *records, operation="upsert", account="main"):
        @dlt.source(name="acme")
        def source():
            at = datetime(2026, 11, day, tzinfo=UTC)
            return dlt.resource(iter([documents.table(records, account=account, asked_at=at, operation=operation)]), name="papers")

        return lake.pipeline_for(ACME, Account("acme", account)).run(source()).loads_ids

    return load


def test_the_newest_version_of_what_is_live_in_finished_loads(land):
    assert lake.landed_cursors(ACME, "main", "papers") == {}
    land(1, Record("a", "v1", '{"Date":"2026-11-01","rows":[{"at":"9:00"}]}'), Record("b", None, "{no JSON"), Record("c", "v1", "{}"))
    land(2, Record("a", "v2", '{"Date":"2026-11-02"}'))
    land(2, Record("c", None, "{}"), operation="delete")
    land(3, Record("a", "v9", "{}"), account="other")
    [dead] = land(4, Record("a", "v3", "{}"), Record("d", "v1", "{}"))
    for finished in (lake.root() / ACME.dataset / "_dlt_loads").glob(f"*{dead}*"):
        finished.unlink()
    assert lake.landed_cursors(ACME, "main", "papers") == {"a": "v2", "b": None}
    assert lake.landed_cursors(ACME, "other", "papers") == {"a": "v9"}
    assert lake.landed_values(ACME, "main", "papers", "$.Date", "$.rows[0].at") == {"a": ["2026-11-02", None], "b": [None, None]}
    assert lake.landed_values(ACME, "main", "papers", "$.Date", keys=["a", "z"]) == {"a": ["2026-11-02"]}
    assert lake.landed_values(ACME, "main", "papers", "$.Date", keys=[]) == {}
