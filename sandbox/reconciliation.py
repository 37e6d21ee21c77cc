"""What the retailer's own books count at a moment: the figures that every fact table must reach, counted apart from the pipeline.

    World, now -> `counts`: name -> number;  World.ledger(now) is the same

A row counts once it can be told: a call, visit, app session and Wi-Fi visit when it has ended; a day's cost and entrants when the
day is over in Moscow; an action in the app when it was recorded; everything else when it happened. Nothing is subtracted for faults
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
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from sandbox.world import World

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
    }
    return {name: int(number) for name, number in found.items()}


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
