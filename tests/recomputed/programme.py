"""What changed with the loyalty programme: every person's orders in a window before and in one after, and those of others like them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Any, NamedTuple

import pandas as pd

from tests.recomputed.people import people
from tests.recomputed.tables import Tables

DAY = pd.Timedelta(days=1)
METRICS = {
    "average_order_value": ("revenue", "orders"),
    "purchase_frequency": ("orders", "buyers"),
    "orders_per_customer": ("orders", "people"),
    "revenue_per_customer": ("revenue", "people"),
    "online_orders_per_customer": ("online_orders", "people"),
    "churn_rate": ("lapsed", "alive"),
    "attrition_rate": ("dropped", "early"),
}
Sums = dict[tuple[str, str], float | None]


class _Window(NamedTuple):
    """So many days from one on; its halves are told apart."""

    start: pd.Timestamp
    days: int

    @property
    def middle(self) -> pd.Timestamp:
        return self.start + self.days // 2 * DAY

    @property
    def end(self) -> pd.Timestamp:
        return self.start + self.days * DAY


def kpi_programme_effect(tables: Tables) -> pd.DataFrame:
    """Around the launch, around enrolment, and around enrolment beside those who did not enrol."""
    history = _History(tables)
    told = tables.loyalty_accounts.programme_started_on.min()
    launched_on = min(history.enrolled_on.values()) if pd.isna(told) else told
    launch = [
        facts for customer in history.orders
        if (facts := history.facts(customer, launched_on, launched_on)) and facts["orders", "before"] + facts["orders", "after"] > 0
    ]
    members, others = defaultdict(list), defaultdict(list)
    for customer, day in history.enrolled_on.items():
        if (facts := history.facts(customer, day, day + DAY)) and facts["orders", "before"] > 0:
            members[day.replace(day=1), *facts["halves"]].append(facts)
    for month in pd.date_range(history.begins_on.replace(day=1), tables.as_of_on, freq="MS"):
        middle = month + 14 * DAY
        for customer in history.orders:
            if customer in history.enrolled_on and history.enrolled_on[customer] <= middle + history.days * DAY:
                continue
            if (facts := history.facts(customer, middle, middle + DAY)) and facts["orders", "before"] > 0:
                others[month, *facts["halves"]].append(facts)
    cells = members.keys() & others.keys()
    matched = _sum((one, len(members[cell]) / len(others[cell])) for cell in sorted(cells) for one in others[cell])
    everybody = [one for cell in members.values() for one in cell]
    beside = [one for cell in cells for one in members[cell]]
    forms = [
        ("launch", launch, None, None),
        ("enrolment", everybody, None, None),
        ("matched", beside, matched, sum(len(others[cell]) for cell in cells)),
    ]
    return pd.DataFrame([row for form in forms for row in _rows(*form)])


def _rows(form: str, persons: list[dict], matched: Sums | None, matched_people: int | None) -> Iterable[dict[str, Any]]:
    own = _sum((person, 1) for person in persons)
    for metric, (above, below) in METRICS.items():
        row: dict[str, Any] = {"form": form, "metric": metric, "people": len(persons), "matched_people": matched_people}
        for prefix, sums in (("", own), ("matched_", matched or {})):
            for period in ("before", "after"):
                numerator, denominator = sums.get((above, period)), sums.get((below, period))
                row[f"{prefix}numerator_{period}"] = numerator
                row[f"{prefix}denominator_{period}"] = denominator
                row[f"{prefix}value_{period}"] = numerator / denominator if denominator and numerator is not None else None
            before, after = row[f"{prefix}value_before"], row[f"{prefix}value_after"]
            row[f"{prefix}change"] = None if before is None or after is None else after - before
        known = row["change"] is not None and row["matched_change"] is not None
        yield row | {"effect": row["change"] - row["matched_change"] if known else None}


def _sum(weighed: Iterable[tuple[dict, float]]) -> Sums:
    """The facts of people added up, each by its weight; what is known of nobody stays empty."""
    total: Sums = {}
    for facts, weight in weighed:
        for name, value in facts.items():
            if name != "halves" and value is not None:
                total[name] = (total.get(name) or 0.0) + weight * value
    return total


class _History:
    """Orders of people, and what anybody's windows say."""

    def __init__(self, tables: Tables) -> None:
        orders, accounts = tables.orders, tables.loyalty_accounts
        orders = orders[orders.is_counted & orders.customer_id.isin(people(tables)) & (orders.sales_channel != "marketplace")]
        columns = ["ordered_on", "net_revenue", "channel_class"]
        by_customer = orders.sort_values("ordered_on").groupby("customer_id")[columns]
        self.orders = {customer: list(theirs.itertuples(index=False)) for customer, theirs in by_customer}
        accounts = accounts[(accounts.is_member | accounts.closed_at.notna()) & accounts.customer_id.isin(people(tables))]
        self.enrolled_on = tables.business_date(accounts.enrolled_at).groupby(accounts.customer_id).min().to_dict()
        self.begins_on, self.as_of_on = orders.ordered_on.min(), tables.as_of_on
        self.many = tables.rules["loyalty.programme_matching_orders"]  # orders of half a window: so many or more are alike
        self.days = int(tables.rules["loyalty.programme_effect_days"])
        self.lapsed_after = tables.lifecycle_thresholds.set_index("year").lapsed_days.to_dict()

    def facts(self, customer: str, before_to: pd.Timestamp, after_from: pd.Timestamp) -> dict[Any, Any]:
        """What the customer did in both windows; nothing where one of them reaches out of the history."""
        windows = {"before": _Window(before_to - self.days * DAY, self.days), "after": _Window(after_from, self.days)}
        if windows["before"].start < self.begins_on or windows["after"].end > self.as_of_on:
            return {}
        told: dict[Any, Any] = {}
        threshold = self.lapsed_after.get(windows["before"].start.year)
        has_past = threshold is not None and (windows["before"].start - self.begins_on).days >= threshold
        has_past &= threshold is not None and threshold < 2 * self.days  # who ordered in a window can lapse within the two
        for period, window in windows.items():
            within = [order for order in self.orders.get(customer, ()) if window.start <= order.ordered_on < window.end]
            early = sum(order.ordered_on < window.middle for order in within)
            alive, lapsed = self._lifecycle(customer, window) if has_past else (None, None)
            told |= {
                ("revenue", period): sum(order.net_revenue for order in within) / 100,
                ("orders", period): len(within),
                ("buyers", period): int(bool(within)),
                ("people", period): 1,
                ("online_orders", period): sum(order.channel_class == "online" for order in within),
                ("early", period): int(early > 0),
                ("dropped", period): int(0 < early == len(within)),
                ("alive", period): alive,
                ("lapsed", period): lapsed,
            }
            if period == "before":
                told["halves"] = (min(early, self.many), min(len(within) - early, self.many))
        return told

    def _lifecycle(self, customer: str, window: _Window) -> tuple[int, int]:
        """Whether the customer was not lapsed when the window began, and if so whether time made them lapse in it."""
        days = [order.ordered_on for order in self.orders.get(customer, ())]
        if not self._is_alive(days, window.start - DAY):
            return 0, 0
        for day in pd.date_range(window.start, window.end - DAY):
            last = max(one for one in days if one <= day)
            if (day - last).days == self.lapsed_after[day.year] + 1 and self._is_alive(days, day - DAY):
                return 1, 1
        return 1, 0

    def _is_alive(self, days: list[pd.Timestamp], day: pd.Timestamp) -> bool:
        ordered = [one for one in days if one <= day]
        return bool(ordered) and (day - max(ordered)).days <= self.lapsed_after[day.year]


MARTS = {"kpi_programme_effect": kpi_programme_effect}
