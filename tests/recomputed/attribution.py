"""What brought an order, by eight models: every order with the touches before it, credits one by one, kopecks by the largest remainder."""

from __future__ import annotations

import numpy as np
import pandas as pd

from tests.recomputed.paths import DAY, UNATTRIBUTED, attributed_orders, lost_paths, path_of, removal_effects, touches_before
from tests.recomputed.tables import Tables, month_of, ratio

MODELS = ["first_touch", "last_touch", "last_significant", "linear", "position_based", "time_decay", "markov", "shapley"]
GRAIN = ["month", "channel", "model"]
DIGITS, MILLION = 10**15, 10**6


def order_attribution(tables: Tables) -> pd.DataFrame:
    """Every order's credits, and its money to the kopeck."""
    orders = attributed_orders(tables)
    touches = touches_before(tables, orders)
    return _shares(tables, orders, touches, effects_by_month(tables, orders, touches)).drop(columns="month")


def _shares(tables: Tables, orders: pd.DataFrame, touches: pd.DataFrame, effects: dict[pd.Timestamp, pd.Series]) -> pd.DataFrame:
    shares = pd.concat([touches.assign(model=model, credit=_credits(tables, touches, effects, model)) for model in MODELS])
    shares = shares[shares.credit > 0]
    alone = orders[~orders.order_id.isin(touches.order_id)]
    alone = alone[["order_id", "month"]].merge(pd.DataFrame({"model": MODELS}), how="cross")
    shares = pd.concat([shares, alone.assign(channel=UNATTRIBUTED, credit=1.0, touches_count=0)], ignore_index=True)
    told = orders.set_index("order_id")
    shares = shares.assign(ordered_on=shares.order_id.map(told.ordered_on))
    for column, amount in (("credited_revenue", told.net_revenue), ("credited_margin", told.margin_amount)):
        shares[column] = _to_the_kopeck(shares, shares.order_id.map(amount))
    return shares.drop(columns=["ordered_at", "customer_id", "touch_type"])


def effects_by_month(tables: Tables, orders: pd.DataFrame, touches: pd.DataFrame) -> dict[pd.Timestamp, pd.Series]:
    """Month → removal effect of each channel, by the paths that ended in the window up to the month's end."""
    won = path_of(touches).merge(orders[["order_id", "month"]], on="order_id")
    paths = pd.concat([won[["month", "path"]].assign(is_won=True), lost_paths(tables, orders)[["month", "path"]].assign(is_won=False)])
    months = pd.date_range(min(orders.month.min(), paths.month.min()), tables.as_of_on, freq="MS")
    return {month: removal_effects(paths[_in_fit_window(tables, paths.month, month)]) for month in months}


def _in_fit_window(tables: Tables, months: pd.Series, month: pd.Timestamp) -> pd.Series:
    return (months <= month) & (months > month - pd.DateOffset(months=tables.rules["attribution.fit_months"]))


def _credits(tables: Tables, touches: pd.DataFrame, effects: dict[pd.Timestamp, pd.Series], model: str) -> pd.Series:
    """The share of its order that the model gives each touch, fifteen digits."""
    rules, count = tables.rules, touches.touches_count
    is_first, is_last = touches.position == 1, touches.position == count
    if model == "first_touch":
        weights = is_first
    elif model == "last_touch":
        weights = is_last
    elif model == "last_significant":
        significant = ~touches.channel.isin(rules["attribution.insignificant_channels"])
        last = touches.position.where(significant).groupby(touches.order_id).transform("max").fillna(count)
        weights = touches.position == last
    elif model == "linear":
        weights = pd.Series(1.0, touches.index)
    elif model == "position_based":
        first, final = rules["attribution.position_first"], rules["attribution.position_last"]
        between = (1 - first - final) / (count - 2).clip(lower=1)
        weights = between.mask(is_last, final).mask(is_first, first)
    elif model == "time_decay":
        age = (touches.ordered_at - touches.occurred_at) / DAY
        weights = 2.0 ** (-age / rules["attribution.half_life_days"])
    elif model == "markov":
        weights = pd.Series([effects[month].get(channel, 0.0) for month, channel in zip(touches.month, touches.channel, strict=True)])
    else:
        weights = 1 / touches.groupby(["order_id", "channel"]).touchpoint_id.transform("size")
    weights = weights.astype(float)
    return (weights / weights.groupby(touches.order_id).transform("sum")).round(15)


def _to_the_kopeck(shares: pd.DataFrame, amounts: pd.Series) -> pd.Series:
    """Rounded down, then kopeck by kopeck to the largest remainders (to a millionth of a kopeck), of equal ones to the earlier touch."""
    exact = [int(amount) * round(credit * DIGITS) for amount, credit in zip(amounts, shares.credit, strict=True)]
    millionths = np.array([(2 * MILLION * part + DIGITS) // (2 * DIGITS) for part in exact], dtype="int64")
    each = pd.DataFrame({
        "order_id": shares.order_id, "model": shares.model, "position": shares.position,
        "whole": millionths // MILLION, "rest": millionths % MILLION, "amount": amounts.astype("int64"),
    })
    missing = each.amount - each.groupby(["order_id", "model"]).whole.transform("sum")
    place = each.sort_values(["rest", "position"], ascending=[False, True]).groupby(["order_id", "model"]).cumcount()
    return (each.whole + (place.reindex(each.index) < missing)).astype("Int64")


def kpi_attribution_monthly(tables: Tables) -> pd.DataFrame:
    """Credits of a month beside the channel's cost, and the model's own total over the fit window."""
    orders = attributed_orders(tables)
    touches = touches_before(tables, orders)
    effects = effects_by_month(tables, orders, touches)
    shares = _shares(tables, orders, touches, effects)
    told = orders.set_index("order_id")
    shares["assumed_cost_amount"] = shares.credit * shares.order_id.map(told.assumed_cost_amount).astype(float)
    shares["credited_orders"] = shares.credit * shares.order_id.map(told.receipts_count).astype(float)
    credited = shares.groupby(GRAIN).agg(
        credited_orders=("credited_orders", "sum"),
        credited_revenue=("credited_revenue", "sum"),
        credited_margin=("credited_margin", "sum"),
        assumed_cost_amount=("assumed_cost_amount", "sum"),
    )
    totals = _model_credits(tables, shares, touches, effects)
    costs = tables.channel_costs.assign(month=month_of(tables.channel_costs.cost_on))
    costs = costs.groupby(["month", "channel"])[["impressions", "clicks", "cost"]].sum(min_count=1)
    told = credited.join(totals, how="outer").reset_index()
    # A removal effect of 1e-17 is none: no order of the window had such a touch.
    touched = told[((told.model_credit > 1e-9) | (told.model_credit.isna())) & told.month.isin(orders.month)]
    met = pd.concat([touched[["month", "channel"]], costs.reset_index()[["month", "channel"]]]).drop_duplicates()
    rows = met[met.month <= tables.as_of_on].merge(pd.DataFrame({"model": MODELS}), how="cross")
    rows = rows.merge(told, on=GRAIN, how="left").merge(costs.reset_index(), on=["month", "channel"], how="left")
    rows = rows.merge(_known(orders, touches).reset_index(), on="month", how="left")
    rows = rows.merge(_fitted(tables, orders, touches), on="month", how="left")
    for column in ("credited_orders", "credited_revenue", "credited_margin", "assumed_cost_amount", "model_credit"):
        rows[column] = rows[column].fillna(0)
    # Credits of two fifths and a tenth make halves of a kopeck, which go up.
    rows["assumed_cost_amount"] = np.floor(rows.assumed_cost_amount.round(6) + 0.5).astype("Int64")
    rows["credited_profit"] = rows.credited_margin - rows.cost
    rows["credited_orders_with_cost"] = rows.credited_orders.where(rows.cost.notna())
    return rows.assign(
        cost_per_order=ratio(rows.cost, rows.credited_orders_with_cost) / 100,
        roi=ratio(rows.credited_profit, rows.cost),
        source_known_share=ratio(rows.orders_with_source, rows.itemised_orders),
        identified_source_known_share=ratio(rows.orders_with_source, rows.identified_orders),
    )


def _model_credits(
    tables: Tables, shares: pd.DataFrame, touches: pd.DataFrame, effects: dict[pd.Timestamp, pd.Series],
) -> pd.DataFrame:
    """Markov: removal effects share the orders of the window out. The others judge each order by itself: their credits, added up."""
    found = []
    for month, effect in effects.items():
        window = shares[_in_fit_window(tables, shares.month, month)]
        window = window[(window.model != "markov") | (window.channel == UNATTRIBUTED)]
        others = window.groupby(["channel", "model"]).credited_orders.sum().rename("model_credit").reset_index()
        conversions = touches.order_id[_in_fit_window(tables, touches.month, month)].nunique()
        markov = pd.DataFrame({"channel": effect.index, "model": "markov", "removal_effect": effect.to_numpy()})
        markov["model_credit"] = markov.removal_effect / markov.removal_effect.sum() * conversions
        found += [frame.assign(month=month) for frame in (others, markov) if len(frame)]
    return pd.concat(found).set_index(GRAIN)


def _fitted(tables: Tables, orders: pd.DataFrame, touches: pd.DataFrame) -> pd.DataFrame:
    months = pd.date_range(orders.month.min(), tables.as_of_on, freq="MS")
    counts = [touches.order_id[_in_fit_window(tables, touches.month, month)].nunique() for month in months]
    return pd.DataFrame({"month": months, "fit_conversions": counts})


def _known(orders: pd.DataFrame, touches: pd.DataFrame) -> pd.DataFrame:
    itemised = orders[orders.order_kind != "shift_report"]
    one = pd.Series(1, itemised.index)
    return pd.DataFrame({
        "itemised_orders": one.groupby(itemised.month).sum(),
        "identified_orders": itemised.customer_id.notna().astype(int).groupby(itemised.month).sum(),
        "orders_with_source": itemised.order_id.isin(touches.order_id).astype(int).groupby(itemised.month).sum(),
    })


MARTS = {"order_attribution": order_attribution, "kpi_attribution_monthly": kpi_attribution_monthly}
