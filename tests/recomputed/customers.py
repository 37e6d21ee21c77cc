"""People day by day: a matrix with a row per person and a column per business day, from which every state at a day's end can be read.

    orders, visits, memberships  ──►  People(tables)  ──►  bought, shopper type, member, … of everybody on every day

A matrix is dear and plain: the state of a day is its column, a window is a sum of columns, and nobody has to think in intervals.
"""

from __future__ import annotations

from functools import cached_property

import numpy as np
import pandas as pd

from tests.recomputed.people import people
from tests.recomputed.tables import Tables

LONG_AGO = -100_000  # days before the first one: somebody who has not ordered yet did so long ago


def orders_of_people(tables: Tables) -> pd.DataFrame:
    """Counted orders of known people, marketplaces left out."""
    orders = tables.orders
    wanted = orders.is_counted & orders.customer_id.isin(people(tables)) & (orders.sales_channel != "marketplace")
    return orders[wanted].rename(columns={"ordered_on": "day"})


def returns_of_people(tables: Tables) -> pd.DataFrame:
    """What came back of those orders, on the day it did."""
    returns = tables.returns[tables.returns.is_counted].rename(columns={"returned_on": "day"})
    return returns[returns.order_id.isin(orders_of_people(tables).order_id)]


def store_visits(tables: Tables) -> pd.DataFrame:
    """Visits of people to stores, by receipt and Wi-Fi: one per customer, store and day."""
    receipts = orders_of_people(tables)
    receipts = receipts[(receipts.sales_channel == "store") & receipts.store_id.notna()]
    wifi = tables.wifi_visits.rename(columns={"entered_on": "day"})
    columns = ["customer_id", "store_id", "day"]
    met = pd.concat([receipts[columns], wifi.loc[wifi.customer_id.isin(people(tables)), columns]])
    return met.drop_duplicates()


class People:
    """Everybody who is neither employee nor company, and all days of the history up to the refresh."""

    def __init__(self, tables: Tables) -> None:
        self.tables = tables
        self.ids = pd.Index(sorted(people(tables)), name="customer_id")
        self.orders = orders_of_people(tables)
        self.returns = returns_of_people(tables)
        self.first_day = self.orders.day.min()
        began = min(self.first_day, tables.sessions.started_on.min(), tables.business_date(tables.touchpoints.occurred_at).min())
        day_before = began.replace(day=1) - pd.Timedelta(days=1)
        self.days = pd.date_range(day_before, tables.as_of_on, freq="D")  # whole months, and a day on which nothing had been yet
        self.months = pd.date_range(self.first_day.replace(day=1), tables.as_of_on, freq="MS")

    def on(self, day: pd.Timestamp) -> int:
        """The column of a day; of one after the refresh, the last."""
        return min(int((day - self.days[0]).days), len(self.days) - 1)

    def last_of(self, month: pd.Timestamp) -> int:
        """The column of a month's last day, of the running one the day of the refresh."""
        return self.on(month + pd.offsets.MonthEnd(0))

    def daily(self, events: pd.DataFrame, weight: str | None = None) -> np.ndarray:
        """How often it happened to each person on each day, or how much it weighed."""
        who, when = self.ids.get_indexer(events.customer_id), (events.day - self.days[0]).dt.days.to_numpy()
        met = (who >= 0) & (when >= 0) & (when < len(self.days))
        weights = events[weight].fillna(0).to_numpy(dtype=np.int64) if weight else np.ones(len(events), dtype=np.int64)
        found = np.zeros((len(self.ids), len(self.days)), dtype=np.int64)
        np.add.at(found, (who[met], when[met]), weights[met])
        return found

    @staticmethod
    def within(daily: np.ndarray, days: int) -> np.ndarray:
        """Sums of the last so many days, the day itself included."""
        total = daily.cumsum(axis=1)
        before = np.zeros_like(total)
        before[:, days:] = total[:, :-days] if days < total.shape[1] else 0
        return total - before

    @cached_property
    def ordered(self) -> np.ndarray:
        return self.daily(self.orders)

    @cached_property
    def window(self) -> int:
        return self.tables.rules["sales.omnichannel_window_days"]

    @cached_property
    def orders_12m(self) -> np.ndarray:
        return self.within(self.ordered, self.window)

    @cached_property
    def shopper_type(self) -> np.ndarray:
        online = self.daily(self.orders[self.orders.channel_class == "online"])
        offline = self.daily(self.orders[self.orders.channel_class == "offline"])
        return shopper_types(self.within(online, self.window) > 0, self.within(offline, self.window) > 0, "no_purchase")

    @cached_property
    def is_member(self) -> np.ndarray:
        """From the day of enrolment until the day before the account was closed."""
        accounts = self.tables.loyalty_accounts
        accounts = accounts[accounts.is_member | accounts.closed_at.notna()]
        found = np.zeros(self.ordered.shape, dtype=bool)
        who = self.ids.get_indexer(accounts.customer_id)
        since = (self.tables.business_date(accounts.enrolled_at) - self.days[0]).dt.days
        until = (self.tables.business_date(accounts.closed_at) - self.days[0]).dt.days.fillna(len(self.days))
        for person, first, end in zip(who, since, until, strict=True):
            if person >= 0:
                found[person, max(int(first), 0):max(int(end), 0)] = True
        return found

    @cached_property
    def first_order(self) -> np.ndarray:
        """The column of everybody's first order; beyond the last where there is none."""
        return np.where(self.ordered.any(axis=1), (self.ordered > 0).argmax(axis=1), len(self.days))

    @cached_property
    def last_order(self) -> np.ndarray:
        """As of each day's end, the column of the last order."""
        columns = np.where(self.ordered > 0, np.arange(len(self.days)), LONG_AGO)
        return np.maximum.accumulate(columns, axis=1)


def shopper_types(online: np.ndarray, offline: np.ndarray, neither: str) -> np.ndarray:
    return np.select([online & offline, online, offline], ["omnichannel", "online_only", "offline_only"], neither)
