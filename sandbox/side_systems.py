"""Systems without an interface: a second app, a messenger and an SMS sender, the marketers' list of promotions.

people, orders, records -> app_sessions, dropped_messages, promotions -> files (sandbox/file_drop)
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from sandbox import baskets, contacts
from sandbox.contacts import text
from sandbox.dice import Dice
from sandbox.trade import MOSCOW, NEVER, ONLINE_HOURS, seconds
from sandbox.world import table

HAS_APP, LOGS_IN, CHANGES_DEVICE = 0.12, 0.75, 0.08  # of people; of those
DAYS_BETWEEN, STAYS_DAYS, MOST_SESSIONS = 22.0, 420.0, 60
STRANGERS_A_DAY, FEWEST_STRANGERS = 0.0003, 0.3  # per person of the sandbox and day; a day at least
DAYS_BETWEEN_MAILINGS, IN_MESSENGER, READS_MASS = 28, 0.13, 0.62
SMS_ON_WAY, THANKS = 0.5, 0.15  # of online orders shipped, received
FAILS, CLICKS_MESSENGER, CLICKS_SMS = 0.04, 0.11, 0.03
FAILURES = {"messenger": ("no_messenger_account", "blocked_by_user"), "sms": ("unknown_subscriber", "phone_switched_off")}


def app_sessions(
    dice: Dice, folk: pd.DataFrame, shop_records: pd.DataFrame, *, customers: int, begins: np.datetime64, ends: np.datetime64
) -> pd.DataFrame:
    """Sessions by ended_at; `shop_records`: external_id and created_at by row of `folk`."""
    joined = folk["joined_at"].to_numpy().astype("datetime64[us]")
    users = np.flatnonzero(dice.happens(HAS_APP, "has second app", np.arange(len(folk))))
    nth = np.arange(MOST_SESSIONS)[None, :]
    wait = np.cumsum(dice.exponential(DAYS_BETWEEN, "app session", users[:, None], nth), axis=1)
    stays = dice.exponential(STAYS_DAYS, "keeps app", users)[:, None]
    at, nth = np.nonzero((wait <= stays) & (joined[users][:, None] + seconds(wait * 86400) <= ends))
    person = users[at]
    own = pd.DataFrame(
        {"who": person, "nth": nth, "person": person, "day": (joined[person] + seconds(wait[at, nth] * 86400)).astype("datetime64[D]")}
    )
    own["device"] = dice.happens(CHANGES_DEVICE, "changes device", person) & (nth > 4 + dice.index(12, "changes device at", person))
    days = np.arange(begins.astype("datetime64[D]").astype(int), ends.astype("datetime64[D]").astype(int) + 1)
    days = days[dice.happens(min(0.95, max(customers * STRANGERS_A_DAY, FEWEST_STRANGERS)), "stranger in app", days)]
    others = pd.DataFrame({"who": -days, "nth": 0, "person": -1, "day": days.astype("datetime64[D]"), "device": False})
    made = pd.concat([own, others], ignore_index=True)
    key, person = (made["who"].to_numpy(), made["nth"].to_numpy()), made["person"].to_numpy()
    hour = dice.index(24, "app session at hour", *key, weights=ONLINE_HOURS)
    started = made["day"].to_numpy().astype("datetime64[us]") + seconds(hour * 3600 + dice.index(3600, "app session at", *key)) - MOSCOW
    started = np.where(person >= 0, np.maximum(started, joined[np.maximum(person, 0)]), started)
    made = made.assign(
        started_at=started,
        ended_at=started + seconds(10 + dice.exponential(200.0, "app session lasts", *key)),
        screens=1 + dice.exponential(5.0, "screens", *key).astype(np.int64),
        device_id=dice.uuids("second app", made["who"].to_numpy(), made["device"].to_numpy()),
        platform=dice.choice(("ios", "android"), "platform", made["who"].to_numpy(), made["device"].to_numpy(), weights=(40, 60)),
    )
    made = made[(made["started_at"] > begins) & (made["ended_at"] <= ends)]
    made = made.sort_values(["ended_at", "who", "nth"], kind="stable").reset_index(drop=True)
    person = made["person"].to_numpy()
    row = np.maximum(person, 0)
    logged_in = (
        (person >= 0) & dice.happens(LOGS_IN, "logs into second app", row) & (made["nth"] >= dice.index(3, "logs in at", row)).to_numpy()
    )
    logged_in &= shop_records["created_at"].to_numpy()[row] < made["started_at"].to_numpy()
    return table(
        "app_sessions",
        {
            "app_session_id": 1 + np.arange(len(made)),
            **{name: made[name] for name in ("device_id", "platform", "started_at", "ended_at", "screens")},
            "person_id": text(np.where(person >= 0, folk["person_id"].to_numpy(dtype=object)[row], None)),
            "shop_customer_id": text(np.where(logged_in, shop_records["external_id"].to_numpy(dtype=object)[row], None)),
            "is_new_device": ~made["device_id"].duplicated(),
        },
    )


def dropped_messages(
    dice: Dice, orders: pd.DataFrame, folk: pd.DataFrame, changes: pd.DataFrame, shop_records: pd.DataFrame, *, begins: np.datetime64,
    ends: np.datetime64,
) -> pd.DataFrame:  # fmt: skip
    """Messages by sent_at; what happened to them afterwards has its own times."""
    made = pd.concat([_mass(dice, shop_records, begins=begins, ends=ends), *_by_trigger(dice, orders)], ignore_index=True)
    made = made[made["sent_at"] <= ends].sort_values(["sent_at", "src", "who", "nth"], kind="stable").reset_index(drop=True)
    key, sent, person = tuple(made[n].to_numpy() for n in ("src", "who", "nth")), made["sent_at"].to_numpy(), made["person"].to_numpy()
    messenger = (made["channel"] == "messenger").to_numpy()
    fails = dice.happens(FAILS, "message fails", *key)
    delivered = np.where(fails, NEVER, sent + seconds(dice.between(2, 60, "message delivered", *key)))
    reads = messenger & ~fails & dice.happens(READS_MASS, "message read", *key)
    opened = np.where(reads, delivered + seconds(5 + dice.exponential(5400.0, "message read after", *key)), NEVER)
    clicks = np.where(
        messenger, reads & dice.happens(CLICKS_MESSENGER, "message clicked", *key), ~fails & dice.happens(CLICKS_SMS, "sms clicked", *key)
    )
    clicked = np.where(messenger, opened, delivered) + seconds(5 + dice.exponential(300.0, "message clicked after", *key))
    why = dice.index(2, "message fails why", *key)
    return table(
        "dropped_messages",
        {
            "message_id": dice.uuids("dropped message", *key),
            **{name: made[name] for name in ("campaign", "message_type", "channel", "sent_at")},
            "trigger_name": text(made["trigger_name"].where(made["trigger_name"].notna(), None)),
            "person_id": folk["person_id"].to_numpy(dtype=object)[person],
            "recipient": [p[1:] for p in contacts.as_of("phone", person, sent, folk, changes)],
            "delivered_at": delivered,
            "opened_at": opened,
            "clicked_at": np.where(clicks, clicked, NEVER),
            "failed_reason": text([FAILURES[c][w] if f else None for c, w, f in zip(made["channel"], why, fails, strict=True)]),
        },
    )


def _mass(dice: Dice, shop_records: pd.DataFrame, *, begins: np.datetime64, ends: np.datetime64) -> pd.DataFrame:
    starts = (
        begins.astype("datetime64[D]") + np.arange(10, int((ends - begins) / np.timedelta64(1, "D")) + 1, DAYS_BETWEEN_MAILINGS)
    ).astype("datetime64[us]")
    starts = starts + np.timedelta64(8, "h")
    number, person = (a.ravel() for a in np.meshgrid(np.arange(len(starts)), np.arange(len(shop_records)), indexing="ij"))
    there = shop_records["created_at"].to_numpy()[person] < starts[number]
    hit = there & dice.happens(IN_MESSENGER, "in messenger", person) & dice.happens(0.9, "messenger mailing", number, person)
    number, person = number[hit], person[hit]
    return pd.DataFrame(
        {
            "src": 1,
            "who": person,
            "nth": number,
            "person": person,
            "campaign": [f"Рассылка в мессенджере {str(starts[n])[:10]}" for n in number],
            "message_type": "mass",
            "trigger_name": None,
            "channel": "messenger",
            "sent_at": starts[number] + seconds(dice.between(0, 1200, "mailing goes out", number, person)),
        }
    )


def _by_trigger(dice: Dice, orders: pd.DataFrame) -> list[pd.DataFrame]:
    """The order is on its way (SMS); thanks for the order (messenger)."""
    who, nth, person = (orders[name].to_numpy() for name in ("who", "nth", "person"))
    online = (orders["kind"] == "online").to_numpy() & (person >= 0) & ~orders["is_test"].to_numpy()
    shipped, received = orders["shipped_at"].to_numpy(), orders["received_at"].to_numpy()
    on_way = ~np.isnat(shipped) & dice.happens(SMS_ON_WAY, "sms on way", who, nth)
    thanks = ~np.isnat(received) & dice.happens(THANKS, "thanks", who, nth)
    keys = pd.DataFrame({"who": who, "nth": nth, "person": person})
    return [
        keys.assign(src=2, campaign="Заказ в пути", message_type="transactional", trigger_name="retailcrm_order_on_way", channel="sms",
                    sent_at=shipped + np.timedelta64(4, "m"))[online & on_way],
        keys.assign(src=3, campaign="Спасибо за заказ", message_type="trigger", trigger_name="retailcrm_thanks", channel="messenger",
                    sent_at=received + np.timedelta64(2, "h"))[online & thanks],
    ]  # fmt: skip


def promotions(dice: Dice, *, begins: np.datetime64, ends: np.datetime64) -> pd.DataFrame:
    """By starts_on: every promo code of the shop for each calendar year, a sale a quarter, the personal discount of the year."""
    rows = []
    for year in range(begins.astype("datetime64[Y]").astype(int) + 1970, ends.astype("datetime64[Y]").astype(int) + 1971):
        whole = (f"{year}-01-01", f"{year}-12-31")
        for code, channel in zip(baskets.PROMO_CODES, ("email", "push", "social_ads"), strict=True):
            rows.append((*whole, f"Промокод {code} {year}", code, "promo_code", channel))
        rows.append((*whole, f"Персональная скидка {year}", None, "personal", "email"))
        rows += [
            (f"{year}-{m:02d}-10", f"{year}-{m:02d}-24", f"Сезонная распродажа {year}-{m:02d}", None, "mass", "offline_ads")
            for m in (2, 5, 8, 11)
        ]
    made = pd.DataFrame(rows, columns=["starts_on", "ends_on", "name", "promo_code", "discount_type", "channel"])
    made = made.astype({"starts_on": "datetime64[us]", "ends_on": "datetime64[us]"})
    made = made[made["starts_on"] <= ends].sort_values("starts_on", kind="stable", ignore_index=True)
    key = np.arange(len(made))
    return table("promotions", made.assign(promotion_id=key + 1, budget_kop=(100 + dice.index(900, "budget", key)) * 100_000))
