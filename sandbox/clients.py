"""The help desk's and the call tracker's clients: records of people that these systems made for themselves.

    tickets, leads -> needs (whose record, by which contact, since when) -> profiles, profile_changes; record ids

The help desk has a client per contact: the mailbox, the phone in WhatsApp, the user of Telegram, the user of VK. The chat on
the site knows the mailbox of those who logged in, a phone of those who typed it, and nothing of the rest: such a visitor is a
client of kind visitor without a person, even if the truth knows who sat there. Strangers are of kind stranger.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from sandbox import contacts
from sandbox.dice import Dice
from sandbox.profiles import records as written_records
from sandbox.profiles import written_phone
from sandbox.shapes import SHAPES
from sandbox.world import table

MAILBOX, PHONE, TELEGRAM, VK = 0, 1, 2, 3  # slots of a person's clients in the help desk
SLOTS = {"email": MAILBOX, "form": MAILBOX, "whatsapp": PHONE, "telegram": TELEGRAM, "vk": VK}
CHAT_WEIGHTS, STRANGERS_CHAT_WEIGHTS = (50, 20, 30), (25, 15, 60)  # as the mailbox, the phone or nobody known
GIVES_PHONE_TOO, TELEGRAM_WITH_PHONE = 0.4, 0.35
FIRST_CLIENT = {"usedesk": 5_000_001, "calltouch": 9_000_001}
CHANGES_HEARD = ("phone", "email", "last_name")  # of what a client record holds


@dataclass(frozen=True)
class Clients:
    """record_ids in the order of the contacts given; profiles and their changes in the shapes of the world."""

    record_ids: np.ndarray
    profiles: pd.DataFrame
    changes: pd.DataFrame


def help_desk(
    dice: Dice, causes: pd.DataFrame, folk: pd.DataFrame, changes: pd.DataFrame, firms: pd.DataFrame, *, begins: np.datetime64
) -> Clients:
    """The clients behind the tickets of `tickets.causes`."""
    key = tuple(causes[name].to_numpy() for name in ("src", "who", "nth"))
    person, stranger, channel = causes["person"].to_numpy(), causes["stranger"].to_numpy(), causes["channel"].to_numpy()
    known = person >= 0
    chats = np.where(
        known,
        dice.index(3, "chats as", person, weights=CHAT_WEIGHTS),
        dice.index(3, "stranger chats as", stranger, weights=STRANGERS_CHAT_WEIGHTS),
    )
    slot = np.array([SLOTS.get(c, -1) for c in channel])
    slot = np.where(slot >= 0, slot, np.where(chats == 0, MAILBOX, PHONE))
    nobody = (channel == "chat") & (chats == 2)
    gives = dice.happens(GIVES_PHONE_TOO, "gives phone too", person, slot)
    with_phone = dice.happens(TELEGRAM_WITH_PHONE, "telegram with phone", person)
    needs = pd.DataFrame(
        {
            # A visitor is as many clients as chats; what was written twice is one chat.
            "number": np.where(nobody, np.where(key[0] // 10 == 1, key[0] - 10, key[0]), 0),
            "k1": np.where(nobody, key[1], np.where(known, person, stranger)),
            "k2": np.where(nobody, key[2], 0),
            "kind": np.select([nobody, ~known], ["visitor", "stranger"], "person"),
            "slot": slot,
            "contact": np.select(
                [slot == MAILBOX, slot == PHONE, (slot == TELEGRAM) & with_phone],
                [np.where(gives, "both", "email"), "phone", "phone"],
                "messenger",
            ),
            "messenger": np.select([slot == TELEGRAM, slot == VK], ["telegram", "vk"], ""),
            "created_at": causes["created_at"].to_numpy(),
        }
    )
    return _clients(dice, "usedesk", needs, folk, changes, firms, begins=begins)


def call_tracker(
    dice: Dice, leads: pd.DataFrame, folk: pd.DataFrame, changes: pd.DataFrame, firms: pd.DataFrame, *, begins: np.datetime64
) -> Clients:
    """The clients behind site forms: `leads` has person, stranger, with_email, created_at."""
    person, stranger = leads["person"].to_numpy(), leads["stranger"].to_numpy()
    needs = pd.DataFrame(
        {
            "number": 0,
            "k1": np.where(person >= 0, person, stranger),
            "k2": 0,
            "kind": np.where(person >= 0, "person", "stranger"),
            "slot": MAILBOX,
            "contact": np.where(leads["with_email"], "both", "phone"),
            "messenger": "",
            "created_at": leads["created_at"].to_numpy(),
        }
    )
    return _clients(dice, "calltouch", needs, folk, changes, firms, begins=begins)


def _clients(
    dice: Dice, system: str, needs: pd.DataFrame, folk: pd.DataFrame, changes: pd.DataFrame, firms: pd.DataFrame, *, begins: np.datetime64
) -> Clients:
    """One client per (kind, number, k1, k2, slot), made at its first contact, numbered in that order."""
    same = ["kind", "number", "k1", "k2", "slot"]
    first = needs.sort_values(["created_at", *same], kind="stable").drop_duplicates(same).reset_index(drop=True)
    first["record_id"] = np.arange(FIRST_CLIENT[system], FIRST_CLIENT[system] + len(first))
    ids = needs[same].merge(first[[*same, "record_id"]], on=same, how="left")["record_id"].to_numpy()
    people = first[first["kind"] == "person"]
    wanted = people.assign(system=system, person=people["k1"], firm=0, at_till=False, is_member=False)
    wanted = wanted[["system", "person", "slot", "created_at", "contact", "firm", "at_till", "is_member", "record_id", "messenger"]]
    made, changed = written_records(dice, wanted, folk, changes[changes["field"].isin(CHANGES_HEARD)], firms, begins=begins)
    made = made.assign(kind="person", is_guest=False, city=None, region=None, sex=None, messenger_id=None)
    chats = (made["messenger"] != "").to_numpy()
    made.loc[chats, "messenger_id"] = contacts.messenger_ids(
        dice, made["messenger"].to_numpy()[chats], made["person"].to_numpy()[chats] * 8 + made["slot"].to_numpy()[chats]
    )
    others = _strangers(dice, system, first[first["kind"] != "person"])
    everybody = pd.concat([made[[name for name in SHAPES["profiles"] if name in made]], others], ignore_index=True)
    everybody = everybody.sort_values("record_id", kind="stable")
    return Clients(ids, table("profiles", everybody), table("profile_changes", changed[list(SHAPES["profile_changes"])]))


def _strangers(dice: Dice, system: str, first: pd.DataFrame) -> pd.DataFrame:
    key, contact = first["k1"].to_numpy(), first["contact"].to_numpy()
    seen = (first["kind"] == "stranger").to_numpy()
    name, last = contacts.stranger_names(dice, key)
    style = dice.index(5, "stranger's phone style", key)
    phone = [written_phone(p, s) for p, s in zip(contacts.stranger_phones(dice, key), style, strict=True)]
    chats = first["messenger"].to_numpy()
    messenger = contacts.messenger_ids(dice, chats, -key * 8 - first["slot"].to_numpy() - 1)
    return pd.DataFrame(
        {
            "system": system,
            "record_id": first["record_id"].to_numpy(),
            "kind": first["kind"].to_numpy(),
            "is_guest": False,
            "merged_into": None,
            "created_at": first["created_at"].to_numpy(),
            "first_name": contacts.text(np.where(seen, name, None)),
            "last_name": contacts.text(np.where(seen & dice.happens(0.6, "stranger's full name", key), last, None)),
            "email": contacts.text(np.where(seen & np.isin(contact, ("both", "email")), contacts.stranger_emails(dice, key), None)),
            "phone": contacts.text(np.where(seen & np.isin(contact, ("both", "phone")), phone, None)),
            "messenger_id": contacts.text(np.where(seen & (chats != ""), messenger, None)),
        }
    )
