"""Who enters the stores: counters at the doors, devices in the Wi-Fi, guests of events.

    orders (receipts), people, strangers -> store_traffic, wifi_visits, event_visits

A Wi-Fi visit is told when it ends, so that one which precedes its receipt is told after it.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from sandbox import contacts
from sandbox.contacts import text
from sandbox.dice import Dice
from sandbox.profiles import written_phone
from sandbox.trade import DAY, MOSCOW, SEASON, STORE_HOURS, at_local_hour, offsets, seconds
from sandbox.world import table

RECEIPT, LOOKS_ROUND, STRANGER = 1, 2, 3
LOOKERS_A_DAY = 0.016  # per person of the sandbox by store: who looks in on a day without any receipt
COUNTER_BROKEN = 0.004  # of store days: no row
USES_WIFI, LOGS_IN, SECOND_DEVICE, JOINS_WIFI = 0.3, 0.75, 0.08, 0.8  # of people; of their store visits
DAYS_BETWEEN = 110.0  # of a Wi-Fi user's visits without a purchase
STRANGERS_A_DAY, FEWEST_STRANGERS = 0.0008, 1.0  # per person of the sandbox and day; a day at least
PRIVATE_ADDRESS = {RECEIPT: 0.35, LOOKS_ROUND: 0.35, STRANGER: 0.75}  # of devices: locally administered MAC, a stranger's anew each time
MAKERS = ("a483e7", "3c2ef9", "f0d1a9", "8c8590", "d0817a")
DAYS_BETWEEN_EVENTS, COMES_TO_EVENT, STRANGERS_AT_EVENT = 40, 0.014, 8
EVENTS = ("День красоты", "Мастер-класс по уходу", "Закрытая распродажа", "Презентация новинок", "Вечер друзей Омни")


def store_traffic(
    dice: Dice, orders: pd.DataFrame, shops: pd.DataFrame, *, customers: int, begins: np.datetime64, ends: np.datetime64
) -> pd.DataFrame:
    """Entrants by store and Moscow day, for whole days: always more than receipts."""
    days = np.arange((begins + MOSCOW).astype("datetime64[D]") + 1, (ends + MOSCOW).astype("datetime64[D]"))
    day, store = (a.ravel() for a in np.meshgrid(days, np.arange(len(shops)), indexing="ij"))
    receipts = orders[orders["kind"] == "receipt"]
    sold_on = (receipts["created_at"].to_numpy() + MOSCOW).astype("datetime64[D]")
    sold = np.zeros((len(days), len(shops)), dtype=np.int64)
    whole = (sold_on >= days[0]) & (sold_on <= days[-1]) if len(days) else np.zeros(len(receipts), dtype=bool)
    np.add.at(sold, ((sold_on - days[0]).astype(int)[whole], receipts["store_id"].to_numpy(dtype=np.int64)[whole] - 1), 1)
    number = day.astype(int)
    least = max(LOOKERS_A_DAY * customers / len(shops), 1.0)
    season = SEASON[day.astype("datetime64[M]").astype(int) % 12]
    looks = least + (sold.ravel() + least) * dice.between(1.2, 4.0, "entrants", store, number) * season
    there = (shops["opened_on"].to_numpy()[store] <= day) & ~(shops["closed_on"].to_numpy()[store] <= day)
    there &= ~dice.happens(COUNTER_BROKEN, "counter broken", store, number)
    made = pd.DataFrame({"store_id": store + 1, "day": day.astype("datetime64[us]"), "entrants": sold.ravel() + looks.astype(np.int64)})
    return table("store_traffic", made[there])


def wifi_visits(
    dice: Dice, orders: pd.DataFrame, folk: pd.DataFrame, changes: pd.DataFrame, shops: pd.DataFrame, *, customers: int,
    begins: np.datetime64, ends: np.datetime64,
) -> pd.DataFrame:  # fmt: skip
    """Devices seen in the stores, by left_at; a phone is confirmed once, when its device logs in for the first time."""
    made = pd.concat(
        [
            _buyers(dice, orders),
            _lookers(dice, folk, shops, begins=begins, ends=ends),
            _wifi_strangers(dice, shops, customers=customers, begins=begins, ends=ends),
        ],
        ignore_index=True,
    )
    made = made[(made["entered_at"] > begins) & (made["left_at"] <= ends)]
    made = made.sort_values(["left_at", "src", "who", "nth"], kind="stable").reset_index(drop=True)
    src, person, device = (made[name].to_numpy() for name in ("src", "person", "device"))
    first = ~made.duplicated("device").to_numpy()
    confirms = (person >= 0) & first & dice.happens(LOGS_IN, "wi-fi login", device)
    phone = contacts.as_of("phone", person, made["left_at"].to_numpy(), folk, changes)
    private = dice.happens(pd.Series(src).map(PRIVATE_ADDRESS).to_numpy(), "private address", device)
    maker, digits = dice.choice(MAKERS, "maker", device), dice.bits("mac", device)
    which, style = (
        dice.choice(tuple("26ae"), "private digit", device),
        dice.index(4, "mac spelling", *(made[n].to_numpy() for n in ("src", "who", "nth"))),
    )
    mac = [
        _spelt(f"{int(d) % 16:x}{w}{int(d >> np.uint64(8)) % 16**10:010x}" if p else f"{m}{int(d) % 16**6:06x}", s)
        for d, w, p, m, s in zip(digits, which, private, maker, style, strict=True)
    ]
    return table(
        "wifi_visits",
        {
            "wifi_visit_id": 1 + np.arange(len(made)),
            "store_id": made["store_id"],
            "person_id": text(np.where(person >= 0, folk["person_id"].to_numpy(dtype=object)[np.maximum(person, 0)], None)),
            "mac": mac,
            "phone": text(
                [written_phone(p, s) if c else None for p, s, c in zip(phone, dice.index(5, "wi-fi phone", device), confirms, strict=True)]
            ),
            "entered_at": made["entered_at"],
            "left_at": made["left_at"],
        },
    )


def _spelt(digits: str, style: int) -> str:
    """Twelve hex digits as four makers of access points write a MAC."""
    pairs = [digits[at : at + 2] for at in range(0, 12, 2)]
    return (":".join(pairs).upper(), "-".join(pairs), ".".join(digits[at : at + 4] for at in (0, 4, 8)), digits.upper())[style]


def _device(dice: Dice, person: np.ndarray, *keys: np.ndarray) -> np.ndarray:
    """One of the person's one or two devices, as a key."""
    return person * 2 + (dice.happens(SECOND_DEVICE, "second device", person) & dice.happens(0.4, "takes second device", *keys))


def _buyers(dice: Dice, orders: pd.DataFrame) -> pd.DataFrame:
    """People whose device was in the Wi-Fi before their receipt, whether or not the till knew them."""
    who, nth = orders["who"].to_numpy(), orders["nth"].to_numpy()
    bought = orders["created_at"].to_numpy()
    hit = (
        (orders["kind"] == "receipt").to_numpy()
        & (who >= 0)
        & dice.happens(USES_WIFI, "uses wi-fi", who)
        & dice.happens(JOINS_WIFI, "joins wi-fi", who, nth)
    )
    return pd.DataFrame(
        {
            "src": RECEIPT,
            "who": who,
            "nth": nth,
            "person": who,
            "device": _device(dice, who, who, nth),
            "store_id": orders["store_id"].fillna(1).to_numpy(dtype=np.int64),
            "entered_at": bought - seconds(dice.between(5, 40, "enters before", who, nth) * 60),
            "left_at": bought + seconds(dice.between(1, 12, "leaves after", who, nth) * 60),
        }
    )[hit]


def _lookers(dice: Dice, folk: pd.DataFrame, shops: pd.DataFrame, *, begins: np.datetime64, ends: np.datetime64) -> pd.DataFrame:
    joined = folk["joined_at"].to_numpy().astype("datetime64[us]")
    users = np.flatnonzero(dice.happens(USES_WIFI, "uses wi-fi", np.arange(len(folk))))[:, None]
    number = np.arange(24)[None, :]
    wait = np.cumsum(dice.exponential(DAYS_BETWEEN, "looks round", users, number), axis=1)
    at, nth = np.nonzero(joined[users] + seconds(wait * 86400) <= ends + DAY)
    person = users[at, 0]
    day = (joined[person] + seconds(wait[at, nth] * 86400)).astype("datetime64[D]")
    store = dice.index(len(shops), "looks round where", person)
    return _in_store(dice, LOOKS_ROUND, person, nth, person, _device(dice, person, person, nth), store, day, shops)


def _wifi_strangers(dice: Dice, shops: pd.DataFrame, *, customers: int, begins: np.datetime64, ends: np.datetime64) -> pd.DataFrame:
    days = np.arange(begins.astype("datetime64[D]").astype(int), ends.astype("datetime64[D]").astype(int) + 1)
    mean = max(customers * STRANGERS_A_DAY, FEWEST_STRANGERS)
    most = int(3 * mean) + 2
    day, nth = (a.ravel() for a in np.meshgrid(days, np.arange(most), indexing="ij"))
    hit = dice.happens(mean / most, "stranger in wi-fi", day, nth)
    day, nth = day[hit], nth[hit]
    regular = dice.happens(0.2, "regular stranger", day, nth)
    device = -np.where(regular, 10**12 + (day // 60) * 100 + nth % 7, day * 1000 + nth) - 1
    store = np.where(regular, nth % 7 % len(shops), dice.index(len(shops), "stranger in store", day, nth))
    return _in_store(dice, STRANGER, day, nth, np.full(len(day), -1), device, store, day.astype("datetime64[D]"), shops)


def _in_store(
    dice: Dice, src: int, who: np.ndarray, nth: np.ndarray, person: np.ndarray, device: np.ndarray, store: np.ndarray, day: np.ndarray,
    shops: pd.DataFrame,
) -> pd.DataFrame:  # fmt: skip
    """A visit in the store's hours; none where the store is not open that day."""
    hour = 10 + dice.index(12, f"wi-fi hour {src}", who, nth, weights=STORE_HOURS)
    entered = at_local_hour(dice, f"wi-fi {src}", day, hour, offsets(shops)[store], who, nth)
    stays = seconds(120 + np.minimum(dice.exponential(900.0, f"wi-fi stays {src}", who, nth), 7200))
    there = (shops["opened_on"].to_numpy()[store] <= day) & ~(shops["closed_on"].to_numpy()[store] <= day)
    return pd.DataFrame(
        {
            "src": src,
            "who": who,
            "nth": nth,
            "person": person,
            "device": device,
            "store_id": store + 1,
            "entered_at": entered,
            "left_at": entered + stays,
        }
    )[there]


def event_visits(
    dice: Dice, folk: pd.DataFrame, changes: pd.DataFrame, shops: pd.DataFrame, *, begins: np.datetime64, ends: np.datetime64
) -> pd.DataFrame:
    """Guests of the retailer's events: every fourth takes place outside the stores, and some guests nobody knows."""
    starts = (begins.astype("datetime64[D]") + np.arange(25, int((ends - begins) / DAY) + 1, DAYS_BETWEEN_EVENTS)).astype("datetime64[us]")
    starts = starts + np.timedelta64(14, "h")
    guests = np.concatenate([np.arange(len(folk)), -1 - np.arange(STRANGERS_AT_EVENT)])
    event, guest = (a.ravel() for a in np.meshgrid(np.arange(len(starts)), guests, indexing="ij"))
    known, row = guest >= 0, np.maximum(guest, 0)
    joined = folk["joined_at"].to_numpy().astype("datetime64[us]")
    comes = np.where(known, dice.happens(COMES_TO_EVENT, "comes to event", event, guest) & (joined[row] < starts[event]),
                     dice.happens(0.6, "stranger comes to event", event, guest))  # fmt: skip
    event, guest, known, row = event[comes], guest[comes], known[comes], row[comes]
    attended = starts[event] + seconds(dice.between(0, 90 * 60, "comes at", event, guest))
    made = pd.DataFrame({"event": event, "guest": guest, "row": row, "attended_at": attended})[attended <= ends]
    made = made.sort_values(["attended_at", "event", "guest"], kind="stable").reset_index(drop=True)
    event, guest, row, moment = (made[name].to_numpy() for name in ("event", "guest", "row", "attended_at"))
    known, stranger = guest >= 0, event * 1000 - guest
    email = np.where(known, contacts.as_of("email", row, moment, folk, changes), contacts.stranger_emails(dice, stranger))
    phone = np.where(known, contacts.as_of("phone", row, moment, folk, changes), contacts.stranger_phones(dice, stranger))
    gives, style = dice.index(3, "guest gives", event, guest, weights=(40, 35, 25)), dice.index(5, "guest's phone", event, guest)
    outside = (
        (event % 4 == 3)
        | (shops["opened_on"].to_numpy()[event % len(shops)] > moment)
        | (shops["closed_on"].to_numpy()[event % len(shops)] <= moment)
    )
    return table(
        "event_visits",
        {
            "event_visit_id": 1 + np.arange(len(made)),
            "event_name": [f"{EVENTS[e % len(EVENTS)]} {str(starts[e])[:10]}" for e in event],
            "store_id": pd.array([None if o else e % len(shops) + 1 for o, e in zip(outside, event.tolist(), strict=True)], dtype="Int64"),
            "person_id": text(np.where(known, folk["person_id"].to_numpy(dtype=object)[row], None)),
            "email": text(np.where(gives != 1, email, None)),
            "phone": text([written_phone(p, s) if g != 0 else None for p, s, g in zip(phone, style, gives, strict=True)]),
            "attended_at": made["attended_at"],
        },
    )
