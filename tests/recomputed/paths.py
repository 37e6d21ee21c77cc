"""The ways through the channels, won and lost, and what the Markov chain over them loses without a channel."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pandas as pd

from tests.recomputed.tables import Tables, month_of, ratio
from tests.recomputed.touches import touchpoints

DAY = pd.Timedelta(days=1)
UNATTRIBUTED = "unattributed"
STEP = " > "
START, WON, LOST = "(start)", "(order)", "(nothing)"


def attributed_orders(tables: Tables) -> pd.DataFrame:
    """Every counted order outside marketplaces, whoever's."""
    orders = tables.orders[tables.orders.is_counted & (tables.orders.sales_channel != "marketplace")]
    return orders.assign(month=month_of(orders.ordered_on))


def touches_before(tables: Tables, orders: pd.DataFrame) -> pd.DataFrame:
    """Order × touch of its customer before it, to the second, within the window; the oldest first."""
    window = pd.Timedelta(days=tables.rules["attribution.window_days"])
    wanted = orders.loc[orders.customer_id.notna(), ["order_id", "customer_id", "ordered_at", "month"]]
    pairs = wanted.merge(touchpoints(tables), on="customer_id")
    pairs = pairs[(pairs.occurred_at < pairs.ordered_at) & (pairs.occurred_at >= pairs.ordered_at - window)]
    pairs = pairs.sort_values(["order_id", "occurred_at", "touchpoint_id"]).reset_index(drop=True)
    by_order = pairs.groupby("order_id")
    return pairs.assign(position=by_order.cumcount() + 1, touches_count=by_order.touchpoint_id.transform("size"))


def path_of(touches: pd.DataFrame, by: str = "order_id") -> pd.DataFrame:
    """Per order, the channels of its touches in their turn, the same one twice running once."""
    before = touches.groupby(by).channel.shift()
    steps = touches[before.isna() | (before != touches.channel)]
    return steps.groupby(by).channel.agg(STEP.join).rename("path").reset_index()


def lost_paths(tables: Tables, orders: pd.DataFrame) -> pd.DataFrame:
    """Touches that no order followed in time, as paths that ended when the last of them could win nothing any more.

    A run goes on while each touch follows the one before within the window; it is cut whenever another window is over since its first.
    """
    window = pd.Timedelta(days=tables.rules["attribution.window_days"])
    touches = touchpoints(tables).sort_values(["customer_id", "occurred_at", "touchpoint_id"]).reset_index(drop=True)
    won = set(touches_before(tables, orders).touchpoint_id)
    found, piece, whose, began, last, cut = [], 0, None, None, None, None
    for touch in touches[~touches.touchpoint_id.isin(won)].itertuples():
        if touch.customer_id != whose or touch.occurred_at > last + window:
            whose, began, cut, piece = touch.customer_id, touch.occurred_at, 0, piece + 1
        elif (touch.occurred_at - began) // window != cut:
            cut, piece = (touch.occurred_at - began) // window, piece + 1
        last = touch.occurred_at
        found.append((piece, touch.channel, touch.occurred_at))
    lost = pd.DataFrame(found, columns=["piece", "channel", "occurred_at"]).astype({"occurred_at": touches.occurred_at.dtype})
    paths = path_of(lost, "piece").merge(lost.groupby("piece").occurred_at.max().rename("last_at").reset_index(), on="piece")
    paths["ended_at"] = paths.last_at + window
    paths = paths[paths.ended_at < tables.as_of]
    return paths.assign(month=month_of(tables.business_date(paths.ended_at)))


def removal_effects(paths: pd.DataFrame) -> pd.Series:
    """Channel → the share of orders lost when nobody gets past it."""
    counts: dict[tuple[str, str], int] = {}
    for (path, is_won), times in paths.groupby(["path", "is_won"]).size().items():
        walked = [START, *path.split(STEP), WON if is_won else LOST]
        for move in pairwise(walked):
            counts[move] = counts.get(move, 0) + times
    channels = sorted({here for here, _ in counts} - {START})
    whole = _chance(counts, channels)
    effects = {channel: 1 - _chance(counts, channels, without=channel) / whole if whole else np.nan for channel in channels}
    return pd.Series(effects, dtype=float)


def _chance(counts: dict[tuple[str, str], int], channels: list[str], without: str | None = None) -> float:
    """The chance to end in an order: x = Ax + b over the states, where the channel left out leads to nothing."""
    states = [START, *(channel for channel in channels if channel != without)]
    place = {state: number for number, state in enumerate(states)}
    moves, won = np.zeros((len(states), len(states))), np.zeros(len(states))
    for state in states:
        out = {there: times for (here, there), times in counts.items() if here == state}
        for there, times in out.items():
            if there == WON:
                won[place[state]] += times / sum(out.values())
            elif there in place:
                moves[place[state], place[there]] += times / sum(out.values())
    return float(np.linalg.solve(np.eye(len(states)) - moves, won)[0])


def kpi_conversion_paths(tables: Tables) -> pd.DataFrame:
    """Ways that ended in a month, in an order or in nothing; an order without a touch has none."""
    orders = attributed_orders(tables)
    touches = touches_before(tables, orders)
    by_order = touches.groupby("order_id")
    won = orders.merge(path_of(touches), on="order_id", how="left").set_index("order_id")
    won["touches"] = by_order.size()
    won["days"] = (won.ordered_at - by_order.occurred_at.min()) / DAY
    won["path"] = won.path.fillna(UNATTRIBUTED)
    lost = lost_paths(tables, orders)
    by_path = won.groupby(["month", "path"])
    rows = pd.DataFrame({
        "orders": by_path.receipts_count.sum(),
        "revenue": by_path.net_revenue.sum(),
        "touches": by_path.touches.sum(),
        "days_to_conversion": by_path.days.sum(min_count=1),
        "median_days_to_conversion": by_path.days.median(),
    }).join(lost.groupby(["month", "path"]).size().rename("lost_paths"), how="outer")
    counts = ["orders", "revenue", "touches", "lost_paths"]
    rows[counts] = rows[counts].astype("Float64").fillna(0).astype("Int64")
    rows = rows.reset_index()
    walked = rows.path != UNATTRIBUTED
    rows["touched_orders"] = rows.orders.where(walked)
    rows["ended_paths"] = (rows.orders + rows.lost_paths).where(walked)
    return rows.assign(
        touches_per_order=ratio(rows.touches, rows.touched_orders),
        average_days_to_conversion=ratio(rows.days_to_conversion, rows.touched_orders),
        path_conversion_rate=ratio(rows.touched_orders, rows.ended_paths),
    )


MARTS = {"kpi_conversion_paths": kpi_conversion_paths}
