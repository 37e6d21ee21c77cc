"""The documents' claims beside this retailer's own values, from the core tables and from what the other families recompute of them."""

from __future__ import annotations

from functools import cached_property

import pandas as pd

from tests.recomputed.conversion import kpi_channel_conversion_monthly
from tests.recomputed.loyalty import kpi_loyalty_monthly
from tests.recomputed.messaging import with_orders
from tests.recomputed.omnichannel import kpi_omnichannel_monthly
from tests.recomputed.people import people
from tests.recomputed.sales import counted_returns
from tests.recomputed.stores import kpi_store_monthly
from tests.recomputed.tables import Tables
from tests.recomputed.value import kpi_customer_value_monthly
from tests.recomputed.visits import judged_sessions

ON_RECEIPT = ["cash", "card"]
Told = dict[str, tuple[float | None, int]]


def seed_claims(tables: Tables) -> pd.DataFrame:
    """One row per claim: the own value, and how many rows it stands on."""
    world = _World(tables)
    told = _of_shoppers(world) | _of_messages(world) | _of_people(world) | _of_online_orders(world) | _of_stores(world)
    return pd.DataFrame([{"claim_id": claim, "own_value": value, "own_n": n} for claim, (value, n) in told.items()])


class _World:
    """The newest month that is over, the twelve that end with it, and the core tables cut to them."""

    def __init__(self, tables: Tables) -> None:
        self.tables = tables
        self.month = tables.as_of_on.replace(day=1) - pd.DateOffset(months=1)
        self.since, self.until = self.month - pd.DateOffset(months=11), self.month + pd.offsets.MonthEnd(0)
        self.year_before = self.month - pd.DateOffset(months=12)

    def year(self, frame: pd.DataFrame, day: str) -> pd.DataFrame:
        return frame[(frame[day] >= self.since) & (frame[day] <= self.until)]

    @cached_property
    def orders(self) -> pd.DataFrame:
        return self.tables.orders[self.tables.orders.is_counted]

    @cached_property
    def online_orders(self) -> pd.DataFrame:
        return self.orders[self.orders.channel_class == "online"]

    @cached_property
    def sessions(self) -> pd.DataFrame:
        sessions = judged_sessions(self.tables)
        return sessions[sessions.purchased.notna() & (sessions.session_kind == "web")]


def _share(part: float, whole: float) -> float | None:
    return float(part) / float(whole) if pd.notna(part) and whole else None


def _of_shoppers(world: _World) -> Told:
    rows = kpi_omnichannel_monthly(world.tables)
    rows = rows[rows.frequency_band == "all"]
    totals = rows[rows.channels_count.isna() & (rows.month == world.month)].set_index("shopper_type")
    both = totals.loc["omnichannel"]
    counts = rows[(rows.month == world.month) & (rows.shopper_type == "all") & rows.channels_count.notna()]
    several, one = counts[counts.channels_count >= 2], counts[counts.channels_count == 1]
    revenue = [_share(side.net_revenue.sum(), side.customers.sum()) for side in (several, one)]
    visited = rows[rows.channels_count.isna() & rows.uplift_repeat_visits.notna()].sort_values("month").tail(12)
    visits = _growth(visited.repeat_visits.sum(), visited.baseline_repeat_visits.sum())
    told: Told = {
        "omnichannel_order_value": (both.uplift_average_order_value, both.orders),
        "omnichannel_lifetime_value": (both.uplift_ltv, both.customers),
        "multichannel_revenue": (revenue[0] / revenue[1] - 1, several.customers.sum()),
        "omnichannel_repeat_visits": (visits, visited.matched_customers.sum()),
    }
    for shoppers in ("online_only", "offline_only", "omnichannel"):
        row = totals.loc[shoppers]
        told[f"{shoppers}_shoppers_by_touch"] = (row.shopper_type_share_by_touch, row.touched_customers)
        told[f"{shoppers}_shoppers_by_purchase"] = (row.shopper_type_share, row.buyers)
    begun = kpi_channel_conversion_monthly(world.tables)
    begun = world.year(begun[begun.from_channel == begun.to_channel], "month")
    told["cross_channel_conversion"] = (_share(begun.converted_elsewhere.sum(), begun.starters.sum()), begun.starters.sum())
    return told


def _of_messages(world: _World) -> Told:
    messages = world.tables.messages
    delivered = world.year(messages[messages.is_delivered], "sent_on")
    email, push = (delivered[delivered.channel == channel] for channel in ("email", "push"))
    told: Told = {
        "email_open_rate": (_share(email.is_opened.sum(), len(email)), len(email)),
        "push_engagement": (_share(push.is_clicked.sum(), len(push)), len(push)),
    }
    for name, channel in (("push", push), ("email", email)):
        carts = channel[channel.trigger_name.fillna("").str.startswith("abandoned_cart")]
        tells_opens = carts.is_opened.sum() > carts.is_clicked.sum()
        told[f"abandoned_cart_{name}_opens"] = (_share(carts.is_opened.sum(), len(carts)) if tells_opens else None, len(carts))
        told[f"abandoned_cart_{name}_clicks"] = (_share(carts.is_clicked.sum(), len(carts)), len(carts))
    return told | {"resend_with_sms": _resend(world)}


def _resend(world: _World) -> tuple[float | None, int]:
    """Revenue after a click per delivered message: campaigns sent by e-mail and by SMS with one utm_campaign (else name) against those
    without SMS."""
    campaigns = world.tables.campaigns.set_index("campaign_id")
    words = campaigns.utm_campaign.fillna(campaigns.name).str.strip().str.lower()
    messages = with_orders(world.tables)
    messages = messages[messages.message_type == "mass"]
    called = messages.campaign_id.map(words).fillna(messages.campaign_id)
    ways = messages.groupby(called).channel.agg(set)
    by_email, by_sms = (ways.map(lambda way, channel=channel: channel in way) for channel in ("email", "sms"))
    sides = []
    for chosen in (by_email & by_sms, by_email & ~by_sms):
        of_side = messages[called.isin(ways.index[chosen])]
        sides.append((_share(of_side.attributed_revenue.sum(), of_side.is_delivered.sum()), int(of_side.is_delivered.sum())))
    (resent, n), (plain, _) = sides
    return resent / plain if resent is not None and plain else None, n


def _of_people(world: _World) -> Told:
    tables = world.tables
    answers = tables.survey_answers
    answers = world.year(answers[answers.counts_in_wave & (answers.survey_type == "nps")], "month")
    net = 100 * ((answers.nps_class == "promoter").sum() - (answers.nps_class == "detractor").sum())
    nps = (_share(net, len(answers)), len(answers))
    value = world.year(kpi_customer_value_monthly(tables), "month")
    members = kpi_loyalty_monthly(tables).set_index("month").loc[world.month]
    sides = [value[value.is_loyalty_member], value[~value.is_loyalty_member]]
    margin = [_share(side.margin_amount.sum(), side.orders_count.sum()) for side in sides]
    weeks = value.active_customer_weeks.sum()
    buyers = world.orders.customer_id[world.orders.customer_id.isin(people(tables))].nunique()
    return {
        "nps_average": nps,
        "nps_excellent": nps,
        "customer_lifetime_value": (None, buyers),
        "visits_a_week": (_share(value.active_store_visits.sum(), weeks), round(weeks)),
        "residents_in_programme": (members.participation_rate, members.known_customers),
        "loyal_customer_profit": (margin[0] / margin[1] - 1 if all(margin) else None, sides[0].orders_count.sum()),
    }


def _of_online_orders(world: _World) -> Told:
    sessions, orders = world.sessions, world.online_orders
    year, placed = world.year(sessions, "started_on"), world.year(orders, "ordered_on")
    now, before = (_in_month(sessions, "started_on", month) for month in (world.month, world.year_before))
    bought, bought_before = (_in_month(orders, "ordered_on", month) for month in (world.month, world.year_before))
    returned = counted_returns(world.tables)
    returned = returned[returned.channel_class == "online"]
    net = [
        sold.net_revenue.sum() - _in_month(returned, "returned_on", month).amount.sum()
        for sold, month in ((bought, world.month), (bought_before, world.year_before))
    ]
    regions = world.tables.stores.query("kind == 'store'").groupby("region").size().reset_index(name="stores")
    home = regions.sort_values(["stores", "region"], ascending=[False, True]).region.iloc[0]
    shipped, paid = placed[placed.delivery_region.notna()], placed[placed.payment_method.notna() & (placed.payment_method != "unknown")]
    calls = world.tables.calls
    calls = world.year(calls[calls.direction == "in"], "started_on")
    return {
        "ecommerce_conversion": (_share(year.purchased.sum(), len(year)), len(year)),
        "conversion_growth": (_growth(now.purchased.mean(), before.purchased.mean()), len(now)),
        "online_sales_growth": (_growth(*net), bought.receipts_count.sum()),
        "online_orders_growth": (_growth(bought.receipts_count.sum(), bought_before.receipts_count.sum()), bought.receipts_count.sum()),
        "orders_from_regions": (_share((shipped.delivery_region != home).sum(), len(shipped)), len(shipped)),
        "pay_on_receipt": (_share(paid.payment_method.isin(ON_RECEIPT).sum(), len(paid)), len(paid)),
        "call_source_known": (_share(calls.traffic_source.notna().sum(), len(calls)), len(calls)),
    }


def _of_stores(world: _World) -> Told:
    stores = kpi_store_monthly(world.tables)
    stores = stores[(stores.month == world.month) & stores.is_comparable.fillna(False)]
    return {"tenant_sales": (_growth(stores.like_for_like_revenue.sum(), stores.like_for_like_revenue_last_year.sum()), len(stores))}


def _in_month(frame: pd.DataFrame, day: str, month: pd.Timestamp) -> pd.DataFrame:
    return frame[(frame[day] >= month) & (frame[day] <= month + pd.offsets.MonthEnd(0))]


def _growth(now: float, before: float) -> float | None:
    grown = _share(now, before)
    return None if grown is None else grown - 1


MARTS = {"seed_claims": seed_claims}
