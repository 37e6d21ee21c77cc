"""Messages by send day and by campaign, new subscribers, and what a click brought, worked out from messages, consents and orders."""

from __future__ import annotations

from functools import cache

import pandas as pd

from tests.recomputed.people import people
from tests.recomputed.subscriptions import first_subscriptions
from tests.recomputed.tables import Tables, ratio

MINUTE = pd.Timedelta(minutes=1)


def kpi_messaging_daily(tables: Tables) -> pd.DataFrame:
    """The chain from sent to ordered, by the day of sending."""
    messages = with_orders(tables)
    rows = chain(messages, messages.sent_on.rename("day"), messages.channel, messages.message_type)
    return rows.assign(age_days=(pd.Timestamp(tables.as_of_on) - pd.to_datetime(rows.day)).dt.days)


def kpi_campaigns(tables: Tables) -> pd.DataFrame:
    """The same chain over the whole life of a campaign in a channel."""
    messages = with_orders(tables)
    rows = chain(messages, messages.campaign_id, messages.channel)
    reached = messages[messages.is_delivered].groupby(["campaign_id", "channel"], dropna=False).customer_id.nunique()
    rows = rows.join(reached.rename("recipients"), on=["campaign_id", "channel"])
    rows["recipients"] = rows.recipients.fillna(0)
    rows["attributed_revenue_per_delivered"] = ratio(rows.attributed_revenue, rows.delivered) / 100
    return rows


def kpi_subscribers_daily(tables: Tables) -> pd.DataFrame:
    """People by the day of their first dated opt-in in a channel, whatever the brand."""
    agreed = first_subscriptions(tables)
    dated = agreed[agreed.customer_id.isin(people(tables))]
    first = dated.groupby(["customer_id", "channel"]).first_subscribed_at.min().reset_index()
    first["day"] = tables.business_date(first.first_subscribed_at)
    return first.groupby(["day", "channel"]).size().rename("new_subscribers").reset_index()


@cache
def judged_messages(tables: Tables) -> pd.DataFrame:
    """Messages, each with who clicked it: what came on an e-mail in the seconds after its delivery is a machine's. Not to be changed."""
    events, messages = tables.facts("intermediate.int_message_events"), tables.messages
    arrived = events[events.event == "delivered"].groupby("message_id").happened_at.min()
    clicks = events[events.event == "clicked"]
    after = clicks.happened_at - clicks.message_id.map(arrived)
    at_once = (after >= pd.Timedelta(0)) & (after < pd.Timedelta(seconds=tables.rules["messaging.machine_click_seconds"]))
    by_machine = at_once & clicks.message_id.isin(messages.message_id[messages.channel == "email"])
    is_clicked = messages.message_id.isin(clicks.message_id[~by_machine])
    return messages.assign(is_clicked=is_clicked, is_machine_clicked=messages.message_id.isin(clicks.message_id) & ~is_clicked)


def with_orders(tables: Tables) -> pd.DataFrame:
    """Messages, each with the orders that came after its click: an order belongs to the last message clicked before it, if that one was
    sent in the days before it."""
    messages, orders = judged_messages(tables), tables.orders
    clicked = messages.loc[messages.first_clicked_at.notna(), ["message_id", "customer_id", "sent_at", "first_clicked_at"]]
    orders = orders.loc[orders.is_counted, ["order_id", "customer_id", "ordered_at", "net_revenue"]]
    met = orders.dropna(subset=["customer_id"]).merge(clicked.dropna(), on="customer_id")
    met = met[met.first_clicked_at <= met.ordered_at]
    last = met.sort_values(["first_clicked_at", "message_id"]).drop_duplicates("order_id", keep="last")
    last = last[last.ordered_at - last.sent_at <= pd.Timedelta(days=tables.rules["messaging.attribution_days"])]
    brought = last.groupby("message_id").agg(orders=("order_id", "size"), revenue=("net_revenue", "sum"))
    return messages.assign(
        attributed_orders=messages.message_id.map(brought.orders).fillna(0).astype("Int64"),
        attributed_revenue=messages.message_id.map(brought.revenue).fillna(0).astype("Int64"),
    )


def chain(messages: pd.DataFrame, *by: pd.Series) -> pd.DataFrame:
    """From sent to complained, to answered and to ordered, of the messages of each group."""
    by_person = messages.is_opened & ~messages.is_machine_opened
    engaged = messages.is_opened.where(messages.channel == "email", messages.is_clicked)
    has_engagement = messages.channel.isin(["email", "push", "messenger"])
    facts = pd.DataFrame({
        "sent": 1,
        "delivered": messages.is_delivered,
        "hard_bounced": messages.is_hard_bounced,
        "soft_bounced": messages.is_soft_bounced,
        "opened": messages.is_opened,
        "opened_by_person": by_person,
        "clicked": messages.is_clicked,
        "clicked_with_machines": messages.is_clicked | messages.is_machine_clicked,
        "unsubscribed": messages.is_unsubscribed,
        "spam_complaints": messages.is_spam_complaint,
        "engaged": engaged.where(has_engagement),
        "engagement_base": messages.is_delivered.where(has_engagement),
        "attributed_orders": messages.attributed_orders,
        "attributed_revenue": messages.attributed_revenue,
        "unidentified": messages.customer_id.isna(),
    }).astype("Int64")
    minutes = pd.DataFrame({
        "minutes_to_open_p50": ((messages.first_opened_at - messages.delivered_at) / MINUTE).where(by_person),
        "minutes_to_click_p50": ((messages.first_clicked_at - messages.delivered_at) / MINUTE).where(messages.is_clicked),
    })
    rows = facts.groupby(list(by), dropna=False).sum(min_count=1).join(minutes.groupby(list(by), dropna=False).median()).reset_index()
    return rows.assign(
        delivery_rate=ratio(rows.delivered, rows.sent),
        hard_bounce_rate=ratio(rows.hard_bounced, rows.sent),
        soft_bounce_rate=ratio(rows.soft_bounced, rows.sent),
        open_rate=ratio(rows.opened, rows.delivered),
        open_rate_human=ratio(rows.opened_by_person, rows.delivered),
        click_through_rate=ratio(rows.clicked, rows.delivered),
        click_through_rate_with_machines=ratio(rows.clicked_with_machines, rows.delivered),
        click_to_open_rate=ratio(rows.clicked, rows.opened),
        unsubscribe_rate=ratio(rows.unsubscribed, rows.delivered),
        spam_complaint_rate=ratio(rows.spam_complaints, rows.delivered),
        engagement_rate=ratio(rows.engaged, rows.engagement_base),
        unidentified_share=ratio(rows.unidentified, rows.sent),
    )


MARTS = {
    "kpi_messaging_daily": kpi_messaging_daily,
    "kpi_campaigns": kpi_campaigns,
    "kpi_subscribers_daily": kpi_subscribers_daily,
}
