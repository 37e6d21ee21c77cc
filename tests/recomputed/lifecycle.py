"""How long is too long, by Kaplan and Meier's estimate from the gaps; and the state in which that leaves everybody on each day."""

from __future__ import annotations

import numpy as np
import pandas as pd

from tests.recomputed.customers import People
from tests.recomputed.tables import Tables

ALIVE = ["new", "active", "at_risk"]


def lifecycle_thresholds(tables: Tables) -> pd.DataFrame:
    """Year by year, how many days of silence are at risk and lapsed."""
    people = People(tables)
    years = range(people.first_day.year, tables.as_of_on.year + 1)
    return pd.DataFrame([_thresholds_of(people, year) for year in years])


def _thresholds_of(people: People, year: int) -> dict[str, object]:
    rules, new_year = people.tables.rules, pd.Timestamp(year, 1, 1)
    ended, running = _gaps(people, new_year)
    at_least, fallback = rules["lifecycle.running_gaps_at_least"], rules["lifecycle.lapsed_fallback_days"]
    at_risk, lapsed = (_quantile(ended, running, rules[f"lifecycle.{name}_quantile"], at_least) for name in ("at_risk", "lapsed"))
    return {
        "year": year,
        "at_risk_days": min(at_risk or fallback, lapsed or fallback),
        "lapsed_days": lapsed or fallback,
        "gaps_observed": len(ended),
        "gaps_censored": len(running),
        "is_fallback": at_risk is None or lapsed is None,
        "at_risk_is_fallback": at_risk is None,
        "lapsed_is_fallback": lapsed is None,
    }


def _gaps(people: People, until: pd.Timestamp) -> tuple[np.ndarray, np.ndarray]:
    """Days between days with orders: gaps that had ended before that day, and those still running on it."""
    known = people.orders[people.orders.day < until].drop_duplicates(["customer_id", "day"]).sort_values(["customer_id", "day"])
    ended = known.groupby("customer_id").day.diff().dt.days.dropna()
    running = (until - known.groupby("customer_id").day.max()).dt.days
    return ended.to_numpy(dtype=int), running.to_numpy(dtype=int)


def _quantile(ended: np.ndarray, running: np.ndarray, share: float, at_least: int) -> int | None:
    """The gap by which that share of all gaps has ended, those still running counted for as long as they ran; None beyond what is known."""
    surviving = 1.0
    for days in np.unique(ended):
        at_risk = int((ended >= days).sum() + (running >= days).sum())
        surviving *= 1 - (ended == days).sum() / at_risk
        if 1 - surviving >= share - 1e-12:
            return int(days) if at_risk >= at_least else None
    return None


def states(people: People, judged_by: pd.DataFrame, *, columns: np.ndarray, years: np.ndarray) -> np.ndarray:
    """The state of everybody at the end of those days, by the thresholds of those years."""
    thresholds = judged_by.set_index("year").loc[years]
    quiet = columns - people.last_order[:, columns]
    age = columns - people.first_order[:, None]
    return np.select(
        [age < 0, age < people.tables.rules["lifecycle.new_days"], quiet > thresholds.lapsed_days.to_numpy(),
         quiet > thresholds.at_risk_days.to_numpy()],
        ["no_purchase", "new", "lapsed", "at_risk"], "active",
    )


MARTS = {"lifecycle_thresholds": lifecycle_thresholds}
