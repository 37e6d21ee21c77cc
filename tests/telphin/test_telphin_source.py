"""The source against the sandbox over real HTTP: first load, nights, late calls, tokens, both refusals, faults."""

import json
from dataclasses import replace

import exchange
import pytest

from ingestion import lake
from ingestion.accounts import Account
from ingestion.redaction import redact
from ingestion.telphin import VENDOR, api
from sandbox.faults import Fault, Poison

SPENT = '{"status":"rate_limit_exceeded","message":"Rate limit exceeded"}'
CONCURRENT = '{"message":"Stats request already exists, concurrent request not allowed"}'


def ended_by(world, moment):
    return {f"{row['call_id']:032X}" for row in world.rows("calls") if row["ended_at"] <= moment}


def now_of(running):
    return running.sandbox.now().replace(tzinfo=None)


def keys(rows):
    return [row["document_key"] for row in rows]


def test_the_first_load_brings_everything_once_and_the_second_nothing(night, exchange_api, exchange_world, landed):
    first = night()
    assert (first.status, first.error, first.history_left_days) == ("success", "", 0.0)
    found = landed("calls")
    assert sorted(keys(found)) == sorted(ended_by(exchange_world, now_of(exchange_api)))
    assert all(json.loads(row["payload"])["call_uuid"] == row["document_key"] for row in found)
    assert len(landed("extensions")) == 5
    second = night()
    assert (second.status, sum(second.documents.values())) == ("success", 0)


def test_a_token_that_is_quoted_is_not_told(exchange_api):
    told = api.Api(Account(VENDOR.name))._bearer()["Authorization"]
    assert len(told) > len("Bearer ") + 6
    assert redact(told) == "Bearer …"


def test_the_next_night_brings_what_ended_since_then_however_early_it_began(night, exchange_api, exchange_world, landed):
    night()
    before = now_of(exchange_api)
    known = len(landed("calls"))
    exchange_api.sandbox.advance(days=1)
    report = night()
    fresh = set(keys(landed("calls")[known:]))
    assert fresh == ended_by(exchange_world, now_of(exchange_api)) - ended_by(exchange_world, before)
    assert f"{exchange.LONG_CALL:032X}" in fresh
    assert report.documents["calls"] == len(fresh)


def test_the_overlap_lands_what_it_has_not_landed_yet_and_nothing_twice(night, exchange_api, landed):
    night()
    newest, keyless = f"{exchange.CALLS:032X}", f"{exchange.LONG_CALL:032X}"
    tampering = exchange_api.sandbox.tampering
    tampering.plant(Poison("telphin", "calls", newest, set={"result": "failed"}))
    tampering.plant(Poison("telphin", "calls", keyless, set={"call_uuid": Poison.GONE}))
    tampering.plant(Poison("telphin", "extension", "468903", set={"label": "Анна Орлова"}))
    for _ in range(2):
        exchange_api.sandbox.advance(hours=2)
        night()
    assert [json.loads(row["payload"])["result"] for row in landed("calls") if row["document_key"] == newest] == ["answered", "failed"]
    assert len([key for key in keys(landed("calls")) if key.startswith("sha256:")]) == 1
    assert len(landed("extensions")) == 10  # a full list comes whole when any of it changed


def test_pages_of_one_and_tokens_that_die_on_the_way_lose_nothing(night, exchange_api, exchange_world, landed, monkeypatch):
    monkeypatch.setattr(api, "PER_PAGE", 1)  # every page is full, the last one is empty
    monkeypatch.setenv("SOURCES__TELPHIN__START_DATE", "2026-10-25")
    exchange_api.sandbox.options["telphin.token_requests"] = "7"
    assert night().status == "success"
    recent = {f"{row['call_id']:032X}" for row in exchange_world.rows("calls") if row["started_at"].isoformat() >= "2026-10-25"}
    assert sorted(keys(landed("calls"))) == sorted(recent & ended_by(exchange_world, now_of(exchange_api)))


PASSING_FAULTS = {
    "of the network": (
        Fault("telphin", status=503, path="call_history", after=1, times=2),
        Fault("telphin", status=500, path="oauth", times=1),
        Fault("telphin", kind="html", path="extension", times=2),
        Fault("telphin", kind="truncated", path="call_history.*page=2", times=1),
        Fault("telphin", kind="truncated_without_length", path="call_history", after=3, times=1),
        Fault("telphin", kind="reset", path="extension", times=1),
        Fault("telphin", kind="empty", path="call_history.*page=2", after=1, times=1),
    ),
    "a repeated page": (Fault("telphin", kind="repeat", path="call_history.*page=2", times=1),),
    "a token refused twice": (Fault("telphin", status=401, body='{"message":"Unauthorized"}', path="call_history", after=1, times=2),),
    "statistics under way": (Fault("telphin", status=429, body=CONCURRENT, path="call_history", times=5),),
    "in other words": (Fault("telphin", status=429, body='{"message":"Stats request in progress"}',
                             headers={"X-RateLimit-Remaining": "7", "X-RateLimit-Reset": "3000"}, path="call_history", times=3),),
    "a token that is forbidden": (Fault("telphin", status=403, body='{"message":"Forbidden"}', path="call_history", times=1),),
    "an hour without words": (Fault("telphin", status=429, body="{}", headers={"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "1"},
                                    path="call_history", times=1),),
    "an hour that ends soon": (
        Fault("telphin", status=429, body=SPENT, headers={"X-RateLimit-Reset": "1"}, path="call_history", after=1, times=1),
    ),
}


@pytest.mark.parametrize("faults", PASSING_FAULTS.values(), ids=PASSING_FAULTS)
def test_a_passing_fault_loses_nothing(night, exchange_api, exchange_world, landed, faults):
    for fault in faults:
        exchange_api.sandbox.faults.plant(fault)
    report = night()
    assert (report.status, report.error) == ("success", "")
    assert exchange_api.sandbox.faults.met == sum(fault.times for fault in faults)
    assert set(keys(landed("calls"))) == ended_by(exchange_world, now_of(exchange_api))


def test_an_hour_that_lasts_too_long_ends_the_load_and_the_next_run_goes_on(night, exchange_api, exchange_world, landed, monkeypatch):
    monkeypatch.setenv("SOURCES__TELPHIN__LONGEST_WAIT_SECONDS", "600")
    # The newest month is finished; the hour is over in the middle of what is older.
    exchange_api.sandbox.faults.plant(
        Fault("telphin", status=429, body=SPENT, headers={"X-RateLimit-Reset": "1800"}, path="start_datetime=2026-09", after=1, times=100))
    failed = night()
    assert failed.error == (
        "telphin/main calls: the hourly budget of requests is spent for another 1800 s, and this load may wait 600 s in all "
        "(SOURCES__TELPHIN__LONGEST_WAIT_SECONDS). Nothing of this load was kept; loads finished before it stay, and the next run goes on "
        "from there.")
    kept = set(keys(landed("calls")))
    assert 100 < len(kept) < exchange.CALLS
    exchange_api.sandbox.faults.clear()
    assert night().history_left_days == 0.0
    assert set(keys(landed("calls"))) == ended_by(exchange_world, now_of(exchange_api))


def test_a_lasting_fault_fails_with_a_sentence_and_the_next_run_catches_up(night, exchange_api, exchange_world, landed):
    night()
    exchange_api.sandbox.advance(days=1)
    exchange_api.sandbox.faults.plant(Fault("telphin", status=503, path="call_history", times=100))
    failed = night()
    assert failed.status == "failed"
    assert failed.error.startswith("telphin/main calls: answered 503")
    exchange_api.sandbox.faults.clear()
    assert night().status == "success"
    assert set(keys(landed("calls"))) == ended_by(exchange_world, now_of(exchange_api))


def test_a_page_that_never_moves_on_is_named(night, exchange_api):
    exchange_api.sandbox.faults.plant(Fault("telphin", kind="repeat", path="call_history.*page=2", times=100))
    report = night()
    assert report.status == "failed"
    assert "telphin/main calls: page 2 was asked for and page 1 came, whose records had all come before, 3 times in a row" in report.error


@pytest.mark.parametrize("resource", ["calls", "extensions"])
def test_a_page_that_comes_short_of_a_row_loses_none(night, exchange_api, exchange_world, landed, monkeypatch, resource):
    """One row less on the first page, once: the pages behind it are read, and the row comes when the page is asked for again."""
    monkeypatch.setattr(api, "PER_PAGE", {"calls": 100, "extensions": 2}[resource])
    if resource == "calls":
        monkeypatch.setenv("SOURCES__TELPHIN__START_DATE", "2026-10-01")
    whole, cut = api.documents.split, []

    def short(body, **how):
        page = whole(body, **how)
        if page.records and not cut and ("call_history" in how["rows"]) == (resource == "calls"):
            cut.append(len(page.records))
            return replace(page, records=page.records[:-1])
        return page

    monkeypatch.setattr(api.documents, "split", short)
    assert night().status == "success"
    assert cut == [{"calls": 100, "extensions": 2}[resource]]
    expected = {f"{row['call_id']:032X}" for row in exchange_world.rows("calls") if row["started_at"].isoformat() >= "2026-10-01"}
    assert set(keys(landed("calls"))) >= expected & ended_by(exchange_world, now_of(exchange_api))
    assert len(set(keys(landed("extensions")))) == 5


def test_what_stays_forbidden_is_named(night, exchange_api):
    exchange_api.sandbox.faults.plant(Fault("telphin", status=403, body='{"message":"Forbidden"}', path="call_history", times=100))
    assert 'answered 403 {"message":"Forbidden"}' in night().error
    assert exchange_api.sandbox.faults.met == 2


def test_a_token_that_nobody_takes_is_named_and_no_secret_is_told(night, exchange_api, monkeypatch):
    exchange_api.sandbox.faults.plant(Fault("telphin", status=401, body='{"message":"Unauthorized"}', path="ver1.0", times=100))
    assert "answered 401" in night().error
    exchange_api.sandbox.faults.clear()
    monkeypatch.setenv("SOURCES__TELPHIN__CLIENT_SECRET", "a-secret-that-is-wrong")
    error = night().error
    assert "/oauth/token answered 401" in error
    assert "a-secret-that-is-wrong" not in error


def test_history_begins_at_the_first_call_or_where_the_setting_says(exchange_api, monkeypatch):
    lake.prepare()
    (account,) = VENDOR.accounts()
    assert VENDOR.oldest(account).isoformat() == "2026-09-02T04:31:23+00:00"
    monkeypatch.setenv("SOURCES__TELPHIN__START_DATE", "2026-10-01")
    assert VENDOR.oldest(account).isoformat() == "2026-10-01T00:00:00+00:00"
