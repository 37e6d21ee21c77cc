"""The statuses that orders entered: landed once, from as far back as the vendor keeps its history, night by night after that."""

import json
from datetime import timedelta

from crm_nights import landed, night

from ingestion.retailcrm import source


def completed(world, *, since, until):
    """(order, moment in the account's own time) of every hand-over that the world has in a stretch of time."""
    orders = world.orders[world.orders["kind"] == "online"]
    orders = orders[(orders["received_at"] >= since.replace(tzinfo=None)) & (orders["received_at"] <= until.replace(tzinfo=None))]
    local = orders["received_at"] + timedelta(hours=3)
    return sorted(zip(orders["order_id"], local.dt.strftime("%Y-%m-%d %H:%M:%S"), strict=True))


def told():
    """The same as landed, after a look that no row came twice and nothing else came."""
    keys = [key for (key,) in landed("order_history", "document_key")]
    assert len(keys) == len(set(keys))
    rows = [json.loads(text) for (text,) in landed("order_history", "payload")]
    assert {row["field"] for row in rows} == {"status"}
    return sorted((row["order"]["id"], row["createdAt"]) for row in rows if row["newValue"]["code"] == "complete")


def test_statuses_come_once_as_far_back_as_the_history_reaches(serve, small_world):
    crm = serve(**{"retailcrm.history_days": "40"})
    since = small_world.until - timedelta(days=40)
    night()
    assert told() == completed(small_world, since=since, until=small_world.until)
    now = crm.sandbox.advance(days=5)
    night()
    assert told() == completed(small_world, since=since, until=now)
    assert len(told()) > len(completed(small_world, since=since, until=small_world.until))
    assert night().documents.get("order_history", 0) == 0


def test_a_lake_that_was_begun_before_statuses_were_read_gets_what_is_still_kept(crm, small_world, monkeypatch):
    with monkeypatch.context() as earlier:
        earlier.setattr(source.Reading, "statuses", lambda reading: iter(()))
        night()
    assert landed("order_history") == []
    now = crm.sandbox.advance(days=1)
    night()
    assert told() == completed(small_world, since=now - timedelta(days=90), until=now)
