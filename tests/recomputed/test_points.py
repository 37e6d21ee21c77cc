"""The recomputed ledger where no night of the simulated retailer goes: what waits or lies ahead, and points that are worth nothing."""

from __future__ import annotations

import pandas as pd

from orchestration.business_rules import parameters
from orchestration.rules import BusinessRules
from tests.recomputed import loyalty, points

COLUMNS = ["operation_id", "operation_type", "cancels_type", "points", "is_pending", "effective_on", "occurred_at", "purchase"]


class Ledger:
    """What the recomputation asks of `Tables`: the operations of one account as its ledger dates them, as of 1 April."""

    as_of_on = pd.Timestamp("2026-04-01")

    def __init__(self, *rows: tuple) -> None:
        told = pd.DataFrame(rows, columns=COLUMNS, dtype=object)
        told = told.assign(loyalty_account_id="a", source_record_id=told.operation_id, points=told.points.astype(float))
        for name in ("effective_on", "occurred_at"):
            told[name] = pd.to_datetime(told[name])
        self.loyalty_operations = told.assign(occurred_on=told.occurred_at.dt.normalize(), is_pending=told.is_pending.astype("boolean"))
        self.rules = {row["name"]: row["value"] for row in parameters(BusinessRules())}
        self.rules |= {"loyalty.points_valid_months": 12, "loyalty.tail_pace_months": 3}

    def facts(self, _name: str) -> pd.DataFrame:
        return self.loyalty_operations.copy()


def test_what_was_cancelled_whole_is_no_act_but_what_waits_or_lies_ahead_cancels_nothing_yet():
    ledger = Ledger(
        ("1", "redeemed", None, -10, False, "2026-01-20", "2026-01-20", "o1"),
        ("2", "cancelled", "redeemed", 10, False, "2026-03-20", "2026-03-20", "o1"),
        ("3", "redeemed", None, -10, False, "2026-02-02", "2026-02-02", "o2"),
        ("4", "cancelled", "redeemed", 4, False, "2026-02-05", "2026-02-05", "o2"),
        ("5", "cancelled", "redeemed", 6, True, None, "2026-03-01", "o2"),
        ("6", "earned", None, 30, True, "2026-04-10", "2026-01-07", "o3"),
        ("7", "cancelled", "earned", -30, False, "2026-03-20", "2026-03-20", "o3"),
        ("8", "earned", None, 5, False, "2026-02-03", "2026-02-03", "o4"),
        ("9", "cancelled", "earned", -5, True, "2026-04-05", "2026-04-05", "o4"),
    )
    assert points.standing(ledger).set_index("operation_id").left.to_dict() == {"3": -6.0, "8": 5.0}


def test_in_one_second_a_number_comes_before_what_is_named_after_it():
    """A letter makes it none, in Cyrillic too; what is no number is undone first where something was credited in an earlier second."""
    for suffix in ("-R", "-В"):
        ledger = Ledger(
            ("900", "earned", None, 10, False, "2026-01-20", "2026-01-20", "o1"),
            ("1001", "earned", None, 50, False, "2026-02-20", "2026-02-20", "o1"),
            (f"1001{suffix}", "cancelled", "earned", -50, False, "2026-02-20", "2026-02-20", "o1"),
        )
        assert points.undone(points.told(ledger)).values.tolist() == [[f"1001{suffix}", "1001", 50.0]]


def test_an_expiry_that_lies_ahead_is_none_yet():
    assert not points.knows_expiry(Ledger(("1", "expired", None, -5, True, "2026-04-02", "2026-04-02", None)))
    assert points.knows_expiry(Ledger(("1", "expired", None, -5, False, "2026-04-01", "2026-04-01", None)))


def test_points_worth_nothing_of_a_month_without_sales_defer_nothing():
    """Nothing is shared there, so nothing is known of it; and before the first points became valid none was outstanding."""
    ledger = Ledger(("1", "earned", None, 100, False, "2026-02-03", "2026-02-03", "o1"))
    months = pd.date_range("2026-01-01", "2026-03-01", freq="MS", name="month")
    rows = pd.DataFrame({"closing_points": [0.0, 100, 100], "member_revenue": 0}, index=months)
    rows = rows.assign(point_value=pd.array([None, 0.0, 0.0], "Float64"), point_value_at_cost=pd.array([None, 0.0, 0.0], "Float64"))
    rows = loyalty._liabilities(ledger, rows)
    assert rows[["allocated_revenue", "liability_ifrs15", "released_revenue"]].isna().all(axis=None)
    assert rows.points_outstanding.tolist() == [0, 100, 100]
    assert rows.expected_redemptions.iloc[0] == 0
