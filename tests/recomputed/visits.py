"""What happened in each session, from its events: product views, purchases, and the carts and checkouts that began one."""

from __future__ import annotations

from functools import cache

import pandas as pd

from tests.recomputed.tables import Tables

COUNTER = ["source_system", "source_account", "session_kind"]


@cache
def judged_sessions(tables: Tables) -> pd.DataFrame:
    """Every session with what its events tell; of a counter that tells no steps nobody knows. For the caller not to change."""
    met, events = tables.sessions, _events(tables)
    counters = pd.MultiIndex.from_frame(met[COUNTER])
    tells_steps = counters.isin(pd.MultiIndex.from_frame(events[COUNTER]))
    tells_purchases = counters.isin(pd.MultiIndex.from_frame(events.loc[events.event == "purchase", COUNTER]))
    views = events[events.event == "product_view"].groupby("session_id").size()
    seen = met.session_id.isin(events.session_id[events.event == "purchase"])
    ordered = met.session_id.isin(_ordered_meanwhile(tables, met)).astype("boolean").mask(met.customer_id.isna())
    return met.assign(
        product_views=met.session_id.map(views).fillna(0).astype("Int64").where(tells_steps),
        viewed_product=met.session_id.isin(views.index).astype("boolean").where(tells_steps),
        added_to_cart=met.session_id.isin(events.session_id[events.event == "cart_add"]).astype("boolean").where(tells_steps),
        purchased=seen.astype("boolean").where(tells_purchases, ordered).where(tells_steps),
    )


def purchase_starts(tables: Tables) -> pd.DataFrame:
    """Per customer, channel and day the first product put into a cart and the first checkout."""
    events = _events(tables)
    events = events[events.event.isin(["cart_add", "checkout"])]
    whose = tables.sessions.set_index("session_id").customer_id
    events = events.assign(
        customer_id=events.session_id.map(whose), channel=events.session_kind, started_on=tables.business_date(events.happened_at),
    )
    first = events.groupby(["customer_id", "channel", "started_on", "event"]).happened_at.min().unstack()
    starts = first.reindex(columns=["cart_add", "checkout"]).set_axis(["cart_at", "checkout_at"], axis=1).reset_index()
    return starts.assign(started_at=starts[["cart_at", "checkout_at"]].min(axis=1))


def _events(tables: Tables) -> pd.DataFrame:
    return tables.facts("intermediate.int_session_events__united")


def _ordered_meanwhile(tables: Tables, met: pd.DataFrame) -> pd.Series:
    """Sessions in which, or just after which, their customer ordered in their channel."""
    orders = tables.orders.loc[tables.orders.customer_id.notna(), ["customer_id", "sales_channel", "ordered_at"]]
    pairs = met.loc[met.customer_id.notna(), ["session_id", "customer_id", "session_kind", "started_at", "ended_at"]]
    pairs = pairs.merge(orders, on="customer_id")
    until = pairs.ended_at.fillna(pairs.started_at) + pd.Timedelta(minutes=tables.rules["identity.evidence_minutes_after_session"])
    meanwhile = (pairs.ordered_at >= pairs.started_at) & (pairs.ordered_at <= until)
    return pairs.session_id[meanwhile & (pairs.sales_channel == pairs.session_kind)]
