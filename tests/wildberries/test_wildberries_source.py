"""The source against the sandbox over real HTTP: first load, nights, the inclusive cursor, the report, the limit, faults."""

import json
import logging
import time
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import marketplace
import pytest

from ingestion import http, lake
from ingestion.wildberries import VENDOR, api
from sandbox.faults import Fault, Poison
from sandbox.wildberries import wire


def now_of(running):
    return running.sandbox.now().replace(tzinfo=None)


def keys(rows):
    return [row["document_key"] for row in rows]


def ordered(world, now):
    """srid of what the marketplace tells at the moment."""
    baskets = {row["market_order_id"]: row["ordered_at"] for row in world.rows("market_orders")}
    return {unit["srid"] for unit in world.rows("market_units") if now - timedelta(days=90) <= baskets[unit["market_order_id"]]
            and wire.told_at(baskets[unit["market_order_id"]]) <= now}


def sold(world, now):
    kept, found = ordered(world, now), set()
    for unit in world.rows("market_units"):
        for letter, moment, number in (("S", unit["sold_at"], unit["sale_number"]), ("R", unit["returned_at"], unit["return_number"])):
            if unit["srid"] in kept and moment and wire.told_at(moment) <= now:
                found.add(f"{letter}{number:010d}")
    return found


def settled(world, now):
    return {str(row["row_id"]) for row in world.rows("market_settlements") if row["published_at"] <= now}


def test_the_first_load_brings_everything_once_and_the_second_nothing(night, market, market_world, landed, caplog):
    caplog.set_level(logging.WARNING)
    first, now = night(), now_of(market)
    assert (first.status, first.error, first.history_left_days) == ("success", "", 0.0)
    assert sorted(keys(landed("orders"))) == sorted(ordered(market_world, now))
    assert sorted(keys(landed("sales"))) == sorted(sold(market_world, now))
    assert set(keys(landed("settlements"))) == settled(market_world, now)
    assert sorted(keys(landed("stock"))) == [f"{nm_id}:{nm_id}1:-999999:2026-10-31" for _, _, nm_id, _ in marketplace.CARDS.values()]
    assert "nothing is told of what was ordered before 2026-08-02" in caplog.text
    assert set(keys(landed("reports"))) == {str(row["report_id"]) for row in market_world.rows("market_settlements")
                                            if row["published_at"] <= now}
    assert first.loaded_from_at.isoformat() == "2024-01-28T21:00:00+00:00"  # in Moscow the first day of which settlements are told
    assert ("bankPaymentSum" in caplog.text, "told no more" in caplog.text) == (False, False)
    second = night()
    assert (second.status, sum(second.documents.values())) == ("success", 0)


def test_the_next_night_brings_what_changed_since_then(night, market, market_world, landed):
    night()
    before, known = now_of(market), {name: len(landed(name)) for name in ("orders", "sales", "settlements", "reports", "stock")}
    market.sandbox.advance(days=2)  # over the Monday on which the week's report comes
    report, now = night(), now_of(market)
    fresh = {name: landed(name)[count:] for name, count in known.items()}
    cancelled = {unit["srid"] for unit in market_world.rows("market_units")
                 if unit["cancelled_at"] and before < unit["cancelled_at"] <= now}
    new = ordered(market_world, now) - ordered(market_world, before)
    assert set(keys(fresh["orders"])) == cancelled | new
    assert (len(cancelled), len(new)) == (1, 4)
    # Sales that had no price yet are told once more.
    assert set(keys(fresh["sales"])) >= sold(market_world, now) - sold(market_world, before)
    assert set(keys(fresh["settlements"])) == settled(market_world, now) - settled(market_world, before)
    assert {key[-10:] for key in keys(fresh["stock"])} == {"2026-11-02"}
    assert sum(report.documents.values()) == sum(map(len, fresh.values()))


def test_small_answers_lose_nothing_and_land_nothing_twice(night, serve, market_world, landed, monkeypatch):
    monkeypatch.setenv("SOURCES__WILDBERRIES__ROWS_PER_ANSWER", "4")
    monkeypatch.setenv("SOURCES__WILDBERRIES__START_DATE", "2026-10-10")
    monkeypatch.setenv("SOURCES__WILDBERRIES__STOCK", "off")
    running = serve(**{"wildberries.row_cap": "4"})
    report = night()
    assert (report.error, "stock" in report.documents) == ("", False)
    begins = datetime(2026, 10, 9, 21, tzinfo=UTC).replace(tzinfo=None)
    changed = {unit["srid"] for unit in market_world.rows("market_units") if unit["srid"] in ordered(market_world, now_of(running))
               and max(moment for moment in (_basket(market_world, unit), unit["cancelled_at"])
                       if moment and moment <= marketplace.NOW) >= begins}
    assert sorted(keys(landed("orders"))) == sorted(changed)


def _basket(world, unit):
    return world.grouped("market_orders", "market_order_id")[unit["market_order_id"]][0]["ordered_at"]


def test_a_moment_with_more_rows_than_an_answer_holds_is_read_day_by_day(night, serve, market_world, landed, monkeypatch, caplog):
    monkeypatch.setenv("SOURCES__WILDBERRIES__ROWS_PER_ANSWER", "5")
    world = marketplace.crowded(market_world, 12)
    running = serve(world=world, **{"wildberries.row_cap": "5"})
    assert night().error == ""
    assert sorted(keys(landed("orders"))) == sorted(ordered(world, now_of(running)))
    crowd = Counter(json.loads(row["payload"])["lastChangeDate"] for row in landed("orders"))["2026-10-18T13:30:00"]
    assert crowd > 12
    assert "more rows were changed at 2026-10-18T13:30:00 than an answer holds" in caplog.text


PASSING_FAULTS = {
    "of the network": (
        Fault("wildberries", status=503, path="supplier/orders", after=1, times=2),
        Fault("wildberries", status=500, path="sales-reports/list", times=1),
        Fault("wildberries", status=408, path="supplier/sales", times=1),
        Fault("wildberries", kind="html", path="supplier/orders", after=3, times=2),
        Fault("wildberries", kind="truncated", path="supplier/orders", times=1),
        Fault("wildberries", kind="truncated_without_length", path="sales-reports/detailed", times=2),
        Fault("wildberries", kind="reset", path="wb-warehouses", times=1),
        Fault("wildberries", kind="slow", seconds=0.2, path="supplier/sales", after=1, times=1),
        Fault("wildberries", kind="empty", path="sales-reports/detailed", after=1, times=1),
    ),
    "of answers that are whole and wrong": (
        Fault("wildberries", status=200, body="[]", path="supplier/orders", times=1),
        Fault("wildberries", kind="repeat", path="supplier/orders", after=1, times=1),
        Fault("wildberries", status=429, body="{}", headers={"X-Ratelimit-Retry": "1"}, path="supplier/sales", times=1),
        Fault("wildberries", status=204, body="", path="sales-reports/detailed", times=1),
        Fault("wildberries", status=200, body="[]", path="sales-reports/detailed", times=1),
        Fault("wildberries", kind="repeat", path="sales-reports/detailed", after=1, times=1),
    ),
}


@pytest.mark.parametrize("faults", PASSING_FAULTS.values(), ids=PASSING_FAULTS)
def test_a_passing_fault_loses_nothing(night, market, market_world, landed, monkeypatch, faults):
    monkeypatch.setenv("SOURCES__WILDBERRIES__START_DATE", "2026-09-28")
    for fault in faults:
        market.sandbox.faults.plant(fault)
    report, now = night(), now_of(market)
    assert (report.status, report.error) == ("success", "")
    assert market.sandbox.faults.met == sum(fault.times for fault in faults)
    recent = {f"{row['market_order_id']:024d}" for row in market_world.rows("market_orders")
              if row["ordered_at"].isoformat() >= "2026-10-01"}
    assert {key for key in keys(landed("orders")) if key[:24] in recent} == {
        key for key in ordered(market_world, now) if key[:24] in recent}
    assert len(keys(landed("sales"))) == len(set(keys(landed("sales")))) > 40
    assert set(keys(landed("settlements"))) == {key for key in settled(market_world, now) if key >= _first_row(market_world, "2026-09-28")}


def _first_row(world, day):
    return str(min(row["row_id"] for row in world.rows("market_settlements") if row["row_on"].isoformat() >= day))


LASTING_FAULTS = {
    "a token that dies on the way": (Fault("wildberries", status=401, body='{"title":"unauthorized"}', path="sales-reports/detailed"),
                                     'answered 401 {"title":"unauthorized"}. This is not retried: check the credentials'),
    "a minute that lasts for hours": (Fault("wildberries", status=429, body="{}", headers={"X-Ratelimit-Retry": "10800"}, path="supplier"),
                                      "wildberries/main: the limit of requests is used up for another 10800 s. Nothing of this load was "
                                      "kept; loads finished before it stay. A basic token may ask once in hours: make a personal one"),
    "a report without rows": (Fault("wildberries", status=204, body="", path="sales-reports/detailed"),
                              "wildberries/main settlements: no row came of 4 of the 4 reports from 2026-09-28 to 2026-10-31"),
    "an object for an array": (Fault("wildberries", status=200, body='{"errors":"later"}', path="supplier/sales"),
                               "wildberries/main sales: the answer is not an array"),
    "pages of another question": (
        Fault("wildberries", kind="repeat", path="supplier/orders", after=1),
        "wildberries/main orders: rows changed since 2026-10-31T09:00:00 were asked for, and came from 2026-10-02T03:00:00 on, 3 times"),
    "no whole answer": (Fault("wildberries", kind="truncated_without_length", path="wb-warehouses"), "the answer broke off after"),
}


def test_a_lasting_fault_keeps_nothing_of_the_load_and_the_next_run_catches_up(night, market, market_world, landed):
    errors = {}
    for name, (fault, _) in LASTING_FAULTS.items():
        market.sandbox.faults.plant(replace(fault, times=100))
        errors[name] = night().error
        market.sandbox.faults.clear()
    assert {name: sentence for name, (_, sentence) in LASTING_FAULTS.items() if sentence not in errors[name]} == {}
    assert landed("orders") == []
    assert night().error == ""
    assert sorted(keys(landed("orders"))) == sorted(ordered(market_world, now_of(market)))


def test_a_night_on_which_no_rows_come_though_there_were_some_is_read_again(night, market, market_world, landed, monkeypatch, caplog):
    monkeypatch.setenv("SOURCES__WILDBERRIES__START_DATE", "2026-10-10")
    night()
    market.sandbox.advance(days=1)
    market.sandbox.faults.plant(Fault("wildberries", status=200, body="[]", path="supplier/orders", times=3))
    assert night().error == ""
    assert "no rows came since 2026-10-31T08:59:59, 3 times in a row, though some had been there" in caplog.text
    market.sandbox.advance(hours=8)  # the overlap alone would not reach back
    known = set(keys(landed("orders")))
    assert night().error == ""
    assert set(keys(landed("orders"))) - known == {  # the first was ordered before the night on which nothing came
        f"{number:024d}.{nth}.0" for number, nth in ((160, 0), (161, 0), (161, 1))}


def test_a_report_that_is_corrected_is_landed_again_whole(night, market, market_world, landed, monkeypatch, caplog):
    monkeypatch.setenv("SOURCES__WILDBERRIES__START_DATE", "2026-10-10")
    night()
    row = next(row for row in market_world.rows("market_settlements") if row["report_id"] == 320261019 and row["operation"] == "sale")
    market.sandbox.tampering.plant(Poison("wildberries", "settlements", str(row["row_id"]), set={"forPay": "1.5"}))
    known = len(landed("settlements"))
    market.sandbox.advance(days=1)
    assert night().error == ""
    fresh = landed("settlements")[known:]
    assert {json.loads(one["payload"])["reportId"] for one in fresh} == {320261019}
    assert str(row["row_id"]) in keys(fresh)
    assert "the rows of report 320261019 do not add up to its totals" in caplog.text
    assert sum(night().documents.values()) == 0


def test_one_request_a_minute_and_method_is_kept_to(market, monkeypatch):
    lake.prepare()
    (account,) = VENDOR.accounts()
    asked_for = []
    monkeypatch.setattr(http, "_limiter", lambda a_second, kept=http._limiter: asked_for.append(a_second) or kept(a_second))
    monkeypatch.delenv("SOURCES__WILDBERRIES__REQUESTS_PER_MINUTE")
    api.Api(account).asked(api.ORDERS, params={"dateFrom": "2026-10-31"})
    api.Api(account).asked(api.STOCK, body={})
    assert asked_for == [1 / 60, 3 / 60]
    monkeypatch.setenv("SOURCES__WILDBERRIES__REQUESTS_PER_MINUTE", "50")
    began, at = time.monotonic(), []
    for method in (api.ORDERS, api.SALES, api.ORDERS):
        api.Api(account).asked(method, params={"dateFrom": "2026-10-31"})  # another contact of the same night
        at.append(time.monotonic() - began)
    assert at[1] < 1.0 <= at[2]


def test_hosts_are_the_vendors_own_unless_told(monkeypatch):
    lake.prepare()
    monkeypatch.setenv("SOURCES__WILDBERRIES__TOKEN", "x")
    monkeypatch.setenv("SOURCES__WILDBERRIES__FINANCE_URL", "https://finance-api-sandbox.wildberries.ru")
    (account,) = VENDOR.accounts()
    hosts = [api.Api(account)._conversation(method)._base_url for method in (api.ORDERS, api.STOCK, api.SETTLEMENTS)]
    assert hosts == ["https://statistics-api.wildberries.ru", "https://seller-analytics-api.wildberries.ru",
                     "https://finance-api-sandbox.wildberries.ru"]


def test_history_begins_where_settlements_do_or_where_the_setting_says(market, monkeypatch):
    lake.prepare()
    (account,) = VENDOR.accounts()
    assert VENDOR.oldest(account) == datetime(2024, 1, 28, 21, tzinfo=UTC)
    monkeypatch.setenv("SOURCES__WILDBERRIES__START_DATE", "2026-10-01")
    assert VENDOR.oldest(account) == datetime(2026, 9, 30, 21, tzinfo=UTC)
