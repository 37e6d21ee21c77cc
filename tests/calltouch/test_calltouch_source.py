"""The source against the sandbox over real HTTP: first load, nights, records that change and vanish, pages that move, faults."""

import json
import logging
from collections import Counter
from dataclasses import replace

import pytest
import tracker

from ingestion import lake
from ingestion.calltouch import VENDOR, api, source
from sandbox.calltouch.methods import CLIENT_API_ID
from sandbox.faults import Fault, Poison

TAGGED = [{"category": "Предикт", "type": "AUTO_PR", "names": ["Целевой"]}]
DENIED = '{"errorCode":403,"message":"Access denied"}'


class Changing(dict):
    """Options of the sandbox of which `calltouch.deleted` begins to hold after it was asked for a few times."""

    def __init__(self, deleted: str, *, after: int, until: int = 10**6) -> None:
        super().__init__({"calltouch.deleted": deleted})
        self.asked, self.after, self.until = 0, after, until

    def get(self, name, default=None):
        self.asked += 1
        return super().get(name, default) if self.after < self.asked <= self.until else default


def told_by(world, table, moment):
    """The ids that the vendor can tell at a moment."""
    if table == "calls":
        return {str(row["call_id"]) for row in world.rows("calls") if row["is_tracked"] and row["ended_at"] <= moment}
    return {str(row["lead_id"]) for row in world.rows("leads") if row["created_at"] <= moment}


def now_of(running):
    return running.sandbox.now().replace(tzinfo=None)


def keys(rows, operation="upsert"):
    return [row["document_key"] for row in rows if row["operation"] == operation]


def test_the_first_load_brings_everything_once_and_the_second_nothing(night, site, tracked_world, landed):
    first = night()
    assert (first.status, first.error, first.history_left_days) == ("success", "", 0.0)
    for table in ("calls", "leads"):
        found = landed(table)
        assert sorted(keys(found)) == sorted(told_by(tracked_world, table, now_of(site)))
    call = next(json.loads(row["payload"]) for row in landed("calls") if row["document_key"] == str(tracker.ON_VISIT))
    assert call["yaClientId"] == tracker.CLIENT_ID  # every digit
    assert json.loads(landed("settings")[0]["payload"]) == {"time_zone": None}
    second = night()
    assert (second.status, sum(second.documents.values())) == ("success", 0)


def test_the_second_night_brings_what_is_new_what_differs_and_what_is_gone(night, site, tracked_world, landed):
    night()
    before, known = now_of(site), {table: len(landed(table)) for table in ("calls", "leads")}
    site.sandbox.advance(days=1)
    site.sandbox.options["calltouch.deleted"] = str(tracker.EVENING)
    report = night()
    fresh = {table: landed(table)[known[table]:] for table in known}
    grown = {table: told_by(tracked_world, table, now_of(site)) - told_by(tracked_world, table, before) for table in known}
    # Tagged since, or with an order since: the last records of the night before.
    assert set(keys(fresh["calls"])) - grown["calls"] == {str(tracker.ORDERED), str(600_000 + tracker.CALLS)}
    assert set(keys(fresh["leads"])) - grown["leads"] == {str(tracker.ORDERED_LEAD)}
    assert grown["calls"] | grown["leads"] <= set(keys(fresh["calls"]) + keys(fresh["leads"]))
    assert {str(tracker.LONG_CALL), str(tracker.TOMORROW)} == grown["calls"]
    assert keys(fresh["calls"], "delete") == [str(tracker.EVENING)]
    assert report.documents == {table: len(rows) for table, rows in fresh.items()}
    call = json.loads(next(row["payload"] for row in fresh["calls"] if row["document_key"] == str(tracker.LONG_CALL)))
    assert call["callTags"] == TAGGED
    site.sandbox.options.clear()
    assert night().documents == {"calls": 1}  # restored


def test_a_night_asks_for_the_last_days_only_and_a_missed_week_is_made_good(night, site, tracked_world, landed):
    gone = {"callId": Poison.GONE, "date": Poison.GONE}
    site.sandbox.tampering.plant(Poison("calltouch", "calls", str(tracker.NIGHT), set=gone))
    night()
    asked = site.sandbox.requests["calltouch"]
    night()
    assert site.sandbox.requests["calltouch"] - asked == 2 * (source.REREAD_DAYS + 1)
    site.sandbox.advance(days=6)
    night()
    landed_calls = [key for key in keys(landed("calls")) if not key.startswith("sha256:")]
    assert Counter(landed_calls).most_common(1)[0][1] == 2  # nothing but what changed came again
    assert set(landed_calls) == told_by(tracked_world, "calls", now_of(site)) - {str(tracker.NIGHT)}


def test_pages_that_move_while_they_are_read_are_read_again(night, serve, tracked_world, landed, monkeypatch):
    monkeypatch.setattr(api, "A_PAGE", 10)
    # 59 calls; from the third page on one of the first is gone, and every later one has moved up by a place.
    serve(options=Changing(str(600_000 + tracker.CALLS - 10), after=2))
    assert night().status == "success"
    expected = told_by(tracked_world, "calls", tracker.NOW) - {str(600_000 + tracker.CALLS - 10)}
    assert sorted(keys(landed("calls"))) == sorted(expected)


def test_pages_that_never_add_up_are_named(night, site, monkeypatch):
    monkeypatch.setattr(api, "A_PAGE", 10)
    record = '{"page":1,"pageTotal":1,"pageSize":1,"recordsTotal":2,"records":[{"callId":1,"date":"03/10/2026 1:00:00"}]}'
    site.sandbox.faults.plant(Fault("calltouch", status=200, body=record, path="calls-diary", times=100))
    assert night().error == (
        "calltouch/main calls: 02.10.2026–28.10.2026: 2 calls were told and 1 came, 3 times in a row. Nothing of this load was kept; "
        "the data of the last finished load stays, and the next run catches up.")


PASSING_FAULTS = {
    "of the network": (
        Fault("calltouch", status=503, path="calls-diary", after=1, times=2),
        Fault("calltouch", status=429, headers={"Retry-After": "0"}, path="requests", times=2),
        Fault("calltouch", kind="html", path="requests", after=1, times=2),
        Fault("calltouch", kind="truncated", path="calls-diary", times=1),
        Fault("calltouch", kind="truncated_without_length", path="calls-diary", after=2, times=1),
        Fault("calltouch", kind="reset", path="requests", times=1),
        Fault("calltouch", kind="empty", path="calls-diary", after=3, times=1),
        Fault("calltouch", kind="slow", seconds=0.2, path="calls-diary", times=1),
    ),
    "a day that comes again": (
        Fault("calltouch", kind="repeat", path="calls-diary", after=2, times=1),
        Fault("calltouch", kind="repeat", path="requests", after=2, times=2),
    ),
    "an answer without records": (
        Fault("calltouch", status=200, body='{"data":null}', path="calls-diary", times=2),
        Fault("calltouch", status=200, body='{"data":null}', path="requests", times=2),
    ),
}


@pytest.mark.parametrize("faults", PASSING_FAULTS.values(), ids=PASSING_FAULTS)
def test_a_passing_fault_loses_nothing(night, site, tracked_world, landed, faults):
    for fault in faults:
        site.sandbox.faults.plant(fault)
    report = night()
    assert (report.status, report.error) == ("success", "")
    assert site.sandbox.faults.met == sum(fault.times for fault in faults)
    for table in ("calls", "leads"):
        assert sorted(keys(landed(table))) == sorted(told_by(tracked_world, table, tracker.NOW))


def test_a_page_that_comes_again_is_noticed(night, site, tracked_world, landed, monkeypatch):
    monkeypatch.setattr(api, "A_PAGE", 10)
    site.sandbox.faults.plant(Fault("calltouch", kind="repeat", path="calls-diary.*page=2", times=2))
    assert night().status == "success"
    assert sorted(keys(landed("calls"))) == sorted(told_by(tracked_world, "calls", tracker.NOW))
    old = '[{"requestId":1,"dateStr":"05/05/2020 10:00:00"}]'
    site.sandbox.faults.plant(Fault("calltouch", status=200, path="requests", times=100, body=old))
    assert night().error.startswith("calltouch/main leads: 29.10.2026: these days were asked for and 05.05.2020 came, 3 times in a row.")


def test_a_lasting_fault_fails_with_a_sentence_and_the_next_run_catches_up(night, site, tracked_world, landed):
    night()
    site.sandbox.advance(days=1)
    site.sandbox.faults.plant(Fault("calltouch", status=503, path="requests", times=100))
    failed = night()
    assert (failed.status, failed.error.split(":")[0]) == ("failed", "calltouch/main leads")
    site.sandbox.faults.clear()
    assert night().status == "success"
    for table in ("calls", "leads"):
        assert set(keys(landed(table))) == told_by(tracked_world, table, now_of(site))


def test_a_refusal_is_a_sentence_without_the_token(night, site, monkeypatch):
    monkeypatch.setenv("SOURCES__CALLTOUCH__CLIENT_API_ID", "a-token-that-is-wrong")
    error = night().error
    assert error.startswith("calltouch/main: GET ")
    assert f"answered 403 {DENIED}" in error
    assert "a-token-that-is-wrong" not in error


def test_the_token_is_neither_in_the_log_nor_in_the_lake(night, site, caplog):
    caplog.set_level(logging.DEBUG)
    assert night().status == "success"
    echo = f'{{"message":"Bad request: /requests?siteId=1&clientApiId={CLIENT_API_ID}"}}'
    site.sandbox.faults.plant(Fault("calltouch", status=400, body=echo, path="requests"))
    assert 'answered 400 {"message":"Bad request: /requests?…"}' in night().error
    assert "GET /calltouch/requests?… HTTP/1.1" in caplog.text
    assert CLIENT_API_ID not in caplog.text
    files = [path for path in lake.root().rglob("*") if path.is_file()]
    assert [path for path in files if CLIENT_API_ID.encode() in path.read_bytes()] == []
    assert {path.suffix for path in files} >= {".jsonl", ".parquet"}


def test_a_day_that_loses_many_at_once_is_not_believed(night, site, landed, monkeypatch, caplog):
    monkeypatch.setattr(source, "MOST_DELETED", 2)
    night()
    lost = ",".join(str(key) for key in (tracker.ORDERED, tracker.EVENING, 600_000 + tracker.CALLS - 4, 600_000 + tracker.CALLS - 3))
    site.sandbox.options["calltouch.deleted"] = lost
    # A day of leads that lacks some is not believed either: they have no total.
    site.sandbox.faults.plant(Fault("calltouch", status=200, body="[]", path="requests.*dateFrom=10%2F31%2F2026"))
    with caplog.at_level(logging.WARNING):
        assert night().documents == {}
    assert "calltouch/main calls: 4 of the 4 that 30.10.2026 had are not told any more. They are kept." in caplog.text
    assert "calltouch/main leads: 2 of the 2 that 31.10.2026 had are not told any more. They are kept." in caplog.text
    site.sandbox.options["calltouch.deleted"] = str(tracker.NIGHT)
    assert night().documents == {"calls": 1}  # and nothing that was kept comes again
    assert keys(landed("calls"), "delete") == [str(tracker.NIGHT)]


def test_a_lead_that_is_not_told_stays_and_a_call_that_comes_back_lives_again(night, site, landed, monkeypatch, caplog):
    night()
    whole = api.Api.leads
    monkeypatch.setattr(api.Api, "leads", lambda *asked: replace(whole(*asked), records=whole(*asked).records[1:]))
    site.sandbox.options["calltouch.deleted"] = str(tracker.EVENING)
    site.sandbox.advance(minutes=30)
    with caplog.at_level(logging.WARNING):
        night()
    assert "calltouch/main leads: 1 of the 2 that 31.10.2026 had are not told any more. They are kept." in caplog.text
    site.sandbox.options.clear()
    monkeypatch.setattr(api.Api, "leads", whole)
    site.sandbox.advance(minutes=30)
    night()
    assert keys(landed("leads"), "delete") == []
    assert [row["operation"] for row in landed("calls") if row["document_key"] == str(tracker.EVENING)] == ["upsert", "delete", "upsert"]


def test_a_day_whose_only_call_is_not_told_keeps_it(night, site, landed):
    night()
    empty = '{"page":1,"pageTotal":1,"pageSize":0,"recordsTotal":0,"records":[]}'
    site.sandbox.faults.plant(Fault("calltouch", status=200, body=empty, path="calls-diary", times=100))
    assert night().documents == {}


def test_history_begins_with_the_setting_or_with_the_quarter_of_the_first_call(site, monkeypatch):
    lake.prepare()
    (account,) = VENDOR.accounts()
    assert VENDOR.oldest(account).isoformat() == "2026-10-01T21:00:00+00:00"
    monkeypatch.delenv("SOURCES__CALLTOUCH__START_DATE")
    assert VENDOR.oldest(account).isoformat() == "2026-08-03T21:00:00+00:00"
    monkeypatch.setenv("SOURCES__CALLTOUCH__TIMEZONE", "Asia/Yekaterinburg")
    assert VENDOR.oldest(account).isoformat() == "2026-08-03T19:00:00+00:00"


def test_older_windows_and_the_days_between_are_read_without_a_hole(night, serve, tracked_world, landed, monkeypatch):
    site = serve()
    monkeypatch.setenv("SOURCES__CALLTOUCH__START_DATE", "2026-08-20")
    site.sandbox.advance(days=12)
    night()
    assert set(keys(landed("calls"))) == told_by(tracked_world, "calls", now_of(site))
    assert set(keys(landed("leads"))) == told_by(tracked_world, "leads", now_of(site))
