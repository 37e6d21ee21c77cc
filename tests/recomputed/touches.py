"""What led customers to orders: every touch made anew from messages, visits, calls, tickets, receipts, Wi-Fi and events.

Of a call the campaign is taken as published: it is no part of a KPI.
"""

from __future__ import annotations

import fnmatch
from functools import cache

import pandas as pd

from tests.recomputed.tables import Tables
from tests.recomputed.telephone import judged_calls

BOUGHT = ("paid_search", "display", "social_ads", "cpa")
CHATS = ("chat", "messenger", "social")
COLUMNS = ["touchpoint_id", "customer_id", "occurred_at", "channel", "campaign_id", "touch_type"]


@cache
def touchpoints(tables: Tables) -> pd.DataFrame:
    """One row per touch of a customer, for the caller not to change."""
    clicks = _clicks(tables)
    found = [clicks, _visits(tables, clicks), _calls(tables), _chats(tables), _store_visits(tables), _events(tables)]
    told = pd.concat([each[COLUMNS] for each in found if len(each)], ignore_index=True)
    return told[told.customer_id.notna()].reset_index(drop=True)


def _clicks(tables: Tables) -> pd.DataFrame:
    """The first click of each message that is not about an order."""
    clicked = tables.messages[tables.messages.first_clicked_at.notna() & (tables.messages.message_type != "transactional")]
    return clicked.assign(touchpoint_id="click:" + clicked.message_id, occurred_at=clicked.first_clicked_at, touch_type="message_click")


def _visits(tables: Tables, clicks: pd.DataFrame) -> pd.DataFrame:
    """Sessions of customers but what a transactional message brought and what a click has told already."""
    sessions = tables.sessions
    sessions = sessions[sessions.customer_id.notna()]
    about_orders = set(tables.campaigns.campaign_id[tables.campaigns.message_type == "transactional"])
    sessions = sessions[~sessions.campaign_id.isin(about_orders)]
    pairs = sessions.merge(clicks[["customer_id", "channel", "campaign_id", "occurred_at"]], on="customer_id", suffixes=("", " clicked"))
    near = (pairs.started_at - pairs.occurred_at).abs() <= pd.Timedelta(minutes=tables.rules["attribution.click_opens_visit_minutes"])
    by_campaign = pairs.campaign_id == pairs["campaign_id clicked"]
    by_channel = pairs.campaign_id.isna() & (pairs.traffic_channel == pairs.channel)
    sessions = sessions[~sessions.session_id.isin(pairs.session_id[near & (by_campaign | by_channel)])]
    paid = sessions.traffic_channel.isin(BOUGHT)
    return sessions.assign(
        touchpoint_id="session:" + sessions.session_id, occurred_at=sessions.started_at, channel=sessions.traffic_channel,
        touch_type=paid.map({True: "ad_visit", False: "visit"}),
    )


def _calls(tables: Tables) -> pd.DataFrame:
    """Calls in that came through and are not about an order there was; their channel is what a tracker saw before them."""
    calls = judged_calls(tables)
    calls = calls[(calls.direction == "in") & (calls.result != "failed") & ~calls.is_about_order & calls.customer_id.notna()]
    tracked = tables.facts("intermediate.int_calls").set_index("call_id")
    published = tables.touchpoints.set_index("touchpoint_id").campaign_id
    calls = calls.assign(touchpoint_id="call:" + calls.call_id, occurred_at=calls.started_at, touch_type="call_in")
    return calls.assign(
        channel=[_channel_of(tables, tracked.loc[call]) for call in calls.call_id], campaign_id=calls.touchpoint_id.map(published),
    )


def _channel_of(tables: Tables, call: pd.Series) -> str:
    """By the first rule that fits the marks of the link, else by the vendor's word."""
    if pd.isna(call.raw_traffic_source) and pd.isna(call.utm_medium):
        return "call"
    for rule in tables.facts("seeds.traffic_rules").sort_values("priority").itertuples():
        patterns = {"raw_traffic_source": rule.traffic_source, "utm_medium": rule.utm_medium, "utm_source": rule.utm_source}
        of_system = rule.source_system in ("*", call.traffic_source_system)
        if of_system and all(_like(call[column], pattern) for column, pattern in patterns.items()):
            return rule.traffic_channel
    words = tables.facts("seeds.value_mappings")
    words = words[(words.field == "traffic_source") & (words.source_system == call.traffic_source_system)]
    return words.set_index("value").mapped_to.get(call.raw_traffic_source, "unknown")


def _like(value: str | None, pattern: str | None) -> bool:
    if pd.isna(pattern):
        return True
    return not pd.isna(value) and fnmatch.fnmatchcase(value.lower(), pattern.replace("%", "*").replace("_", "?"))


def _chats(tables: Tables) -> pd.DataFrame:
    """Tickets that customers opened in chats, messengers and social networks, not about an order there was."""
    tickets = tables.tickets[tables.tickets.is_counted & ~tables.tickets.is_created_by_agent & tables.tickets.channel.isin(CHATS)]
    existed = tickets.order_id.map(tables.orders.set_index("order_id").ordered_at) <= tickets.created_at
    tickets = tickets[~existed]
    return tickets.assign(touchpoint_id="ticket:" + tickets.ticket_id, occurred_at=tickets.created_at, touch_type="chat", campaign_id=None)


def _store_visits(tables: Tables) -> pd.DataFrame:
    """Receipts and telephones on the Wi-Fi, one per customer, store and day, as of the first that is known."""
    orders = tables.orders[tables.orders.is_counted & (tables.orders.sales_channel == "store")]
    receipts = orders.assign(record=orders.order_id, at=orders.ordered_at, day=orders.ordered_on)
    wifi = tables.wifi_visits
    wifi = wifi.assign(record=wifi.wifi_visit_id, at=wifi.entered_at, day=wifi.entered_on)
    met = pd.concat([seen[["record", "customer_id", "store_id", "at", "day"]] for seen in (receipts, wifi)])
    met = met.dropna(subset=["customer_id", "store_id"]).sort_values(["at", "record"])
    first = met.drop_duplicates(["customer_id", "store_id", "day"])
    return first.assign(
        touchpoint_id="store:" + first.record, occurred_at=first["at"], channel="store", touch_type="store_visit", campaign_id=None,
    )


def _events(tables: Tables) -> pd.DataFrame:
    """Who came to an event: by the record named, else by address and number, which name nobody when they are of two people."""
    visits = tables.facts("intermediate.int_event_visits__united")
    whose = tables.facts("intermediate.int_customer_of_profile").set_index("profile_id").customer_id
    owners = tables.facts("intermediate.int_contact_owners")
    owners = owners[owners.customer_id.notna()].set_index(["identifier_type", "link_value"]).customer_id
    digits = visits.contact_phone.str.replace(r"\D", "", regex=True).str[-10:]
    by_phone = digits.radd("+7").map(owners.get("phone", pd.Series(dtype=object)))
    by_email = visits.contact_email.str.strip().str.lower().map(owners.get("email", pd.Series(dtype=object)))
    by_contact = by_email.fillna(by_phone).mask(by_email.notna() & by_phone.notna() & (by_email != by_phone))
    return visits.assign(
        touchpoint_id="event:" + visits.event_visit_id, customer_id=visits.profile_id.map(whose).fillna(by_contact),
        occurred_at=visits.attended_at, channel="event", touch_type="event", campaign_id=None,
    )
