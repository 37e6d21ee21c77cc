"""Settlement reports against the stand-in: before their list begins, what they pay, and what the vendor takes out of them again."""

import logging
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import marketplace
import pandas as pd
import pytest

from ingestion.wildberries.reports import CHARGES, payout
from sandbox.faults import Fault, Poison

WEEK = 320261019
LIST, DETAILED = "sales-reports/list", "sales-reports/detailed"


@pytest.fixture(autouse=True)
def recent(monkeypatch, caplog):
    """Two months of history, but where a test says otherwise."""
    monkeypatch.setenv("SOURCES__WILDBERRIES__START_DATE", "2026-09-07")
    caplog.set_level(logging.WARNING)


@pytest.fixture
def living(landed):
    """living("settlements") -> the keys that the landed documents leave."""

    def keys(resource):
        newest = {row["document_key"]: row["operation"] for row in landed(resource)}
        return {key for key, operation in newest.items() if operation != "delete"}

    return keys


@pytest.fixture
def a_day_later(serve, market_world, night):
    """a_day_later(lambda rows: rows[…]) -> the report of the night after, in which the vendor tells only these rows of its reports."""

    def then(kept, *faults, days=1):
        rows = market_world.market_settlements
        running = serve(world=replace(market_world, market_settlements=rows[kept(rows)]))
        running.sandbox.set_clock(marketplace.UNTIL + timedelta(days=days))
        for fault in faults:
            running.sandbox.faults.plant(fault)
        return night()

    return then


def settled(world, kept=lambda row: True):
    return {str(row["row_id"]) for row in world.rows("market_settlements")
            if row["published_at"] <= marketplace.NOW and row["row_on"] >= date(2026, 9, 7) and kept(row)}


def test_rows_go_back_further_than_the_list_of_reports(serve, night, market_world, landed, monkeypatch, caplog):
    """Documented: rows from 29 January 2024, the list from 1 January 2025."""
    monkeypatch.delenv("SOURCES__WILDBERRIES__START_DATE")
    now = market_world.market_settlements
    of_2024 = now.head(6).assign(row_id=range(1, 7), report_id=[1, 1, 2, 2, 3, 3], row_on=pd.to_datetime(
        ["2024-01-27", "2024-01-28", "2024-01-29", "2024-02-04", "2024-12-23", "2024-12-29"]), published_at=pd.Timestamp("2025-01-01"))
    serve(world=replace(market_world, market_settlements=pd.concat([of_2024, now])))
    assert night().error == ""
    assert sorted(row["document_key"] for row in landed("settlements") if len(row["document_key"]) == 1) == ["3", "4", "5", "6"]
    assert {row["document_key"] for row in landed("reports")}.isdisjoint({"2", "3"})
    assert "reports of the days from" in caplog.text
    assert "are not in the list of reports, which begins on 2025-01-01; nothing says whether their rows are all there" in caplog.text


def test_what_a_published_report_pays():
    """The sums of a report of 21 to 27 September 2026 as a public client's test holds them, and its bankPaymentSum."""
    told = {"forPay": "5275247.39", "deliveryService": "316408.59", "paidStorage": "291.1", "paidAcceptance": "480",
            "deduction": "916405.84", "penalty": "9676.94", "cashbackAmount": "198540", "cashbackCommissionChange": "10666.96"}
    assert payout({name: Decimal(told.get(name, 0)) for name in ("forPay", *CHARGES)}) == Decimal("3822777.96")


def test_a_report_that_pays_something_else_is_told_with_both_sums(night, market, market_world, caplog):
    paid = Decimal(sum(marketplace.payout_kop(row) for row in market_world.rows("market_settlements") if row["report_id"] == WEEK)) / 100
    market.sandbox.tampering.plant(Poison("wildberries", "reports", str(WEEK), set={"bankPaymentSum": str(paid + 21)}))
    assert night().error == ""
    assert (f"the rows of report {WEEK} make {paid} to be paid, and the report itself says {paid + 21} (bankPaymentSum); with "
            "additionalPayment added instead of taken off they would be the same") in caplog.text
    assert caplog.text.count("bankPaymentSum") == 1


def test_rows_that_a_recalculated_report_holds_no_more_are_deleted(night, market, market_world, a_day_later, living, caplog):
    night()
    assert living("settlements") == settled(market_world)
    lost = [row["row_id"] for row in market_world.rows("market_settlements") if row["report_id"] == WEEK][3:5]
    assert a_day_later(lambda rows: ~rows["row_id"].isin(lost)).error == ""
    assert living("settlements") == settled(market_world, lambda row: row["row_id"] not in lost)
    assert f"2 rows of report {WEEK} are told no more; they are deleted" in caplog.text
    assert a_day_later(lambda rows: ~rows["row_id"].isin(lost), days=1.01).documents.get("settlements", 0) == 0
    # The vendor takes the correction back.
    assert a_day_later(lambda rows: rows["row_id"] > 0, days=2).error == ""
    assert living("settlements") >= settled(market_world)


def test_a_report_that_is_gone_takes_its_rows_with_it(night, market, market_world, a_day_later, living):
    night()
    assert a_day_later(lambda rows: rows["report_id"] != WEEK).error == ""
    assert living("settlements") == settled(market_world, lambda row: row["report_id"] != WEEK)
    assert str(WEEK) not in living("reports")
    assert len(living("reports")) == 6


def test_no_report_at_all_is_not_believed(night, market, market_world, a_day_later, living, caplog):
    night()
    # An empty list is asked for twice each time.
    empty = [Fault("wildberries", status=204, body="", path=path, times=times) for path, times in ((LIST, 4), (DETAILED, 2))]
    once = [replace(fault, times=1) for fault in empty]
    assert a_day_later(lambda rows: rows["row_id"] > 0, *once).error == ""
    assert "told no more" not in caplog.text
    assert a_day_later(lambda rows: rows["row_id"] > 0, *empty).error == ""
    assert "no report at all is told of these weeks, twice in a row, though some had been there (320260928, " in caplog.text
    assert living("settlements") == settled(market_world)
    assert a_day_later(lambda rows: rows["row_id"] > 0).documents.get("settlements", 0) == 0


def test_rows_of_a_report_that_is_not_whole_stay(serve, night, market, market_world, living, caplog):
    """The list still counts what is not there."""
    night()
    row = next(row for row in market_world.rows("market_settlements") if row["report_id"] == WEEK and row["operation"] == "sale")
    market.sandbox.tampering.plant(Poison("wildberries", "settlements", str(row["row_id"]), set={"rrdId": row["row_id"] + 500_000}))
    market.sandbox.tampering.plant(Poison("wildberries", "reports", str(WEEK), set={"forPaySum": "1"}))
    for _ in range(2):
        market.sandbox.advance(days=1)
        assert night().error == ""
    assert str(row["row_id"]) in living("settlements")
    kept = f"1 rows of report {WEEK} are told no more, but what came does not make its totals; they are kept, and the next run looks again"
    assert caplog.text.count(kept) == 2
