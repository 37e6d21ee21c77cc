"""What became of each call: whether a missed one was returned in time, and whether it was about an order."""

from __future__ import annotations

import pandas as pd

from tests.recomputed.tables import Tables


def judged_calls(tables: Tables) -> pd.DataFrame:
    """Every call, with what a KPI says of it worked out here."""
    calls = tables.calls
    return calls.assign(is_called_back=_called_back(tables, calls), is_about_order=_about_order(tables, calls))


def _called_back(tables: Tables, calls: pd.DataFrame) -> pd.Series:
    """Of missed calls in: somebody called that number in time after it ended; a number that is hidden cannot be called."""
    heard = tables.facts("intermediate.int_calls__matched")
    phones = heard[heard.is_leader].set_index("call_id").phone
    within = pd.Timedelta(minutes=tables.rules["service.call_back_within_minutes"])
    asked = calls.assign(phone=calls.call_id.map(phones), ended=calls.ended_at.fillna(calls.started_at))
    missed = (calls.direction == "in") & ~calls.is_answered & ~calls.is_ivr_only
    out = asked.loc[calls.direction == "out", ["phone", "started_at"]].dropna()
    pairs = asked.loc[missed, ["call_id", "phone", "ended"]].merge(out, on="phone")
    in_time = pairs.call_id[(pairs.started_at >= pairs.ended) & (pairs.started_at <= pairs.ended + within)]
    return calls.call_id.isin(in_time).astype("boolean").where(missed)


def _about_order(tables: Tables, calls: pd.DataFrame) -> pd.Series:
    """Of calls in that got past the menu: the system names an order that was there by then; or the customer had ordered, not in a store,
    these days before, and did not come to a queue that sells."""
    orders = tables.orders
    ordered_at = orders.set_index("order_id").ordered_at
    named = calls.order_id.where(~calls.is_order_assumed.fillna(False))
    names_one = named.map(ordered_at) <= calls.started_at
    window = pd.Timedelta(days=tables.rules["service.order_contact_days"])
    delivered = orders.loc[(orders.sales_channel != "store") & orders.customer_id.notna(), ["customer_id", "ordered_at"]]
    pairs = calls[["call_id", "customer_id", "started_at"]].dropna().merge(delivered, on="customer_id")
    recent = pairs.call_id[(pairs.ordered_at <= pairs.started_at) & (pairs.ordered_at >= pairs.started_at - window)]
    served = calls.call_id.isin(recent) & ~calls.queue.str.lower().isin([queue.lower() for queue in tables.rules["service.sales_queues"]])
    return (calls.direction == "in") & ~calls.is_ivr_only & (names_one | served)
