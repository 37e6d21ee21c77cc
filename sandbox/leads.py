"""Site forms: asking to be called, and buying in one click.

    visits, strangers whose counter was blocked -> causes -> leads;  those who asked to be called -> sandbox/calls.py

A form is the last thing of its visit, as a visit is told when it ends.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from sandbox import contacts
from sandbox.calls import person_rows, strangers_of, visit_keys
from sandbox.contacts import optional, text
from sandbox.dice import Dice
from sandbox.names import transliterated
from sandbox.profiles import written_phone
from sandbox.trade import MOSCOW, ONLINE_HOURS, seconds
from sandbox.world import table

VISIT, UNSEEN = 1, 2
CALLBACK, ONE_CLICK = "Обратный звонок", "Купить в один клик"
ASKS_CALL, ONE_CLICK_SHARE = 0.0050, 0.03  # of visits without and with an order
UNSEEN_A_DAY, FEWEST_UNSEEN = 0.00006, 0.25  # per person of the sandbox and day; a day at least
FIRST_LEAD = 310_001
COLUMNS = ("src", "who", "nth", "person", "stranger", "visit", "order", "subject", "created_at")


def causes(
    dice: Dice, visits: pd.DataFrame, orders: pd.DataFrame, *, customers: int, begins: np.datetime64, ends: np.datetime64
) -> pd.DataFrame:
    """The forms sent until `ends`, by time: COLUMNS, and with_email; visit and order are rows, -1 for none."""
    made = pd.concat([_on_visits(dice, visits, orders), _unseen(dice, customers=customers, begins=begins, ends=ends)], ignore_index=True)
    made = made[(made["created_at"] > begins + np.timedelta64(2, "h")) & (made["created_at"] <= ends)]
    made = made.sort_values(["created_at", "src", "who", "nth"], kind="stable").reset_index(drop=True)
    who = np.where(made["person"] >= 0, made["person"], made["stranger"])
    return made.assign(with_email=dice.happens(0.4, "form with e-mail", who))


def _on_visits(dice: Dice, visits: pd.DataFrame, orders: pd.DataFrame) -> pd.DataFrame:
    who, nth = visit_keys(visits)
    bought = visits["order_id"].notna().to_numpy()
    row = pd.Series(np.arange(len(orders)), index=orders["order_id"]).reindex(visits["order_id"].fillna(-1).astype("int64")).fillna(-1)
    order = row.to_numpy().astype(np.int64)
    placed = orders["created_at"].to_numpy()[np.maximum(order, 0)] if len(orders) else visits["ended_at"].to_numpy()
    ended = visits["ended_at"].to_numpy()
    hit = dice.happens(np.where(bought, ONE_CLICK_SHARE, ASKS_CALL), "sends form", who, nth) & visits["gone_at"].isna().to_numpy()
    hit &= ~bought | (order >= 0)
    return pd.DataFrame(
        {
            "src": VISIT,
            "who": who,
            "nth": nth,
            "person": person_rows(visits["person_id"]),
            "stranger": np.where(visits["person_id"].notna(), -1, strangers_of(visits["client_id"])),
            "visit": np.arange(len(visits)),
            "order": order,
            "subject": np.where(bought, ONE_CLICK, CALLBACK),
            "created_at": np.where(bought, np.maximum(ended, placed), ended) + np.timedelta64(1, "s"),
        }
    )[hit]


def _unseen(dice: Dice, *, customers: int, begins: np.datetime64, ends: np.datetime64) -> pd.DataFrame:
    """At most one a day from browsers that block the counter."""
    day = np.arange(begins.astype("datetime64[D]").astype(int), ends.astype("datetime64[D]").astype(int) + 1)
    hit = dice.happens(min(0.9, max(customers * UNSEEN_A_DAY, FEWEST_UNSEEN)), "unseen form", day)
    hour = dice.index(24, "unseen form at hour", day, weights=ONLINE_HOURS)
    created = day.astype("datetime64[D]").astype("datetime64[us]") + seconds(hour * 3600 + dice.index(3600, "unseen form", day)) - MOSCOW
    return pd.DataFrame(
        {
            "src": UNSEEN,
            "who": day,
            "nth": 0,
            "person": -1,
            "stranger": day * 1000 + 999,
            "visit": -1,
            "order": -1,
            "subject": CALLBACK,
            "created_at": created,
        }
    )[hit]


def lead_table(
    dice: Dice,
    made: pd.DataFrame,
    record_ids: np.ndarray,
    folk: pd.DataFrame,
    changes: pd.DataFrame,
    orders: pd.DataFrame,
    visits: pd.DataFrame,
) -> pd.DataFrame:
    """The world's table of leads: contacts as typed into the form that time."""
    key = tuple(made[name].to_numpy() for name in ("src", "who", "nth"))
    person, stranger, visit = made["person"].to_numpy(), made["stranger"].to_numpy(), made["visit"].to_numpy()
    moment = made["created_at"].to_numpy()
    known, row = person >= 0, np.maximum(person, 0)
    first, last = contacts.stranger_names(dice, stranger)
    first = np.where(known, folk["first_name"].to_numpy(dtype=object)[row], first)
    last = np.where(known, contacts.as_of("last_name", person, moment, folk, changes), last)
    style, latin = dice.index(3, "form's name", *key, weights=(70, 24, 6)), dice.happens(0.05, "form in latin", *key)
    name = np.select([style == 0, style == 1], [first, first + " " + last], None)
    phone = np.where(known, contacts.as_of("phone", person, moment, folk, changes), contacts.stranger_phones(dice, stranger))
    email = np.where(known, contacts.as_of("email", person, moment, folk, changes), contacts.stranger_emails(dice, stranger))
    typed = dice.index(5, "form's phone", *key)
    seen = visits.iloc[np.maximum(visit, 0)].reset_index(drop=True) if len(visits) else pd.DataFrame(index=made.index)

    def of_visit(column: str) -> pd.Series:
        values = seen[column].astype(object).where(seen[column].notna(), None).to_numpy() if column in seen else np.full(len(made), None)
        return text(np.where(visit >= 0, values, None))

    return table(
        "leads",
        {
            "lead_id": FIRST_LEAD + np.arange(len(made)),
            "record_id": record_ids,
            "person_id": text(np.where(known, folk["person_id"].to_numpy(dtype=object)[row], None)),
            "created_at": made["created_at"],
            "subject": made["subject"],
            "full_name": text([transliterated(n) if n and foreign else n for n, foreign in zip(name, latin, strict=True)]),
            "email": text(np.where(made["with_email"] & dice.happens(0.8, "form's e-mail", *key), email, None)),
            "phone": text([written_phone(p, s) for p, s in zip(phone, typed, strict=True)]),
            "order_id": optional(orders["order_id"].to_numpy(), made["order"].to_numpy()),
            **{
                column: of_visit(column)
                for column in ("client_id", "visit_id", "traffic_source", "utm_source", "utm_medium", "utm_campaign")
            },
        },
    )
