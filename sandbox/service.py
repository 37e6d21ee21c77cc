"""The retailer's service desk and everything people tell it: the tables beside trade and mailings.

    orders, people, visits -> answers -> tickets -> calls, leads -> the help desk's and the call tracker's clients

`served` is what sandbox/retailer.py calls.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from sandbox import call_lives, calls, clients, footfall, leads, side_systems, surveys, ticket_lives, tickets
from sandbox.contacts import optional, text
from sandbox.dice import Dice
from sandbox.profiles import OWN
from sandbox.world import table

FIRST_TICKET, FIRST_COMMENT, FIRST_CHANGE = 1_200_001, 30_000_001, 40_000_001


@dataclass(frozen=True)
class Retailer:
    """What the service desk's tables stand on; `orders` still with the dice's keys and person, the row of `folk` (-1 nobody)."""

    customers: int
    begins: np.datetime64
    ends: np.datetime64
    folk: pd.DataFrame
    changes: pd.DataFrame
    firms: pd.DataFrame
    shops: pd.DataFrame
    records: pd.DataFrame
    orders: pd.DataFrame
    visits: pd.DataFrame


@dataclass(frozen=True)
class Served:
    tables: dict[str, pd.DataFrame]
    profiles: pd.DataFrame
    profile_changes: pd.DataFrame


def served(dice: Dice, retailer: Retailer) -> Served:
    """The tables of the service desk, and the clients of the systems it works with."""
    folk, changes, orders = retailer.folk, retailer.changes, retailer.orders
    joined = folk["joined_at"].to_numpy().astype("datetime64[us]")
    span = {"begins": retailer.begins, "ends": retailer.ends}
    scale = {"customers": retailer.customers, **span}
    visits = _of_the_met(retailer.visits, joined)
    told = surveys.recommendations(dice, orders)
    to_write, to_call = surveys.low_scores(dice, told)
    written = tickets.causes(dice, orders, joined, to_write, **scale)
    forms = leads.causes(dice, visits, orders, **scale)
    asked = forms[forms["subject"] == leads.CALLBACK]
    causes = calls.causes(dice, orders, joined, retailer.shops, visits, written, to_call, asked, **scale)
    heard = call_lives.lives(dice, causes, retailer.shops, orders, ends=retailer.ends)
    phones = call_lives.numbers(dice, heard, folk, changes, retailer.firms)
    told = pd.concat(
        [told.assign(phone=None), surveys.index_waves(dice, joined, **span).assign(phone=None), surveys.after_calls(dice, heard, phones)],
        ignore_index=True,
    )
    desk = clients.help_desk(dice, written, folk, changes, retailer.firms, begins=retailer.begins)
    tracker = clients.call_tracker(dice, forms, folk, changes, retailer.firms, begins=retailer.begins)
    tables = help_desk_tables(dice, retailer, written, desk.record_ids) | {
        "calls": call_lives.call_table(dice, heard, phones, folk, orders, visits),
        "call_legs": call_lives.legs(dice, heard, retailer.shops),
        "leads": leads.lead_table(dice, forms, tracker.record_ids, folk, changes, orders, visits),
        "survey_answers": surveys.answer_table(dice, told, folk, changes, orders, ends=retailer.ends),
        "store_traffic": footfall.store_traffic(dice, orders, retailer.shops, customers=retailer.customers, **span),
        "wifi_visits": footfall.wifi_visits(dice, orders, folk, changes, retailer.shops, **scale),
        "event_visits": footfall.event_visits(dice, folk, changes, retailer.shops, **span),
        "app_sessions": side_systems.app_sessions(dice, folk, _shop_records(retailer), **scale),
        "dropped_messages": side_systems.dropped_messages(dice, orders, folk, changes, _shop_records(retailer), **span),
        "promotions": side_systems.promotions(dice, **span),
    }
    return Served(
        tables,
        pd.concat([desk.profiles, tracker.profiles], ignore_index=True),
        pd.concat([desk.changes, tracker.changes], ignore_index=True),
    )


def help_desk_tables(dice: Dice, retailer: Retailer, causes: pd.DataFrame, record_ids: np.ndarray) -> dict[str, pd.DataFrame]:
    """tickets, ticket_comments, ticket_statuses, ticket_ratings; ids grow with time."""
    lives = ticket_lives.lives(dice, causes, retailer.shops, ends=retailer.ends)
    numbers = retailer.orders["number"].to_numpy(dtype=object)
    said = ticket_lives.subjects(causes, numbers, lives.tickets["is_spam"].to_numpy())
    order, parent, person = causes["order"].to_numpy(), causes["parent"].to_numpy(), causes["person"].to_numpy()
    own = lives.tickets.drop(columns="is_spam")
    made = own.assign(
        ticket_id=FIRST_TICKET + np.arange(len(causes)),
        client_record_id=record_ids,
        person_id=text(np.where(person >= 0, retailer.folk["person_id"].to_numpy(dtype=object)[np.maximum(person, 0)], None)),
        channel=causes["channel"],
        order_id=optional(retailer.orders["order_id"].to_numpy(), order),
        created_at=causes["created_at"],
        created_by=np.where(causes["by_agent"], "agent", "client"),
        merged_into=optional(FIRST_TICKET + np.arange(len(causes)), parent),
        **{name: said[name] for name in said},
    )

    def numbered(frame: pd.DataFrame, key: str, first: int) -> pd.DataFrame:
        return frame.drop(columns=["at", "told"], errors="ignore").assign(
            **{key: first + np.arange(len(frame)), "ticket_id": FIRST_TICKET + frame["at"]}
        )

    return {
        "tickets": table("tickets", made),
        "ticket_comments": table("ticket_comments", numbered(lives.comments, "comment_id", FIRST_COMMENT)),
        "ticket_statuses": table("ticket_statuses", numbered(lives.statuses, "change_id", FIRST_CHANGE)),
        "ticket_ratings": table("ticket_ratings", numbered(lives.ratings, "rating_id", 1)),
    }


def _of_the_met(visits: pd.DataFrame, joined_at: np.ndarray) -> pd.DataFrame:
    """The visits of strangers and of people by then known: whoever looks around first may be told of in a longer future only."""
    person = calls.person_rows(visits["person_id"])
    there = (person >= 0) & (person < len(joined_at))
    met = there & (joined_at[np.where(there, person, 0)] <= visits["ended_at"].to_numpy())
    return visits[met | (person < 0)].reset_index(drop=True)


def _shop_records(retailer: Retailer) -> pd.DataFrame:
    """external_id and created_at of the shop's own record of each person, by row of `folk`; missing where there is none."""
    records = retailer.records
    own = records[(records["system"] == "retailcrm") & (records["slot"] == OWN) & (records["person"] >= 0)].set_index("person")
    return own[["external_id", "created_at"]].reindex(range(len(retailer.folk)))
