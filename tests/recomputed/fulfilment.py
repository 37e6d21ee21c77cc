"""Receiving goods and sending them back, each number on the day of its own event."""

from __future__ import annotations

import pandas as pd

from tests.recomputed.sales import counted_orders, counted_returns, summed
from tests.recomputed.tables import Tables, ratio

GRAIN = ["day", "fulfilment_method"]
DELIVERED = ["courier", "pickup_point", "store_pickup"]
COLLECTED = ["pickup_point", "store_pickup"]
DAY = pd.Timedelta(days=1)


def kpi_fulfilment_daily(tables: Tables) -> pd.DataFrame:
    """Orders, hand-overs, promises, collections and returns of a day by fulfilment method."""
    orders = counted_orders(tables).assign(day=lambda frame: frame.ordered_on)
    returns = counted_returns(tables).assign(day=lambda frame: frame.returned_on)
    returns["fulfilment_method"] = returns.fulfilment_method.fillna("unknown")
    one = pd.Series(1, returns.index, dtype="Int64")
    placed = returns.order_id.notna() & returns.return_channel.notna() & (returns.sales_channel != "unknown")
    crossed = placed & ((returns.return_channel == "store") != (returns.sales_channel == "store"))
    rows = summed(orders, GRAIN, orders=orders.receipts_count, sold_amount=orders.net_revenue).join([
        _handed_over(tables, orders),
        _promises(tables),
        _collections(tables),
        summed(
            returns, GRAIN, returns_count=one, returned_amount=returns.amount, placed_returns=one.where(placed, 0),
            cross_channel_returns=one.where(crossed, 0),
        ),
    ], how="outer")
    days = ["delivery_days_p50", "delivery_days_p90"]
    counts = rows.columns.drop(days)
    rows = rows.astype(dict.fromkeys(counts, "Int64"))
    rows[counts] = rows[counts].fillna(0)
    chosen = rows.index.get_level_values("fulfilment_method").isin(DELIVERED)
    rows["orders_to_receive"] = rows.orders.where(chosen)
    rows["orders_to_receive_of_day"] = rows.orders.where(chosen, 0).groupby("day").transform("sum")
    return rows.reset_index().assign(
        method_share=ratio(rows.orders_to_receive, rows.orders_to_receive_of_day).array,
        on_time_share=ratio(rows.promises_kept, rows.promises_due).array,
        collected_share=ratio(rows.collected, rows.collections_ended).array,
        return_rate=ratio(rows.returned_amount, rows.sold_amount).array,
        cross_channel_return_share=ratio(rows.cross_channel_returns, rows.placed_returns).array,
    )


def _handed_over(tables: Tables, orders: pd.DataFrame) -> pd.DataFrame:
    """Orders whose hand-over was on the day, and how many days it took."""
    handed = orders[orders.fulfilment_method.isin(DELIVERED) & orders.received_at.notna()]
    handed = handed.assign(day=tables.business_date(handed.received_at))
    days = ((handed.day - handed.ordered_on) / DAY).groupby([handed.day, handed.fulfilment_method])
    told = summed(handed, GRAIN, handed_over=handed.receipts_count)
    return told.assign(delivery_days_p50=days.quantile(0.5), delivery_days_p90=days.quantile(0.9))


def _promises(tables: Tables) -> pd.DataFrame:
    """Promises for the day: kept when the goods were handed over by then, due when kept or when the day is over."""
    orders = _placed(tables)
    promised = orders[orders.promised_on.notna() & orders.fulfilment_method.isin(DELIVERED)]
    received, cancelled = tables.business_date(promised.received_at), tables.business_date(promised.cancelled_at)
    kept = received <= promised.promised_on
    withdrawn = promised.is_cancelled & ~(cancelled > promised.promised_on)
    nobody_knows = promised.is_completed & promised.received_at.isna()
    due = (kept | (promised.promised_on < tables.as_of_on)) & ~withdrawn & ~nobody_knows
    promised = promised.assign(day=promised.promised_on, due=due.astype("Int64"), kept=(due & kept).astype("Int64"))
    promised = promised[due]
    return summed(promised, GRAIN, promises_due=promised.due, promises_kept=promised.kept)


def _collections(tables: Tables) -> pd.DataFrame:
    """Orders to be collected that were, or were cancelled, on the day."""
    orders = _placed(tables)
    orders = orders[orders.fulfilment_method.isin(COLLECTED)]
    ended = orders.handed_over_on.where(~orders.is_cancelled, tables.business_date(orders.cancelled_at))
    orders = orders.assign(day=ended)[ended.notna()]
    one = pd.Series(1, orders.index, dtype="Int64")
    return summed(orders, GRAIN, collections_ended=one, collected=one.where(~orders.is_cancelled, 0))


def _placed(tables: Tables) -> pd.DataFrame:
    """What was ordered in earnest, whether or not it was cancelled."""
    orders = tables.orders
    return orders[~orders.is_test & ~orders.is_gift_cards_only]


MARTS = {"kpi_fulfilment_daily": kpi_fulfilment_daily}
