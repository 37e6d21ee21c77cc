"""What the goods cost: prices of purchase creep up by eight percent of today's a year.

    cost_kop of a product (today's), the moment of the sale  ->  cost_kop of the unit, the same for a whole Moscow day

Today is the `until` of the world: a sale two years ago cost 16 % less per unit than the catalogue says now, one in the future more.
The back office learns costs when it closes the month, on the 5th of the next one: `first_open_day`.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta

import numpy as np
import pandas as pd

MOSCOW = np.timedelta64(3, "h")  # as in sandbox/trade.py, which world.py cannot import
PERCENT_A_YEAR, DAYS_IN_100_YEARS = 8, 36_525
CLOSED_ON = 5  # day of the next month, from midnight in Moscow


def unit_costs(cost_kop: np.ndarray, moment: np.ndarray, *, until: np.datetime64) -> np.ndarray:
    """Whole kopecks per unit at each moment (UTC); 1 - 0.08 x years before `until` of today's cost, rounded half up, at least 1."""
    days = _moscow_day(np.asarray(until, dtype="datetime64[us]")) - _moscow_day(np.asarray(moment, dtype="datetime64[us]"))
    left = DAYS_IN_100_YEARS - PERCENT_A_YEAR * days.astype(np.int64)
    today = np.asarray(cost_kop, dtype=np.int64)
    return np.where(today > 0, np.maximum((2 * today * left + DAYS_IN_100_YEARS) // (2 * DAYS_IN_100_YEARS), 1), 0)


def with_costs(lines: pd.DataFrame, orders: pd.DataFrame, products: pd.DataFrame, *, until: np.datetime64) -> pd.DataFrame:
    """order_lines with what they cost when they were sold; a line that was struck off costs nothing."""
    sold_at = lines["order_id"].map(orders.set_index("order_id")["created_at"]).to_numpy()
    today = lines["product_id"].map(products.set_index("product_id")["cost_kop"]).to_numpy()
    return lines.assign(cost_kop=unit_costs(today, sold_at, until=until) * lines["quantity"] * ~lines["is_cancelled"])


def first_open_day(now: datetime) -> date:
    """The first day, in Moscow, of the months that the back office has not closed by `now` (naive is UTC)."""
    today = (now.replace(tzinfo=None) - (now.utcoffset() or timedelta()) + timedelta(hours=3)).date()
    month = today.replace(day=1)
    return month if today.day >= CLOSED_ON else (month - timedelta(days=1)).replace(day=1)


def _moscow_day(moment: np.ndarray) -> np.ndarray:
    return (moment + MOSCOW).astype("datetime64[D]")
