"""From being drawn in to giving an opinion: each stage of a day by channel; and the carts that were left and came back."""

from __future__ import annotations

import pandas as pd

from tests.recomputed.people import people
from tests.recomputed.sales import counted_orders, summed
from tests.recomputed.tables import Tables, ratio
from tests.recomputed.visits import judged_sessions, purchase_starts

GRAIN = ["day", "stage", "channel"]


def kpi_funnel_daily(tables: Tables) -> pd.DataFrame:
    """Every stage on its own day; a column that a stage does not have is empty there."""
    stages = [*_visits(tables), *_purchases(tables), _answers(tables)]
    somebody = people(tables)
    met = pd.concat([stage[[*GRAIN, "customer_id"]].assign(can_be_known=stage.can_be_known) for stage in stages])
    known = met[met.can_be_known]
    distinct = known[known.customer_id.isin(somebody)].groupby(GRAIN).customer_id.nunique()
    columns = ["sessions", "entrants", "product_views", "wifi_visits", "orders", "answers"]
    counted = pd.concat(stages)
    carts = _carts(tables, somebody)
    rows = summed(counted, GRAIN, **{name: counted[name].astype("Int64") for name in columns}).join(carts, how="outer")
    nobody = set(met.groupby(GRAIN).can_be_known.any().loc[lambda any_known: ~any_known].index)
    rows["customers"] = distinct.reindex(rows.index).fillna(0).astype("Int64")
    rows["customers"] = rows.customers.mask(rows.index.isin(nobody))
    rows = rows.reset_index()
    return rows.assign(recovered_cart_share=ratio(rows.recovered_carts, rows.recovery_due_carts))


def _visits(tables: Tables) -> list[pd.DataFrame]:
    """Sessions, the door, and telephones on the Wi-Fi of a store."""
    sessions = judged_sessions(tables)
    sessions = sessions.assign(day=sessions.started_on, channel=sessions.session_kind, can_be_known=True)
    began = sessions.assign(stage="acquisition", sessions=1).drop(columns="product_views")
    looked = sessions[sessions.viewed_product.fillna(False)].assign(stage="choice", sessions=1)
    bought = sessions[sessions.purchased.fillna(False)].assign(stage="purchase", sessions=1, customer_id=None)
    door = tables.store_traffic.assign(stage="acquisition", channel="store", customer_id=None, can_be_known=False)
    wifi = tables.wifi_visits.assign(stage="choice", channel="store", wifi_visits=1, can_be_known=True)
    door, wifi = door.assign(day=door.counted_on), wifi.assign(day=wifi.entered_on)
    empty = pd.DataFrame(columns=[*GRAIN, "customer_id", "can_be_known", "sessions", "entrants", "product_views", "wifi_visits"])
    kept = ["sessions", "entrants", "product_views", "wifi_visits", *GRAIN, "customer_id", "can_be_known"]
    visits = [began, looked, bought.drop(columns="product_views"), door, wifi]
    return [pd.concat([empty, visit]).reindex(columns=kept) for visit in visits]


def _purchases(tables: Tables) -> list[pd.DataFrame]:
    """Orders on the day they were placed, by sales channel; and on the day they were handed over, by fulfilment method."""
    orders = counted_orders(tables)
    orders = orders.assign(orders=orders.receipts_count, can_be_known=orders.one_by_one & (orders.sales_channel != "marketplace"))
    placed = orders.assign(stage="purchase", channel=orders.sales_channel, day=orders.ordered_on)
    handed = orders[orders.handed_over_on.notna()]
    handed = handed.assign(stage="receipt", channel=handed.fulfilment_method, day=handed.handed_over_on)
    return [frame[[*GRAIN, "customer_id", "can_be_known", "orders"]] for frame in (placed, handed)]


def _answers(tables: Tables) -> pd.DataFrame:
    """Answers given; the items of one questionnaire are one."""
    answers = tables.survey_answers
    answers = answers.assign(day=answers.answered_on, stage="feedback", answers=1, can_be_known=True)
    of_several = answers.question.notna()
    together = answers[of_several].drop_duplicates(["survey", "channel", "store_id", "customer_id", "answered_at"])
    return pd.concat([answers[~of_several], together])[[*GRAIN, "customer_id", "can_be_known", "answers"]]


def _carts(tables: Tables, somebody: set[str]) -> pd.DataFrame:
    """Carts of people: left where no order came in time (one that was cancelled later was one), brought back where one that stands came
    later, by the message last clicked between."""
    starts, orders, messages = purchase_starts(tables), tables.orders, tables.messages
    carts = starts[starts.cart_at.notna() & starts.customer_id.isin(somebody)]
    carts = carts.assign(day=carts.started_on, stage="choice").reset_index(drop=True)
    hours, days = tables.rules["triggers.abandoned_cart_hours"], tables.rules["triggers.recovered_cart_days"]
    settled_at = carts.cart_at + pd.Timedelta(hours=hours)
    abandoned = ~(_next_order(carts, orders[~orders.is_test]) <= settled_at) & (settled_at <= tables.as_of)
    ordered_at = _next_order(carts, orders[orders.is_counted])
    recovery_ends_at = carts.cart_at + pd.Timedelta(days=days)
    over = (settled_at <= tables.as_of) & (recovery_ends_at <= tables.as_of)
    recovered = over & abandoned & (ordered_at <= recovery_ends_at)

    back = carts[recovered].assign(ordered_at=ordered_at[recovered]).reset_index()
    clicks = messages[messages.first_clicked_at.notna()][["customer_id", "channel", "first_clicked_at", "message_id"]]
    clicked = back[["index", "customer_id", "cart_at", "ordered_at"]].merge(clicks, on="customer_id")
    clicked = clicked[(clicked.first_clicked_at > clicked.cart_at) & (clicked.first_clicked_at <= clicked.ordered_at)]
    last = clicked.sort_values(["first_clicked_at", "message_id"]).groupby("index").channel.last()
    by = carts.index.to_series().map(last)
    told = summed(
        carts, GRAIN,
        carts=_flag(carts.cart_at.notna()),
        abandoned_carts=_flag(abandoned),
        recovery_due_carts=_flag(abandoned & over),
        recovered_carts=_flag(recovered),
        **{f"recovered_by_{channel}": _flag(recovered & (by == channel)) for channel in ("email", "push", "sms", "messenger")},
        recovered_without_message=_flag(recovered & by.isna()),
    )
    unknown = ~over.groupby([carts[name] for name in GRAIN]).any().reindex(told.index)
    recovered_columns = [name for name in told if name.startswith("recovered_")]
    told[recovered_columns] = told[recovered_columns].mask(unknown)
    return told


def _next_order(carts: pd.DataFrame, orders: pd.DataFrame) -> pd.Series:
    """When each cart's customer ordered next, in whatever channel."""
    bought = carts.reset_index()[["index", "customer_id", "cart_at"]].merge(orders[["customer_id", "ordered_at"]], on="customer_id")
    return carts.index.to_series().map(bought[bought.ordered_at >= bought.cart_at].groupby("index").ordered_at.min())


def _flag(condition: pd.Series) -> pd.Series:
    return condition.astype("boolean").fillna(False).astype("Int64")


MARTS = {"kpi_funnel_daily": kpi_funnel_daily}
