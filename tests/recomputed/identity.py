"""How whole the picture of a person is, day by day and system by system: from the day of each vendor record and what stands in it."""

from __future__ import annotations

import numpy as np
import pandas as pd

from tests.recomputed.attributes import told_attributes
from tests.recomputed.people import people
from tests.recomputed.tables import Tables, ratio

ALL = "all"


def kpi_identity_daily(tables: Tables) -> pd.DataFrame:
    """Records, people, attributes and receipts of each system, and of all together, as of each day's end."""
    records = _records(tables)
    receipts = _receipts(tables)
    first_day = tables.dates.date_on.min()
    systems = {**{name: records[records.source_system == name] for name in sorted(records.source_system.unique())}, ALL: records}
    whole = _first_days(tables, records)
    found = []
    for name, theirs in systems.items():
        own = receipts if name == ALL else receipts[receipts.source_system == name]
        began = max(min(theirs.day.min(), own.day.min()) if len(own) else theirs.day.min(), first_day)
        days = pd.date_range(began, tables.as_of_on)
        found.append(_of_system(tables, name, theirs, own, whole, days))
    rows = pd.concat(found, ignore_index=True)
    return rows.assign(
        profiles_per_customer=ratio(rows.profiles, rows.customers),
        multi_source_share=ratio(rows.multi_source_customers, rows.customers),
        identified_receipt_share=ratio(rows.identified_receipts, rows.receipts),
        identified_store_receipt_share=ratio(rows.identified_store_receipts, rows.store_receipts),
        profile_completeness=ratio(rows.filled_attributes, rows.expected_attributes),
        own_profile_completeness=ratio(rows.told_attributes, rows.expected_attributes),
    )


def _records(tables: Tables) -> pd.DataFrame:
    """Records of people, from the day on which their system had them; older ones stand on the first day of all."""
    records = tables.customer_records
    records = records[records.customer_id.isin(people(tables))]
    return records.assign(day=records.known_on)


def _receipts(tables: Tables) -> pd.DataFrame:
    orders = tables.orders
    orders = orders[orders.is_counted & (orders.sales_channel != "marketplace") & (orders.order_kind != "shift_report")]
    return orders.assign(day=orders.ordered_on)


def _filled(tables: Tables, systems: set[str]) -> pd.DataFrame:
    """The first day on which any record of these systems told each expected attribute, per customer."""
    told = told_attributes(tables)
    told = told[told.source_system.isin(systems) & told.customer_id.isin(people(tables))]
    return told.groupby(["customer_id", "attribute"]).told_on.min().unstack()


def _first_days(tables: Tables, records: pd.DataFrame) -> pd.DataFrame:
    """Per customer, the day on which a second system knew them, and the day on which each attribute was first filled by any."""
    by_system = records.groupby(["customer_id", "source_system"]).day.min().reset_index().sort_values("day")
    second = by_system.groupby("customer_id").day.nth(1)
    second = pd.Series(second.to_numpy(), index=by_system.customer_id.loc[second.index], name="second system")
    return _filled(tables, set(records.source_system)).join(second, how="outer")


def _of_system(
    tables: Tables, name: str, records: pd.DataFrame, receipts: pd.DataFrame, whole: pd.DataFrame, days: pd.DatetimeIndex,
) -> pd.DataFrame:
    since = records.groupby("customer_id").day.min()
    of_theirs = whole.reindex(since.index)
    expected = tables.rules["identity.expected_attributes"]

    def by_then(each: pd.Series) -> np.ndarray:
        return np.searchsorted(np.sort(each.dropna().to_numpy()), days.to_numpy(), side="right")

    def on(receipts: pd.DataFrame) -> np.ndarray:
        return receipts.groupby("day").receipts_count.sum().reindex(days).fillna(0).astype("Int64").array

    def filled_by_then(filled: pd.DataFrame) -> np.ndarray:
        never = np.zeros(len(days), dtype="int64")
        return sum((by_then(_later(filled[attribute], since)) for attribute in filled.columns.intersection(expected)), never)

    stores, named = receipts.sales_channel == "store", receipts.customer_id.notna()
    second = of_theirs["second system"]
    customers = by_then(since)
    return pd.DataFrame({
        "day": days,
        "source_system": name,
        "profiles": by_then(records.day),
        "customers": customers,
        "multi_source_customers": by_then(_later(second, since)),
        "receipts": on(receipts),
        "identified_receipts": on(receipts[named]),
        "store_receipts": on(receipts[stores]),
        "identified_store_receipts": on(receipts[stores & named]),
        "expected_attributes": customers * len(expected),
        "filled_attributes": filled_by_then(of_theirs),
        "told_attributes": filled_by_then(_filled(tables, set(records.source_system)).reindex(since.index)),
    })


def _later(event: pd.Series, since: pd.Series) -> pd.Series:
    """The later of both days; never where the event never came."""
    return event.where(event > since, since).where(event.notna())


MARTS = {"kpi_identity_daily": kpi_identity_daily}
