"""Where each vendor's system first met each person: which records exist, since when, and with which contacts.

visits, enrolments -> seen visits (identified? as a guest? a member?) -> needs (one row per record to be made)
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from sandbox import traps
from sandbox.dice import Dice
from sandbox.profiles import DUPLICATE, OWN
from sandbox.trade import BUYS, FIRMS, GIVES_PHONE, NEVER, SHOWS_CARD, TESTS, seconds

FIRM, TEST, PLACEHOLDER = -1, -2, -3
NEWSLETTER = 0.08  # of people subscribe before they buy
NEEDS = ("system", "person", "slot", "created_at", "contact", "firm", "at_till", "is_member")


def seen(dice: Dice, visits: pd.DataFrame, members: pd.DataFrame, *, people: int) -> pd.DataFrame:
    """visits with person (row number, -1 nobody knows), is_guest, guest_contact, is_member (the account counts)."""
    who, nth = visits["who"].to_numpy(), visits["nth"].to_numpy()
    person = np.where(who >= 0, who, 0)
    online = (visits["sales_channel"] != "store").to_numpy()
    at = visits["created_at"].to_numpy()
    active = (members["activated_at"].to_numpy()[person] <= at) & ~(members["closed_at"].to_numpy()[person] <= at) & (who >= 0)
    phoned = (visits["sales_channel"] == "phone").to_numpy()
    guest = online & (who >= 0) & (nth > 0) & ~phoned & dice.happens(traps.GUEST_CHECKOUT, "guest", who, nth)
    contact = dice.choice(tuple(traps.GUEST_CONTACTS), "guest contact", who, nth, weights=tuple(traps.GUEST_CONTACTS.values()))
    # Whoever has not confirmed the account is asked for a phone like anybody else.
    shows = np.where(active, dice.happens(SHOWS_CARD, "shows card", who, nth), dice.happens(GIVES_PHONE, "gives phone", who, nth))
    known = (who >= 0) & (online | shows)
    return visits.assign(
        person=np.where(known, who, -1),
        online=online,
        is_guest=guest,
        guest_contact=np.where(guest, contact, "both"),
        is_member=known & active & ~guest,
    )


def needs(
    dice: Dice, met: pd.DataFrame, members: pd.DataFrame, joined_at: np.ndarray, firms: pd.DataFrame, *, begins: np.datetime64
) -> pd.DataFrame:
    """The records to be made; a person's own record in a system is made at the first occasion."""
    count = len(joined_at)
    minute = np.timedelta64(60, "s")
    known = met[met["person"] >= 0]
    first = (
        known["created_at"]
        .groupby([known["person"], known["online"], known["is_guest"], known["guest_contact"] == "email"])
        .min()
        .reset_index()
    )

    def earliest(rows: pd.DataFrame) -> np.ndarray:
        return rows.groupby("person")["created_at"].min().reindex(range(count)).to_numpy().astype("datetime64[us]")

    enrolled = members["enrolled_at"].to_numpy()
    own_order = earliest(first[first["online"] & ~first["is_guest"]])
    by_phone = earliest(first[first["online"] & ~(first["is_guest"] & first["guest_contact"])])
    receipt = earliest(first[~first["online"]])
    crm = np.fmin(own_order - minute, enrolled)
    till = np.fmin(receipt - minute, enrolled + minute)
    stock = np.fmin(by_phone, till)
    who = np.arange(count)
    # Whoever never buys is there for the newsletter; the same draw as in trade, as asking the orders would ask the future.
    subscribes = dice.happens(NEWSLETTER, "newsletter", who) | ~dice.happens(BUYS, "buys", who)
    mailed = np.where(dice.happens(traps.IN_MINDBOX, "in mindbox", who), crm + 10 * minute, NEVER)
    mailed = np.fmin(mailed, np.where(subscribes, joined_at + 30 * minute, NEVER))
    again = mailed + seconds(86400 * (3 + dice.exponential(120.0, "subscribes again", who)))
    again = np.where(dice.happens(traps.MINDBOX_DUPLICATE, "duplicate", who), again, NEVER)
    twice = np.where(dice.happens(0.5, "duplicate by phone", who), "phone", "email")

    def own(
        system: str, created: np.ndarray, *, slot: int = OWN, contact: str | np.ndarray = "both", at_till: np.ndarray | bool = False
    ) -> pd.DataFrame:
        made = pd.DataFrame(
            {
                "system": system,
                "person": who,
                "slot": slot,
                "created_at": created,
                "contact": contact,
                "firm": 0,
                "at_till": at_till,
                "is_member": (slot == OWN) & (enrolled <= created + minute),
            }
        )
        return made[~np.isnat(created)]

    guests = known[known["is_guest"]]
    guest = pd.DataFrame(
        {
            "system": "retailcrm",
            "person": guests["person"],
            "slot": guests["nth"] + 1,
            "created_at": guests["created_at"] - minute,
            "contact": guests["guest_contact"],
            "firm": 0,
            "at_till": False,
            "is_member": False,
        }
    )
    mirrored = guest[guest["contact"] == "email"].assign(system="moysklad", created_at=lambda g: g["created_at"] + minute)
    firm_rows = [(s, FIRM, OWN, t, "both", n, False, False) for n, t in enumerate(firms["created_at"]) for s in ("retailcrm", "moysklad")]
    others = pd.DataFrame(
        [
            *firm_rows,
            *((s, TEST, OWN, begins, "both", 0, False, False) for s in ("retailcrm", "moysklad")),
            ("moysklad", PLACEHOLDER, OWN, begins, "both", 0, False, False),
        ],
        columns=list(NEEDS),
    )
    return pd.concat(
        [
            own("retailcrm", crm),
            own("moysklad", stock, at_till=(stock == till)),
            own("mindbox", mailed),
            own("mindbox", again, slot=DUPLICATE, contact=twice),
            guest,
            mirrored,
            others,
        ],
        ignore_index=True,
    )


def record_of(records: pd.DataFrame, met: pd.DataFrame, system: str) -> pd.Series:
    """The record an order stands under in retailcrm or moysklad; None for receipts in retailcrm, the placeholder when nobody knows."""
    ids = {
        (p, n, f): r
        for p, n, f, r in records.loc[records["system"] == system, ["person", "slot", "firm", "record_id"]].itertuples(index=False)
    }
    nobody = ids.get((PLACEHOLDER, OWN, 0))
    found = []
    for who, nth, person, online, guest, contact in met[["who", "nth", "person", "online", "is_guest", "guest_contact"]].itertuples(
        index=False
    ):
        if system == "retailcrm" and not online:
            found.append(None)
        elif who <= FIRMS:
            found.append(ids[FIRM, OWN, FIRMS - who])
        elif who <= TESTS:
            found.append(ids[TEST, OWN, 0])
        elif person < 0:
            found.append(nobody)
        else:
            apart = guest and (system == "retailcrm" or contact == "email")
            found.append(ids[person, nth + 1 if apart else OWN, 0])
    return pd.Series(found, index=met.index, dtype=object)
