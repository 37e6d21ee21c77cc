"""What lay where: availability, what was oversold, and how often stock turned over."""

from __future__ import annotations

import numpy as np
import pandas as pd

from tests.recomputed.sales import counted_orders
from tests.recomputed.tables import Tables, ratio

DAY = pd.Timedelta(days=1)


def kpi_stock_daily(tables: Tables) -> pd.DataFrame:
    """Stock of every place on every day on which it was looked at; on other days the lines cancelled for want of it alone."""
    levels = tables.stock_levels.merge(tables.products[["product_id", "price", "cost", "is_gift_card"]], on="product_id", how="left")
    levels = levels[~levels.is_gift_card.fillna(False)]
    levels = levels.assign(
        kind=levels.store_id.map(tables.stores.set_index("store_id").kind),
        closed_on=levels.store_id.map(tables.stores.set_index("store_id").closed_on),
        free=levels.quantity - levels.reserved.fillna(0),
        unit_cost=levels.cost.fillna(levels.price * (1 - tables.rules["customer_value.assumed_margin_share"])),
    )
    active_by_day = {day: _active(tables, day) for day in levels.stock_on.unique()}
    shipped, struck = _cost_of_sales(tables), _cancelled_for_want_of_stock(tables)
    rows = []
    for (day, store_id), here in levels.groupby(["stock_on", "store_id"]):
        active = active_by_day[day]
        anywhere = levels[(levels.stock_on == day) & (levels.free > 0) & levels.product_id.isin(active) & ~(levels.closed_on <= day)]
        both = set(anywhere.product_id[anywhere.kind == "store"]) & set(anywhere.product_id[anywhere.kind == "warehouse"])
        is_closed = bool((here.closed_on <= day).any())  # nobody looks for anything in a store that is no more
        since = day - tables.rules["stock.turnover_days"] * DAY
        left = shipped[(shipped.store_id == store_id) & (shipped.ordered_on > since) & (shipped.ordered_on <= day)]
        rows.append({
            "day": day,
            "store_id": store_id,
            "active_skus": None if is_closed else len(active),
            "available_skus": None if is_closed else int((here.product_id.isin(active) & (here.free > 0)).sum()),
            "oversold_stock_rows": int((here.free < 0).sum()),
            "lines_cancelled": int(((struck.store_id == store_id) & (struck.struck_on == day)).sum()),
            "stock_units": here.quantity.sum(),
            "uncosted_units": here.quantity[here.unit_cost.isna()].sum(),
            "stock_at_cost": round(float((here.quantity * here.unit_cost).sum())),
            "cost_of_sales_365d": left.cost_amount.sum(),
            "cross_channel_skus": None if is_closed else len(both),
        })
    found = pd.DataFrame(rows)
    found["observed_days"] = 0
    found["average_stock_at_cost"] = 0.0
    for row in found.itertuples():
        since = row.day - tables.rules["stock.turnover_days"] * DAY
        window = found[(found.store_id == row.store_id) & (found.day > since) & (found.day <= row.day)]
        found.loc[row.Index, ["observed_days", "average_stock_at_cost"]] = len(window), np.floor(window.stock_at_cost.mean() + 0.5)
    wanting = struck.groupby(["struck_on", "store_id"], dropna=False).size().rename("lines_cancelled").reset_index()
    wanting = wanting.rename(columns={"struck_on": "day"})
    looked_at = set(zip(found.day, found.store_id, strict=True))
    unseen = [place not in looked_at for place in zip(wanting.day, wanting.store_id, strict=True)]
    found = pd.concat([found, wanting[unseen]], ignore_index=True)
    return found.assign(
        oversold_lines=found.oversold_stock_rows.fillna(0) + found.lines_cancelled,
        availability=ratio(found.available_skus, found.active_skus),
        stock_turnover=ratio(found.cost_of_sales_365d, found.average_stock_at_cost),
        cross_channel_availability=ratio(found.cross_channel_skus, found.active_skus),
    )


def _active(tables: Tables, day: pd.Timestamp) -> set[str]:
    """Products that were listed or sold anywhere in the days up to this one."""
    since = day - tables.rules["stock.active_days"] * DAY
    levels, lines = tables.stock_levels, tables.order_lines
    listed = levels[((levels.quantity != 0) | (levels.reserved.fillna(0) != 0)) & (levels.stock_on > since) & (levels.stock_on <= day)]
    orders = tables.orders[tables.orders.is_counted]
    orders = orders[(orders.ordered_on > since) & (orders.ordered_on <= day)]
    sold = lines[~lines.is_cancelled & lines.order_id.isin(orders.order_id)]
    cards = tables.products.product_id[tables.products.is_gift_card]
    return (set(listed.product_id) | set(sold.product_id.dropna())) - set(cards)


def _shipped_from(tables: Tables, orders: pd.DataFrame) -> pd.Series:
    """The place an order leaves: the one it names, else the only warehouse of our own, or of its marketplace."""
    stores = tables.stores
    own = stores.store_id[stores.kind == "warehouse"]
    market = stores[stores.kind == "marketplace_warehouse"]
    owner = market.store_id.str.rsplit(":", n=1).str[0]
    only = {name: places.iloc[0] for name, places in market.store_id.groupby(owner) if len(places) == 1}
    places = orders.store_id.copy()
    if len(own) == 1:
        places = places.mask(places.isna() & (orders.channel_class == "online"), own.iloc[0])
    of_market = (orders.source_system + ":" + orders.source_account).map(only)
    return places.mask(places.isna() & (orders.channel_class == "marketplace"), of_market)


def _cost_of_sales(tables: Tables) -> pd.DataFrame:
    orders = counted_orders(tables)
    return orders.assign(store_id=_shipped_from(tables, orders))


def _cancelled_for_want_of_stock(tables: Tables) -> pd.DataFrame:
    """Lines struck off an order that lives on (not a marketplace's), and all lines of orders cancelled because nothing was left."""
    orders = tables.orders[~tables.orders.is_test].copy()
    orders["store_id"] = _shipped_from(tables, orders)
    orders["cancelled_on"] = tables.business_date(orders.cancelled_at).fillna(orders.ordered_on)
    lines = tables.order_lines.merge(orders, on="order_id", suffixes=("_of_line", ""))
    struck = lines[lines.is_cancelled_of_line & ~lines.is_cancelled & (lines.sales_channel != "marketplace")]
    emptied = lines[lines.is_cancelled & (lines.cancel_reason == "out_of_stock").fillna(False)]
    return pd.concat([struck.assign(struck_on=struck.ordered_on), emptied.assign(struck_on=emptied.cancelled_on)])


MARTS = {"kpi_stock_daily": kpi_stock_daily}
