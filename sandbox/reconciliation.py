"""What the retailer's own books count at a moment: the figures that every fact table must reach, counted apart from the pipeline.

    World, now -> `counts`: name -> number;  World.ledger(now) is the same

A row counts once it can be told: a call, visit, app session and Wi-Fi visit when it has ended; a day's cost and entrants when the
day is over in Moscow; an action in the app when it was recorded; a row of the marketplace's report when the report is out; a shift when
it is closed; everything else when it happened. Nothing is subtracted for faults
or quarantines: what a vendor's stand-in breaks on purpose, a test adds itself.

    tickets                  help-desk tickets, those merged, deleted and marked as spam among them
    tickets_spam, tickets_deleted, tickets_merged    of those, by the status they stand in
    ticket_comments, ticket_statuses                 comments (bots' and internal ones too) and changes of status, the first included
    ticket_ratings_webhook, ticket_ratings_field     ratings, by the way they are told; a ticket has at most one
    calls                    telephone calls, each once: in the exchange or the tracker or both
    calls_in_exchange, calls_in_tracker, calls_in_both
    leads                    site forms
    visits                   visits to the site that the counter has not thrown out by now
    visits_of_past_days      of those, begun before today (Moscow): a counter's log holds no more than that
    visit_events             page views and what was done, of `visits`
    visits_thrown_out        visits that were there for a while
    app_actions              actions in the app that Mindbox has recorded
    app_sessions_by_gap      sessions that a gap of more than 30 minutes between a customer's recorded actions parts
    app_sessions             sessions of the second app
    sessions                 visits_of_past_days, app_sessions_by_gap and app_sessions together
    survey_answers           answers; a CSI is one for each item, and who answers again in the same month is counted again
    survey_nps, survey_csi, survey_csat              of those
    channel_costs, channel_costs_kop                 rows (day, campaign) and their sum
    store_days, entrants     days of stores with a counter that worked, and the people it counted
    wifi_visits, event_visits, dropped_messages
    promotions               those that have begun
    help_desk_clients, tracker_clients               client records, anonymous ones too
    partners                 records 1C has of people and firms

Sales, by who tells them and all together. Money is whole kopecks; `_net_kop` is after every discount, before returns, without delivery.

    receipts, receipts_net_kop                       of the tills; MoySklad and 1C hold every one of them
    online_orders, online_orders_net_kop             of the shop (RetailCRM; MoySklad and 1C mirror them), without tests and those cancelled
    online_orders_cancelled                          of those placed by now, tests left out
    market_orders, market_orders_net_kop             on the marketplace, with a unit that is not cancelled; sold for the seller's price
    market_orders_cancelled                          those with no unit left
    orders, orders_net_kop                           receipts, online_orders and market_orders: each sale once
    till_returns, online_returns, market_returns     what was given back, and each with _kop; on the marketplace a unit is a return
    returns, returns_kop                             all three together
    net_revenue_kop                                  orders_net_kop - returns_kop
    shifts                   closed ones (1C)
    gift_cards_sold, gift_cards_sold_kop             sold at tills (1C), no revenue
    gift_cards_redeemed_at_tills_kop                 receipts paid with one
    gift_cards_redeemed_online_kop                   goods and delivery of online_orders paid with one
    cost_of_receipts_kop, cost_of_online_orders_kop  what the goods cost as of the sale, in months 1C has closed: of receipts rung up,
                             and of online_orders shipped, before sandbox.costs.first_open_day
    cost_of_goods_sold_kop   both
    market_units, market_units_cancelled, market_units_sold    ordered; cancelled; bought out, those returned later among them
    market_cost_kop          of the units that are not cancelled, as of the order; no system tells it
    market_settlements       rows of the reports
    market_for_pay_kop, market_logistics_kop, market_penalties_kop, market_storage_kop, market_deductions_kop     their sums
    market_payout_kop        for_pay less the other four
    market_cards             products listed on the marketplace
    told_market_...          the figures of market_ from orders to cost_kop again, of what was ordered in the last 90 days: the marketplace
                             tells nothing older, so this is what a first load can know (its reports go back all the way)
    stock_rows, stock_quantity    products in places and pieces there by now's day in Moscow (MoySklad and 1C tell the same)
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from sandbox.costs import first_open_day

if TYPE_CHECKING:
    from sandbox.world import World

TOTALS = (
    ("orders", "_net_kop", ("receipts", "online_orders", "market_orders")),
    ("returns", "_kop", ("till_returns", "online_returns", "market_returns")),
)
MARKET_TELLS = pd.Timedelta(days=90)
SESSION_GAP = np.timedelta64(30, "m")


def counts(world: World, now: datetime) -> dict[str, int]:
    """The figures as of `now` (naive is UTC)."""
    moment = _utc(now)
    midnight, today = _midnight(moment, world.time_zone)
    tickets = world.tickets[world.tickets["created_at"] <= moment]
    statuses = world.ticket_statuses[world.ticket_statuses["changed_at"] <= moment]
    standing = statuses.drop_duplicates("ticket_id", keep="last")["new_status"].value_counts()
    ratings = world.ticket_ratings.loc[world.ticket_ratings["rated_at"] <= moment, "comes_by"].value_counts()
    calls = world.calls[world.calls["ended_at"] <= moment]
    ended = world.visits[world.visits["ended_at"] <= moment]
    gone = ended["gone_at"] <= moment
    visits = ended[~gone]
    actions = world.app_actions[world.app_actions["created_at"] <= moment]
    answers = world.survey_answers[world.survey_answers["answered_at"] <= moment]
    surveys = answers["survey"].value_counts()
    costs = world.channel_costs[world.channel_costs["cost_on"] < today]
    doors = world.store_traffic[world.store_traffic["day"] < today]
    clients = world.profiles.loc[world.profiles["created_at"] <= moment, "system"].value_counts()
    past = int((visits["started_at"] < midnight).sum())
    second_app = int((world.app_sessions["ended_at"] <= moment).sum())
    by_gap = _sessions(actions)
    found = {
        "tickets": len(tickets),
        **{f"tickets_{status}": standing.get(status, 0) for status in ("spam", "deleted", "merged")},
        "ticket_comments": (world.ticket_comments["written_at"] <= moment).sum(),
        "ticket_statuses": len(statuses),
        **{f"ticket_ratings_{way}": ratings.get(way, 0) for way in ("webhook", "field")},
        "calls": len(calls),
        "calls_in_exchange": (~calls["is_external"]).sum(),
        "calls_in_tracker": calls["is_tracked"].sum(),
        "calls_in_both": (calls["is_tracked"] & ~calls["is_external"]).sum(),
        "leads": (world.leads["created_at"] <= moment).sum(),
        "visits": len(visits),
        "visits_of_past_days": past,
        "visit_events": len(_of_visits(world.visit_events, visits)),
        "visits_thrown_out": gone.sum(),
        "app_actions": len(actions),
        "app_sessions_by_gap": by_gap,
        "app_sessions": second_app,
        "sessions": past + by_gap + second_app,
        "survey_answers": len(answers),
        **{f"survey_{kind}": surveys.get(kind, 0) for kind in ("nps", "csi", "csat")},
        "channel_costs": len(costs),
        "channel_costs_kop": costs["cost_kop"].sum(),
        "store_days": len(doors),
        "entrants": doors["entrants"].sum(),
        "wifi_visits": (world.wifi_visits["left_at"] <= moment).sum(),
        "event_visits": (world.event_visits["attended_at"] <= moment).sum(),
        "dropped_messages": (world.dropped_messages["sent_at"] <= moment).sum(),
        "promotions": (world.promotions["starts_on"] <= today).sum(),
        "help_desk_clients": clients.get("usedesk", 0),
        "tracker_clients": clients.get("calltouch", 0),
        "partners": clients.get("one_c", 0),
        **_sales(world, moment),
    }
    return {name: int(number) for name, number in found.items()}


def _sales(world: World, moment: pd.Timestamp) -> dict[str, int]:
    orders = world.orders[(world.orders["created_at"] <= moment) & ~world.orders["is_test"]]
    cancelled = orders["cancelled_at"] <= moment
    live, is_receipt = orders[~cancelled], orders.loc[~cancelled, "kind"] == "receipt"
    by_card = live["payment_type"] == "gift_card"
    paid_online = ~is_receipt & by_card & (live["paid_at"] <= moment)
    back = world.returns[world.returns["returned_at"] <= moment]
    at_till = back["order_id"].isin(world.orders.loc[world.orders["kind"] == "receipt", "order_id"])
    cards = world.gift_card_sales[world.gift_card_sales["sold_at"] <= moment]
    open_day = pd.Timestamp(first_open_day(moment.to_pydatetime()))
    closed_before = open_day.tz_localize(world.time_zone).tz_convert("UTC").tz_localize(None)
    costs = world.order_lines.groupby("order_id")["cost_kop"].sum()
    in_closed_months = live["shipped_at"] < closed_before  # a receipt is shipped as it is rung up
    shares = {"receipts": is_receipt, "online_orders": ~is_receipt}
    stock = world.stock(moment.tz_localize("UTC").tz_convert(world.time_zone).date())
    found = {
        **{name: rows.sum() for name, rows in shares.items()},
        **{f"{name}_net_kop": live.loc[rows, "net_kop"].sum() for name, rows in shares.items()},
        **{f"cost_of_{name}_kop": costs.reindex(live.loc[rows & in_closed_months, "order_id"]).sum() for name, rows in shares.items()},
        "online_orders_cancelled": cancelled.sum(),
        **{name: rows.sum() for name, rows in (("till_returns", at_till), ("online_returns", ~at_till))},
        "till_returns_kop": back.loc[at_till, "amount_kop"].sum(),
        "online_returns_kop": back.loc[~at_till, "amount_kop"].sum(),
        "shifts": (world.shifts["closed_at"] <= moment).sum(),
        "gift_cards_sold": len(cards),
        "gift_cards_sold_kop": cards["amount_kop"].sum(),
        "gift_cards_redeemed_at_tills_kop": live.loc[is_receipt & by_card, "net_kop"].sum(),
        "gift_cards_redeemed_online_kop": live.loc[paid_online, ["net_kop", "delivery_kop"]].sum().sum(),
        "stock_rows": len(stock),
        "stock_quantity": stock["quantity"].sum(),
        **_market(world, moment),
    }
    found["cost_of_goods_sold_kop"] = found["cost_of_receipts_kop"] + found["cost_of_online_orders_kop"]
    for whole, money, parts in TOTALS:
        found[whole] = sum(found[part] for part in parts)
        found[whole + money] = sum(found[part + money] for part in parts)
    found["net_revenue_kop"] = found["orders_net_kop"] - found["returns_kop"]
    return found


def _market(world: World, moment: pd.Timestamp) -> dict[str, int]:
    orders = world.market_orders[world.market_orders["ordered_at"] <= moment]
    told = _market_sales(world, orders[orders["ordered_at"] >= moment - MARKET_TELLS], moment)
    rows = world.market_settlements[world.market_settlements["published_at"] <= moment]
    parts = {"for_pay": "for_pay", "logistics": "delivery", "penalties": "penalty", "storage": "storage", "deductions": "deduction"}
    taken = rows[["delivery_kop", "penalty_kop", "storage_kop", "deduction_kop"]].sum(axis=1)
    return {
        **_market_sales(world, orders, moment),
        **{f"told_{name}": number for name, number in told.items()},
        "market_settlements": len(rows),
        **{f"market_{name}_kop": rows[f"{column}_kop"].sum() for name, column in parts.items()},
        "market_payout_kop": (rows["for_pay_kop"] - taken).sum(),
        "market_cards": world.products["nm_id"].notna().sum(),
    }


def _market_sales(world: World, orders: pd.DataFrame, moment: pd.Timestamp) -> dict[str, int]:
    units = world.market_units[world.market_units["market_order_id"].isin(orders["market_order_id"])]
    kept = units[~(units["cancelled_at"] <= moment)]
    back = units[units["returned_at"] <= moment]
    return {
        "market_orders": kept["market_order_id"].nunique(),
        "market_orders_net_kop": kept["price_kop"].sum(),
        "market_orders_cancelled": len(orders) - kept["market_order_id"].nunique(),
        "market_units": len(units),
        "market_units_cancelled": len(units) - len(kept),
        "market_units_sold": (units["sold_at"] <= moment).sum(),
        "market_returns": len(back),
        "market_returns_kop": back["price_kop"].sum(),
        "market_cost_kop": kept["cost_kop"].sum(),
    }


def _utc(now: datetime) -> pd.Timestamp:
    stamp = pd.Timestamp(now)
    return stamp.tz_convert("UTC").tz_localize(None) if stamp.tzinfo else stamp


def _midnight(moment: pd.Timestamp, time_zone: str) -> tuple[pd.Timestamp, pd.Timestamp]:
    """When today began, in UTC; and today's date."""
    began = moment.tz_localize("UTC").tz_convert(time_zone).normalize()
    return began.tz_convert("UTC").tz_localize(None), began.tz_localize(None)


def _of_visits(events: pd.DataFrame, visits: pd.DataFrame) -> pd.DataFrame:
    """The events of these visits. A visit's id may come again in another year, for another browser."""
    kept = pd.MultiIndex.from_frame(visits[["visit_id", "client_id"]])
    return events[pd.MultiIndex.from_frame(events[["visit_id", "client_id"]]).isin(kept)]


def _sessions(actions: pd.DataFrame) -> int:
    """How many stretches the actions of each customer make."""
    done = actions.sort_values(["mindbox_id", "happened_at"], kind="stable")
    same = (done["mindbox_id"] == done["mindbox_id"].shift()) & (done["happened_at"] - done["happened_at"].shift() <= SESSION_GAP)
    return int((~same).sum())
