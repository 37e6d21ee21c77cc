"""What people answer when they are asked: NPS after purchases, CSI by quarters, CSAT after calls.

    orders -> recommendations (NPS);  people -> waves of CSI;  calls -> CSAT by SMS  ->  survey_answers
    low recommendations -> a ticket of theirs or a call to them within three days (sandbox/tickets.py, sandbox/calls.py)

Contacts are as typed or as the sending system wrote them; an anonymous answer has none, nor an order.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from sandbox import contacts
from sandbox.contacts import optional, text
from sandbox.dice import Dice
from sandbox.profiles import written_phone
from sandbox.trade import MOSCOW, seconds
from sandbox.world import table

NPS, NPS_AGAIN, CSI, CSAT = 1, 2, 3, 4
AFTER_STORE, AFTER_DELIVERY, AFTER_CALL, CSI_SHARE = 0.055, 0.11, 0.115, 0.016  # who answers; CSI: of the people there, by wave
AGAIN, ANONYMOUS = 0.045, 0.09
LOW, LOW_IS_FOLLOWED = 6, 0.30  # half by a ticket of theirs, half by a call to them
PLEASED, CROSS = (1, 1, 1, 2, 2, 4, 5, 11, 20, 24, 29), (8, 6, 8, 9, 9, 11, 12, 12, 11, 8, 6)  # 0 .. 10
CSAT_WEIGHTS = (6, 7, 12, 30, 45)  # 1 .. 5
NAMES = {"store": "NPS после визита в магазин", "delivery": "NPS после доставки", "app": "NPS приложения, шкала 1–10"}
CSI_NAME, CSAT_NAME = "CSI квартальный", "CSAT после звонка"
CSI_ITEMS = ("Ассортимент", "Цены", "Персонал", "Доставка", "Сайт и приложение")
CSI_MONTHS, CSI_STARTS = (1, 4, 7, 10), np.timedelta64(10 * 24 + 6, "h")
COLUMNS = ("src", "who", "nth", "item", "survey", "survey_name", "channel", "question", "person", "order", "store_id", "score",
           "scale_min", "scale_max", "importance", "answered_at", "by_email", "by_phone")  # fmt: skip


def recommendations(dice: Dice, orders: pd.DataFrame) -> pd.DataFrame:
    """NPS answers as COLUMNS, not yet in order: after store visits and deliveries, some of them changed within days."""
    who, nth = orders["who"].to_numpy(), orders["nth"].to_numpy()
    receipt, received = (orders["kind"] == "receipt").to_numpy(), orders["received_at"].to_numpy()
    late = received > orders["promised_on"].to_numpy() + np.timedelta64(24, "h") - MOSCOW
    asked = ~np.isnat(received) & ~orders["is_test"].to_numpy() & ~orders["is_b2b"].to_numpy()
    answers = asked & dice.happens(np.where(receipt, AFTER_STORE, AFTER_DELIVERY), "recommends", who, nth)
    in_app = (orders["sales_channel"] == "app").to_numpy() & dice.happens(0.5, "asked in the app", who, nth)
    kind = np.where(receipt, "store", np.where(in_app, "app", "delivery"))
    score = np.where(
        late, dice.index(11, "cross score", who, nth, weights=CROSS), dice.index(11, "pleased score", who, nth, weights=PLEASED)
    )
    channel = np.select(
        [kind == "store", kind == "app"],
        [np.where(dice.happens(0.6, "asked at the till", who, nth), "store", "sms"), "app"],
        dice.choice(("email", "sms"), "asked by", who, nth, weights=(65, 35)),
    )
    known = (orders["person"] >= 0).to_numpy()
    channel = np.where(known | (kind != "store"), channel, "store")
    named = known & ~dice.happens(ANONYMOUS, "anonymous answer", who, nth)
    both = dice.happens(0.15, "gives both", who, nth)
    made = pd.DataFrame(
        {
            "src": NPS,
            "who": who,
            "nth": nth,
            "item": 0,
            "survey": "nps",
            "survey_name": pd.Series(kind).map(NAMES).to_numpy(),
            "channel": channel,
            "question": None,
            "person": orders["person"].to_numpy(),
            "order": np.where(
                (named | ~known) & dice.happens(np.where(receipt, 0.6, 0.85), "names order", who, nth), np.arange(len(orders)), -1
            ),
            "store_id": orders["store_id"].fillna(0).to_numpy(dtype=np.int64),
            "score": np.where(kind == "app", np.maximum(score, 1), score),
            "scale_min": np.where(kind == "app", 1, 0),
            "scale_max": 10,
            "importance": -1,
            "answered_at": received + seconds(3600 + dice.exponential(1.2 * 86400, "recommends after", who, nth)),
            "by_email": named & ((channel == "email") | (channel == "app") | both),
            "by_phone": named & (np.isin(channel, ("sms", "store")) | both),
        }
    )
    again = made.assign(
        src=NPS_AGAIN,
        score=np.clip(made["score"] + dice.index(5, "changes mind", who, nth) - 2, made["scale_min"], 10),
        answered_at=made["answered_at"].to_numpy() + seconds(dice.between(0.3, 5, "recommends again", who, nth) * 86400),
    )
    return pd.concat([made[answers], again[answers & named & dice.happens(AGAIN, "again", who, nth)]], ignore_index=True)


def low_scores(dice: Dice, told: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Those who complain in writing afterwards, and those whom the retailer calls."""
    key = (told["who"].to_numpy(), told["nth"].to_numpy())
    low = (told["score"] <= LOW).to_numpy() & (told["person"] >= 0).to_numpy() & (told["src"] == NPS).to_numpy()
    low &= (told["by_email"] | told["by_phone"]).to_numpy() & dice.happens(LOW_IS_FOLLOWED, "complains", *key)
    writes = dice.happens(0.5, "complains in writing", *key)
    columns = ["src", "who", "nth", "person", "order", "answered_at"]
    return told.loc[low & writes, columns].reset_index(drop=True), told.loc[low & ~writes, columns].reset_index(drop=True)


def index_waves(dice: Dice, joined_at: np.ndarray, *, begins: np.datetime64, ends: np.datetime64) -> pd.DataFrame:
    """CSI answers as COLUMNS: five items each with its importance, from people who were there a month before."""
    months = np.arange(begins.astype("datetime64[M]"), ends.astype("datetime64[M]") + 1)
    waves = months[np.isin(months.astype(int) % 12 + 1, CSI_MONTHS)]
    person, wave = (a.ravel() for a in np.meshgrid(np.arange(len(joined_at)), waves.astype(int), indexing="ij"))
    opens = wave.astype("datetime64[M]").astype("datetime64[us]") + CSI_STARTS
    hit = (joined_at[person] + np.timedelta64(30, "D") < opens) & (opens > begins) & dice.happens(CSI_SHARE, "index", person, wave)
    person, wave, opens = person[hit], wave[hit], opens[hit]
    at = np.repeat(np.arange(len(person)), len(CSI_ITEMS))
    item = np.tile(np.arange(len(CSI_ITEMS)), len(person))
    key = (person[at], wave[at], item)
    mood = dice.between(-2.5, 1.5, "mood", person, wave)[at]
    named = ~dice.happens(ANONYMOUS, "anonymous index", person, wave)[at]
    return pd.DataFrame(
        {
            "src": CSI,
            "who": person[at],
            "nth": wave[at],
            "item": item,
            "survey": "csi",
            "survey_name": CSI_NAME,
            "channel": "email",
            "question": np.array(CSI_ITEMS, dtype=object)[item],
            "person": person[at],
            "order": -1,
            "store_id": 0,
            "score": np.clip(np.round(8 + mood + dice.between(-2, 2, "item", *key)), 1, 10).astype(np.int64),
            "scale_min": 1,
            "scale_max": 10,
            "importance": np.clip(9 - item + dice.index(4, "importance", *key) - 1, 1, 10),
            "answered_at": (opens + seconds(600 + dice.exponential(2 * 86400.0, "index after", person, wave)))[at],
            "by_email": named,
            "by_phone": named & dice.happens(0.3, "index with phone", person, wave)[at],
        }
    )


def after_calls(dice: Dice, made: pd.DataFrame, phones: np.ndarray) -> pd.DataFrame:
    """CSAT answers as COLUMNS and `phone`: the exchange asks by SMS whoever called and was answered by the desk."""
    key = tuple(made[name].to_numpy() for name in ("src", "who", "nth"))
    asked = (made["direction"] == "in").to_numpy() & made["queued_at"].notna().to_numpy() & (made["result"] == "answered").to_numpy()
    asked &= (made["store_id"] == 0).to_numpy() & ~made["is_hidden"].to_numpy() & dice.happens(AFTER_CALL, "answers csat", *key)
    return pd.DataFrame(
        {
            "src": CSAT,
            "who": made["who"],
            "nth": made["nth"],
            "item": made["src"],
            "survey": "csat",
            "survey_name": CSAT_NAME,
            "channel": "sms",
            "question": None,
            "person": made["person"],
            "order": made["order"],
            "store_id": 0,
            "score": 1 + dice.index(5, "csat", *key, weights=CSAT_WEIGHTS),
            "scale_min": 1,
            "scale_max": 5,
            "importance": -1,
            "answered_at": made["ended_at"].to_numpy() + seconds(60 + dice.exponential(1800.0, "csat after", *key)),
            "by_email": False,
            "by_phone": True,
            "phone": phones,
        }
    )[asked]


def answer_table(
    dice: Dice, told: pd.DataFrame, folk: pd.DataFrame, changes: pd.DataFrame, orders: pd.DataFrame, *, ends: np.datetime64
) -> pd.DataFrame:
    """The world's table of answers, by time."""
    told = told[told["answered_at"] <= ends].sort_values(["answered_at", "src", "who", "nth", "item"], kind="stable").reset_index(drop=True)
    key = tuple(told[name].to_numpy() for name in ("src", "who", "nth"))
    person, moment = told["person"].to_numpy(), told["answered_at"].to_numpy()
    phone = np.where(told["phone"].notna(), told["phone"], contacts.as_of("phone", person, moment, folk, changes))
    email = contacts.as_of("email", person, moment, folk, changes)
    style, spelt = dice.index(5, "answer's phone", *key), dice.index(4, "answer's e-mail", *key, weights=(75, 12, 8, 5))
    says = dice.happens(np.where(told["survey"] == "csi", 0.0, 0.3), "answer says", *key)
    good = (told["score"] > (told["scale_max"] + told["scale_min"]) / 2).to_numpy()
    return table(
        "survey_answers",
        {
            "answer_id": [f"A{number:07d}" for number in range(1, len(told) + 1)],
            **{name: told[name] for name in ("survey", "survey_name", "channel", "score", "scale_min", "scale_max", "answered_at")},
            "question": text(told["question"].where(told["question"].notna(), None)),
            "person_id": text(np.where(person >= 0, folk["person_id"].to_numpy(dtype=object)[np.maximum(person, 0)], None)),
            "importance": told["importance"].astype("Int64").mask(told["importance"] < 0),
            "comment": text(np.where(says, np.where(good, "Всё понравилось", "Ждал дольше, чем обещали"), None)),
            "contact_email": text(
                [_spelt(e, s) if e is not None and b else None for e, s, b in zip(email, spelt, told["by_email"], strict=True)]
            ),
            "contact_phone": text(
                [written_phone(p, s) if p is not None and b else None for p, s, b in zip(phone, style, told["by_phone"], strict=True)]
            ),
            "order_id": optional(orders["order_id"].to_numpy(), told["order"].to_numpy()),
            "store_id": told["store_id"].astype("Int64").mask(told["store_id"] == 0),
        },
    )


def _spelt(email: str, style: int) -> str:
    """As people type it: plain, with a capital, with a blank, in capitals."""
    return (email, email[0].upper() + email[1:], f" {email}", email.upper())[style]
