"""Whom KPIs on people count, and who was a member of the loyalty programme when."""

from __future__ import annotations

import pandas as pd

from tests.recomputed.tables import Tables


def people(tables: Tables) -> set[str]:
    """Known customers who are neither employees nor companies."""
    known = tables.customer_360
    return set(known.customer_id[~known.is_employee & ~known.is_b2b])


def by_a_member(tables: Tables, customers: pd.Series, days: pd.Series) -> pd.Series:
    """Whether the customer held a confirmed account on that day: from the day of enrolment, until the day before it was closed."""
    accounts = tables.loyalty_accounts
    held = accounts[(accounts.is_member | accounts.closed_at.notna()) & accounts.customer_id.isin(people(tables))]
    held = pd.DataFrame({
        "customer_id": held.customer_id,
        "since": tables.business_date(held.enrolled_at),
        "until": tables.business_date(held.closed_at).fillna(pd.Timestamp.max.normalize()),
    })
    asked = pd.DataFrame({"row": range(len(days)), "customer_id": customers.to_numpy(), "day": days.to_numpy()})
    met = asked.dropna(subset=["customer_id"]).merge(held, on="customer_id")
    met = met[(met.since <= met.day) & (met.day < met.until)]
    return pd.Series(asked.row.isin(met.row).to_numpy(), index=days.index)


def known_since(tables: Tables) -> pd.Series:
    """Person -> the day since which they are known: that of the first record, counted order or message; undated, the refresh's."""
    known, orders, messages = tables.customer_360, tables.orders, tables.messages
    met = pd.concat([
        pd.DataFrame({"customer_id": known.customer_id, "on": tables.business_date(known.first_seen_at)}),
        orders.loc[orders.is_counted, ["customer_id", "ordered_on"]].rename(columns={"ordered_on": "on"}),
        messages[["customer_id", "sent_on"]].rename(columns={"sent_on": "on"}),
    ])
    return met.groupby("customer_id").on.min().reindex(sorted(people(tables))).fillna(tables.as_of_on)
