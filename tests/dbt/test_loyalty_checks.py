"""The blocking check of the points' cohorts on ledgers by hand: silent where the models are right, and heard where they are not.

dbt_project/tests/loyalty/cohorts_add_up_to_the_ledger.sql ─► plain SQL ─► DuckDB. Alone: `pytest -n 0 tests/dbt/test_loyalty_checks.py`.
"""

from __future__ import annotations

from pathlib import Path

import duckdb
import jinja2
import pytest

CHECK = Path(__file__).resolve().parents[2] / "dbt_project" / "tests" / "loyalty" / "cohorts_add_up_to_the_ledger.sql"
OPERATIONS = (
    "loyalty_account_id varchar, operation_id varchar, operation_type varchar, cancels_type varchar, points double, is_pending boolean, "
    "occurred_at timestamp, purchase varchar, source_record_id varchar"
)
TABLES = {
    "loyalty_operations": OPERATIONS,
    "int_loyalty_operations__dated": OPERATIONS,
    "int_point_allocations": (
        "loyalty_account_id varchar, lot_id varchar, lot_kind varchar, taken_by varchar, from_month date, to_month date, "
        "points decimal(18, 4)"
    ),
    "int_point_cohorts": "is_month_over boolean, points_remaining double",
}
EARNED = ("a", "1", "earned", None, 100, False, "2026-05-01 10:00:00", "o1", "1")
SPENT = ("a", "2", "redeemed", None, -60, False, "2026-05-05 10:00:00", "o2", "2")


def given_back(number: str, purchase: str, *, waits: bool) -> tuple:
    """60 points of a cancelled redemption, dated after both."""
    return ("a", number, "cancelled", "redeemed", 60, waits, f"2026-05-1{number} 10:00:00", purchase, number)


def complaints(*operations: tuple, taken: float = 60) -> list[str]:
    """What the check says of these operations, of which the models say that `taken` of the 100 points issued in May were spent."""
    text = jinja2.Environment(autoescape=False).from_string(CHECK.read_text(encoding="utf-8"))
    query = text.render(ref=lambda name: name, as_of_date=lambda: "date '2026-06-01'")
    with duckdb.connect() as connection:
        for name, columns in TABLES.items():
            connection.execute(f"create table {name} ({columns})")
        for name in ("loyalty_operations", "int_loyalty_operations__dated"):
            connection.executemany(f"insert into {name} values ({', '.join('?' * 9)})", operations)
        connection.execute("insert into int_point_allocations values ('a', '1', 'issued', '2', date '2026-05-01', null, ?)", [taken])
        connection.execute("insert into int_point_cohorts values (false, ?)", [100 - taken])
        return [told for (told,) in connection.execute(query).fetchall()]


@pytest.mark.parametrize("operations", [
    pytest.param((), id="nothing is cancelled"),
    pytest.param((given_back("3", "o9", waits=True),), id="what waits finds nothing"),
    pytest.param((given_back("3", "o9", waits=False),), id="what finds nothing is new points"),
    pytest.param((given_back("3", "o2", waits=True), given_back("4", "o2", waits=False)), id="what waits has found it before the other"),
])
def test_the_check_is_silent_where_the_cohorts_are_right(operations):
    assert complaints(EARNED, SPENT, *operations) == []


def test_in_one_second_a_reversal_named_after_its_original_finds_it():
    """The ledger tells days; of two redemptions with numbers one is reversed under the other's number and a letter."""
    spent = [("a", number, "redeemed", None, -points, False, f"2026-05-{day} 00:00:00", "o2", number)
             for number, points, day in (("1000", 10, "05"), ("1001", 50, "20"))]
    reversal = ("a", "1001-R", "cancelled", "redeemed", 50, False, "2026-05-20 00:00:00", "o2", "1001-R")
    assert complaints(EARNED, *spent, reversal, taken=10) == []


@pytest.mark.parametrize("waits", [True, False])
def test_the_check_is_heard_where_a_lot_gives_less_than_was_spent(waits):
    assert complaints(EARNED, SPENT, given_back("3", "o9", waits=waits), taken=50) == ["the lots of the account a do not hold its balance"]
