"""The arithmetic of points as deferred revenue on KPMG's example (IFRS 15 handbook, example 10A; IFRS 15.IE267–IE270).

macros/liability.sql ─► plain SQL ─► DuckDB. Alone: `pytest -n 0 tests/dbt/test_liability.py`.
"""

from __future__ import annotations

from pathlib import Path

import duckdb
import jinja2
import pytest

MACROS = Path(__file__).resolve().parents[2] / "dbt_project" / "macros" / "liability.sql"
SALES, POINTS, PRICE, EXPECTED = "100000", "10000", "1", "0.97"


def answer(macro: str, *numbers: str) -> float | None:
    """What one of the macros gives for numbers written as SQL doubles."""
    written = jinja2.Environment(autoescape=False).from_string(MACROS.read_text(encoding="utf-8")).module
    expression = getattr(written, macro)(*(f"cast({number} as double)" for number in numbers))
    return duckdb.sql(f"select {expression}").fetchone()[0]


def test_sales_are_shared_by_stand_alone_price():
    assert answer("deferred_revenue", SALES, POINTS, PRICE, EXPECTED) == pytest.approx(8842.30, abs=0.005)


def test_the_handbook_rounds_the_share_of_the_points_to_nine_percent():
    share = answer("deferred_revenue", SALES, POINTS, PRICE, EXPECTED) / float(SALES)
    assert round(share, 2) * float(SALES) == 9000


@pytest.mark.parametrize(("redeemed_before", "expected_before", "redeemed", "expected", "revenue"), [
    ("0", "9700", "4500", "9700", 4175),  # the second year
    ("4500", "9700", "8500", "9900", 3552),  # the third, when more are expected than before
    ("4500", "9700", "8500", "9200", 4140),  # … or fewer
])
def test_revenue_of_a_year_is_what_is_no_longer_owed(redeemed_before, expected_before, redeemed, expected, revenue):
    opening = answer("contract_liability", "9000", redeemed_before, expected_before)
    closing = answer("contract_liability", "9000", redeemed, expected)
    assert round(opening - closing) == revenue


def test_nothing_is_deferred_of_nothing_and_nothing_owed_when_none_is_expected():
    assert answer("deferred_revenue", "0", "0", PRICE, EXPECTED) is None
    assert answer("contract_liability", "9000", "0", "0") == 0
