"""Which channel a purchase begins in and which it ends in, and where buyers buy next: starts, sessions and purchases one by one."""

from __future__ import annotations

import pandas as pd

from tests.recomputed.people import people
from tests.recomputed.tables import Tables, month_of, ratio
from tests.recomputed.visits import judged_sessions, purchase_starts

GRAIN = ["month", "from_channel", "to_channel"]
FROM = GRAIN[:2]


def kpi_channel_conversion_monthly(tables: Tables) -> pd.DataFrame:
    """The matrix of channels, month by month; what one channel has by itself stands on its diagonal."""
    purchases = _purchases(tables)
    starters, converted, elsewhere = _starters(tables, purchases)
    sessions, identified = _sessions(tables), _identified(tables)
    by_channel = [starters, sessions, _followed(tables, purchases), _buyers(tables, purchases), identified]
    rows = _cells(tables, purchases).set_index(GRAIN)
    for found in (converted, _next_purchases(tables, purchases), _repurchasers(tables, purchases)):
        rows = rows.join(found)
    rows = rows.reset_index()
    for found in by_channel:
        rows = rows.merge(found.reset_index(), on=FROM, how="left")
    rows = rows.merge(elsewhere.reset_index(), on=FROM, how="left")
    return _finished(tables, rows, sessions)


def _finished(tables: Tables, rows: pd.DataFrame, sessions: pd.DataFrame) -> pd.DataFrame:
    """Nothing where nothing was, empty where a column has no meaning, and the shares."""
    diagonal = rows.from_channel == rows.to_channel
    has_sessions = rows.from_channel.isin(tables.sessions.session_kind)
    for column in ("starters", "converted", "converted_store_pickup", "converted_elsewhere"):
        rows[column] = rows[column].fillna(0).where(has_sessions)
    for column in ("purchases", "followed_purchases", "next_purchases"):
        rows[column] = rows[column].fillna(0)
    known = _year_after_is_over(tables, rows.month)
    for column in ("buyers", "repurchasers", "repurchasers_in_channel"):
        rows[column] = rows[column].fillna(0).where(known)
    rows[sessions.columns] = rows[sessions.columns].fillna(0).where(diagonal & has_sessions)
    for column in ("identified_orders", "itemised_orders"):
        rows[column] = rows[column].fillna(0).where(diagonal)
    rows["converted_elsewhere"] = rows.converted_elsewhere.where(diagonal)
    rows["diagonal_starters"] = rows.starters.where(diagonal)
    return rows.assign(
        conversion_rate=ratio(rows.converted, rows.starters),
        cross_channel_conversion_rate=ratio(rows.converted_elsewhere, rows.diagonal_starters),
        session_conversion_rate=ratio(rows.purchasing_sessions, rows.measured_sessions),
        visitor_conversion_rate=ratio(rows.purchasing_visitors, rows.measured_visitors),
        switch_rate=ratio(rows.next_purchases, rows.followed_purchases),
        migration_index=ratio(rows.repurchasers_in_channel, rows.repurchasers),
        identified_share=ratio(rows.identified_orders, rows.itemised_orders),
    )


def _purchases(tables: Tables) -> pd.DataFrame:
    """Counted orders of known people, each with the customer's next one."""
    orders = tables.orders[tables.orders.is_counted & tables.orders.customer_id.isin(people(tables))]
    orders = orders.sort_values(["customer_id", "ordered_at", "order_id"])
    later = orders.groupby("customer_id")
    return orders.assign(
        month=month_of(orders.ordered_on), from_channel=orders.sales_channel,
        to_channel=later.sales_channel.shift(-1), next_at=later.ordered_at.shift(-1), next_on=later.ordered_on.shift(-1),
    )


def _cells(tables: Tables, purchases: pd.DataFrame) -> pd.DataFrame:
    """Every channel against every other in every month of the history."""
    sessions = tables.sessions
    channels = pd.Index(sorted({*purchases.sales_channel, *sessions.session_kind}))
    first = min(purchases.month.min(), month_of(sessions.started_on).min())
    months = pd.date_range(first, tables.as_of_on, freq="MS")
    return pd.MultiIndex.from_product([months, channels, channels], names=GRAIN).to_frame(index=False)


def _starters(tables: Tables, purchases: pd.DataFrame) -> tuple[pd.DataFrame, ...]:
    """Who began in a channel and did not finish there at once; those whose next order came in time, by its channel and in another one."""
    starts = purchase_starts(tables)
    starts = starts[starts.customer_id.isin(people(tables))].reset_index(drop=True)
    starts = starts.rename(columns={"channel": "from_channel"}).assign(month=lambda frame: month_of(frame.started_on))
    orders = tables.orders[~tables.orders.is_test]
    met = starts.reset_index().merge(orders[["customer_id", "sales_channel", "ordered_at"]], on="customer_id")
    waited = pd.Timedelta(hours=tables.rules["channels.conversion_hours_without_order"])
    at_once = (met.sales_channel == met.from_channel) & (met.ordered_at >= met.started_at) & (met.ordered_at <= met.started_at + waited)
    time_to_finish = pd.Timedelta(days=tables.rules["channels.conversion_days"])
    over = starts.started_at + max(waited, time_to_finish) <= tables.as_of
    starts = starts[over & ~starts.index.isin(met["index"][at_once])]

    bought = starts.reset_index().merge(
        purchases[["customer_id", "sales_channel", "ordered_at", "order_id", "fulfilment_method"]], on="customer_id",
    )
    bought = bought[bought.ordered_at >= bought.started_at].sort_values(["ordered_at", "order_id"]).drop_duplicates("index")
    bought = bought[bought.ordered_at <= bought.started_at + time_to_finish]
    bought = bought.rename(columns={"sales_channel": "to_channel"})
    collected = bought[bought.fulfilment_method == "store_pickup"]
    converted = pd.DataFrame({
        "converted": bought.groupby(GRAIN).customer_id.nunique(),
        "converted_store_pickup": collected.groupby(GRAIN).customer_id.nunique(),
    })
    other = bought[bought.from_channel != bought.to_channel].groupby(FROM).customer_id.nunique().rename("converted_elsewhere")
    return starts.groupby(FROM).customer_id.nunique().rename("starters").to_frame(), converted, other.to_frame()


def _sessions(tables: Tables) -> pd.DataFrame:
    """Sessions and visitors of whom it is known whether they bought: a customer, else a browser, else the session."""
    sessions = judged_sessions(tables)
    sessions = sessions[sessions.purchased.notna()]
    browser = sessions.source_system + ":" + sessions.source_account + ":" + sessions.client_id
    visitor = sessions.customer_id.fillna(browser).fillna(sessions.session_id)
    sessions = sessions.assign(month=month_of(sessions.started_on), from_channel=sessions.session_kind, visitor=visitor)
    bought = sessions[sessions.purchased]
    return pd.DataFrame({
        "measured_sessions": sessions.groupby(FROM).size(),
        "purchasing_sessions": bought.groupby(FROM).size(),
        "measured_visitors": sessions.groupby(FROM).visitor.nunique(),
        "purchasing_visitors": bought.groupby(FROM).visitor.nunique(),
    }).fillna(0).astype("Int64")


def _in_time(tables: Tables, purchases: pd.DataFrame) -> pd.DataFrame:
    """Purchases that another one followed before patience ran out."""
    patience = pd.Timedelta(days=tables.rules["channels.repurchase_window_days"])
    return purchases[purchases.next_at.notna() & (purchases.next_on <= purchases.ordered_on + patience)]


def _followed(tables: Tables, purchases: pd.DataFrame) -> pd.DataFrame:
    followed = _in_time(tables, purchases).groupby(FROM).size()
    return pd.DataFrame({"purchases": purchases.groupby(FROM).size(), "followed_purchases": followed})


def _next_purchases(tables: Tables, purchases: pd.DataFrame) -> pd.DataFrame:
    return _in_time(tables, purchases).groupby(GRAIN).size().rename("next_purchases").to_frame()


def _year_after_is_over(tables: Tables, months: pd.Series) -> pd.Series:
    days = pd.Timedelta(days=tables.rules["channels.repurchase_window_days"])
    return months + pd.offsets.MonthEnd(0) + days < tables.as_of_on


def _buyers(tables: Tables, purchases: pd.DataFrame) -> pd.DataFrame:
    again = _bought_after(tables, purchases).groupby(FROM).customer_id.nunique()
    return pd.DataFrame({"buyers": purchases.groupby(FROM).customer_id.nunique(), "repurchasers": again})


def _repurchasers(tables: Tables, purchases: pd.DataFrame) -> pd.DataFrame:
    return _bought_after(tables, purchases).groupby(GRAIN).customer_id.nunique().rename("repurchasers_in_channel").to_frame()


def _bought_after(tables: Tables, purchases: pd.DataFrame) -> pd.DataFrame:
    """Buyers of a month and channel with the channels of their purchases in the year after the month."""
    days = pd.Timedelta(days=tables.rules["channels.repurchase_window_days"])
    buyers = purchases[["customer_id", *FROM]].drop_duplicates()
    later = purchases[["customer_id", "sales_channel", "ordered_on"]].rename(columns={"sales_channel": "to_channel"})
    met = buyers.merge(later, on="customer_id")
    end = met.month + pd.offsets.MonthEnd(0)
    return met[(met.ordered_on > end) & (met.ordered_on <= end + days)]


def _identified(tables: Tables) -> pd.DataFrame:
    orders = tables.orders[tables.orders.is_counted & (tables.orders.order_kind != "shift_report")]
    orders = orders.assign(month=month_of(orders.ordered_on), from_channel=orders.sales_channel)
    return pd.DataFrame({
        "identified_orders": orders[orders.customer_id.notna()].groupby(FROM).size(),
        "itemised_orders": orders.groupby(FROM).size(),
    }).fillna({"identified_orders": 0})


MARTS = {"kpi_channel_conversion_monthly": kpi_channel_conversion_monthly}
