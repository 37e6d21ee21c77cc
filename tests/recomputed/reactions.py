"""What people did after messages: bought after a trigger fired, or answered in another channel than the one they had gone silent in."""

from __future__ import annotations

import pandas as pd

from tests.recomputed.messaging import chain, judged_messages
from tests.recomputed.people import people
from tests.recomputed.tables import Tables, month_of, ratio

GRAIN = ["month", "trigger_name", "channel"]


def kpi_trigger_monthly(tables: Tables) -> pd.DataFrame:
    """Triggers and messages about orders: what was sent, how often they fired, and the orders that followed."""
    messages = judged_messages(tables)
    messages = messages[messages.message_type.isin(["trigger", "transactional"])]
    messages = messages.assign(month=month_of(messages.sent_on), attributed_orders=0, attributed_revenue=0)
    rows = chain(messages, *(messages[column] for column in GRAIN))
    fired = _firings(tables, messages[messages.is_delivered & messages.customer_id.isin(people(tables))])
    days = pd.Timedelta(days=tables.rules["triggers.conversion_days"])
    orders = tables.orders.loc[tables.orders.is_counted, ["order_id", "customer_id", "ordered_at", "net_revenue"]]
    met = fired.merge(orders.dropna(subset=["customer_id"]), on="customer_id")
    met = met[(met.ordered_at >= met.fired_at) & (met.ordered_at <= met.fired_at + days)]
    fired["due"] = fired.fired_at + days <= tables.as_of
    fired["converted"] = fired.due & fired.firing.isin(met.firing)
    last = met.sort_values(["fired_at", "firing"]).drop_duplicates(["order_id", "trigger_name"], keep="last")
    brought = last.groupby("firing").agg(orders_count=("order_id", "size"), revenue=("net_revenue", "sum"))
    fired = fired.join(brought, on="firing")
    fired["revenue_of_due"] = fired.revenue.where(fired.due)
    told = fired.groupby(GRAIN, dropna=False).agg(
        firings=("firing", "size"), conversion_due_firings=("due", "sum"), conversions=("converted", "sum"),
        orders_count=("orders_count", "sum"), revenue=("revenue", "sum"), revenue_of_due_firings=("revenue_of_due", "sum"),
    ).astype("Int64")
    rows = rows.merge(told.reset_index(), on=GRAIN, how="left")
    rows[told.columns] = rows[told.columns].fillna(0)
    rows["conversions"] = rows.conversions.mask((rows.firings > 0) & (rows.conversion_due_firings == 0))
    kept = [*GRAIN, "sent", "delivered", "opened", "opened_by_person", "clicked", "clicked_with_machines", "unsubscribed", *told.columns]
    kept += ["delivery_rate", "open_rate", "open_rate_human", "click_through_rate", "click_through_rate_with_machines"]
    return rows[[*kept, "click_to_open_rate", "unsubscribe_rate"]].assign(
        conversion_rate=ratio(rows.conversions, rows.conversion_due_firings),
        revenue_per_firing=ratio(rows.revenue_of_due_firings, rows.conversion_due_firings) / 100,
    )


def _firings(tables: Tables, delivered: pd.DataFrame) -> pd.DataFrame:
    """Messages of one trigger to one person in a row; the next firing begins with a campaign that came before or after a long silence."""
    silence = pd.Timedelta(days=tables.rules["triggers.conversion_days"])
    delivered = delivered.assign(trigger_name=delivered.trigger_name.astype("string").fillna(""))
    columns = ["customer_id", "trigger_name", "sent_at", "message_id", "campaign_id", "month", "channel"]
    fired, series, came, previous = [], None, set(), None
    for customer, trigger, sent_at, _, campaign, month, channel in delivered[columns].sort_values(columns[:4]).itertuples(index=False):
        if series != (customer, trigger) or campaign in came or sent_at > previous + silence:
            series, came = (customer, trigger), set()
            fired.append((len(fired), customer, trigger or None, month, channel, sent_at))
        came.add(campaign)
        previous = sent_at
    return pd.DataFrame(fired, columns=["firing", "customer_id", "trigger_name", "month", "channel", "fired_at"])


def kpi_channel_fallback_monthly(tables: Tables) -> pd.DataFrame:
    """People by the month in which they fell silent in a channel, that is when the fifth message in a row that they ignored was sent, and
    what they did in every other one in the seven days after that message, however long they went on being silent."""
    messages = tables.messages
    messages = messages[messages.message_type.isin(["mass", "trigger"]) & messages.is_delivered & messages.customer_id.isin(people(tables))]
    opened = messages.is_opened & ~messages.is_machine_opened
    messages = messages.assign(
        reacted=opened | messages.is_clicked,
        opened_at=messages.first_opened_at.where(opened),
        clicked_at=messages.first_clicked_at.where(messages.is_clicked),
    )
    silent = _silences(messages, tables.rules["messaging.fallback_ignored_messages"])
    days = pd.Timedelta(days=tables.rules["messaging.fallback_reaction_days"])
    silent = silent[silent.silent_at + days <= tables.as_of]
    other = messages[["customer_id", "channel", "sent_at", "opened_at", "clicked_at"]]
    met = silent.merge(other.rename(columns={"channel": "to_channel"}), on="customer_id")
    met = met[met.to_channel != met.from_channel]

    def within(moments: pd.Series) -> pd.Series:
        return (moments > met.silent_at) & (moments <= met.silent_at + days)

    by = ["month", "from_channel", "to_channel"]
    met = met.assign(fell_back=within(met.opened_at) | within(met.clicked_at), written_to=within(met.sent_at))
    rows = silent.groupby(["month", "from_channel"]).customer_id.nunique().rename("ignored").reset_index()
    rows = rows.merge(pd.DataFrame({"to_channel": sorted(messages.channel.unique())}), how="cross")
    rows = rows[rows.from_channel != rows.to_channel]
    for column in ("fell_back", "written_to"):
        rows = rows.join(met[met[column]].groupby(by).customer_id.nunique().rename(column), on=by)
        rows[column] = rows[column].fillna(0)
    return rows.assign(
        fallback_rate=ratio(rows.fell_back, rows.ignored),
        written_to_share=ratio(rows.written_to, rows.ignored),
    )


def _silences(messages: pd.DataFrame, ignored: int) -> pd.DataFrame:
    """The moments at which somebody had ignored so many messages in a row of a channel; a longer silence is
    the same one, so who ignored more is here once, at the fifth."""
    found, series, in_a_row = [], None, 0
    messages = messages.sort_values(["customer_id", "channel", "sent_at", "message_id"])
    columns = ["customer_id", "channel", "reacted", "sent_at", "sent_on"]
    for customer, channel, reacted, sent_at, sent_on in messages[columns].itertuples(index=False):
        if series != (customer, channel):
            series, in_a_row = (customer, channel), 0
        in_a_row = 0 if reacted else in_a_row + 1
        if in_a_row == ignored:
            found.append((customer, channel, sent_at, sent_on))
    silent = pd.DataFrame(found, columns=["customer_id", "from_channel", "silent_at", "on"])
    return silent.assign(month=month_of(silent.on))


MARTS = {"kpi_trigger_monthly": kpi_trigger_monthly, "kpi_channel_fallback_monthly": kpi_channel_fallback_monthly}
