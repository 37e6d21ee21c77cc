"""Who calls the retailer and whom it calls: one row per call, before anybody answers.

    phone orders, orders, people, strangers, visits, tickets, low scores, site forms -> causes; missed calls -> calls back

A call's keys for the dice are (src, who, nth), like a ticket's. What becomes of it is sandbox/call_lives.py's. A call is told
when it is over, so calls are in the order of their ends: a phone order's call may begin before the world ends and its order
come after.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from sandbox import contacts
from sandbox.dice import Dice
from sandbox.trade import FIRMS, MOSCOW, seconds

SALE, ABOUT_ORDER, CONFIRMS, GENERAL, STRANGER, VISIT, AFTER_ANSWER, CALLS_FORM, AFTER_TICKET, RETURNS = 1, 2, 3, 4, 5, 6, 7, 8, 100, 200
QUEUES = ("sales", "delivery", "service")
ORDERED_BY_CALL, CALLS_ABOUT_ORDER, CALLS_ABOUT_LATE, CONFIRMED_BY_CALL = 0.9, 0.08, 0.22, 0.10  # of orders by phone; of online orders
DAYS_BETWEEN = 900.0  # of a person's calls about no order
STRANGERS_A_DAY, FEWEST_STRANGERS = 0.00050, 1.5  # per person of the sandbox and day; a day at least
CALLS_AGAIN, TO_STORE = 0.2, 0.18  # of strangers: one of the last fortnight; of calls about no order
CALLED_ON_VISIT, FORM_CALLED_BACK, TICKET_CALLED_TOO = 0.0110, 0.85, 0.05
HOURS = (1, 1, 0, 0, 0, 0, 1, 1, 3, 8, 11, 11, 10, 9, 10, 10, 10, 10, 9, 8, 6, 2, 1, 1)  # 00:00 .. 23:59 in Moscow
COLUMNS = ("src", "who", "nth", "direction", "person", "stranger", "firm", "order", "visit", "store_id", "queue", "clerk", "started_at")


def causes(
    dice: Dice,
    orders: pd.DataFrame,
    joined_at: np.ndarray,
    shops: pd.DataFrame,
    visits: pd.DataFrame,
    written: pd.DataFrame,
    low_scores: pd.DataFrame,
    forms: pd.DataFrame,
    *,
    customers: int,
    begins: np.datetime64,
    ends: np.datetime64,
) -> pd.DataFrame:
    """The calls to be, by time: COLUMNS; person, stranger (a key), firm, order, visit (rows) and clerk are -1 where there is none.

    `written` are the causes of tickets, `low_scores` answers after which the retailer calls, `forms` the leads that ask to be called.
    """
    people_wrote = written[written["person"] >= 0]
    made = pd.concat(
        [
            _sales(dice, orders),
            _about_orders(dice, orders),
            _confirmations(dice, orders),
            _general(dice, joined_at, shops, ends=ends),
            _strangers(dice, shops, customers=customers, begins=begins, ends=ends),
            _on_visits(dice, visits),
            _after(dice, low_scores, AFTER_ANSWER, "answered_at", queue="service", hours=(0.5, 58), share=1.0, out=True),
            _after(dice, forms, CALLS_FORM, "created_at", queue="sales", hours=(0.03, 0.4), share=FORM_CALLED_BACK, out=True),
            _after(dice, people_wrote, AFTER_TICKET, "created_at", queue="service", hours=(3, 160), share=TICKET_CALLED_TOO),
        ],
        ignore_index=True,
    )
    blank = {"direction": "in", "person": -1, "stranger": -1, "firm": -1, "order": -1, "visit": -1, "store_id": 0, "clerk": -1}
    made = made.fillna({name: value for name, value in blank.items() if name in made})
    made = made.assign(**{name: value for name, value in blank.items() if name not in made})
    whole = ["src", "who", "nth", "person", "stranger", "firm", "order", "visit", "store_id", "clerk"]
    made = made.astype(dict.fromkeys(whole, "int64"))
    made = made[(made["started_at"] > begins + np.timedelta64(2, "h")) & (made["started_at"] <= ends)]
    return made.sort_values(["started_at", "src", "who", "nth"], kind="stable").reset_index(drop=True)[list(COLUMNS)]


def returned(dice: Dice, missed: pd.DataFrame) -> pd.DataFrame:
    """COLUMNS and `returns`, the row of the missed call: within a quarter of an hour, later, or (then left out) never."""
    key = tuple(missed[name].to_numpy() for name in ("src", "who", "nth"))
    drawn, ended = dice.uniform("returned", *key), missed["ended_at"].to_numpy()
    soon = ended + seconds(60 + dice.uniform("returned soon", *key) * 800)
    later = ended + seconds(dice.between(1200, 20 * 3600, "returned later", *key))
    later = contacts.when_open(later, seconds(dice.between(60, 7200, "returned in the morning", *key)))
    made = missed.assign(
        src=missed["src"] + RETURNS, direction="out", clerk=-1, started_at=np.where(drawn < 0.6, soon, later), returns=missed.index
    )
    return made[drawn < 0.8][[*COLUMNS, "returns"]].reset_index(drop=True)


def _sales(dice: Dice, orders: pd.DataFrame) -> pd.DataFrame:
    """An order by phone is taken during a call that began two to eight minutes before; its clerk is who spoke."""
    who, nth = orders["who"].to_numpy(), orders["nth"].to_numpy()
    hit = (orders["sales_channel"] == "phone").to_numpy() & dice.happens(ORDERED_BY_CALL, "ordered by call", who, nth)
    return pd.DataFrame(
        {
            "src": SALE,
            "who": who,
            "nth": nth,
            "person": orders["person"].to_numpy(),
            "firm": np.where(who <= FIRMS, FIRMS - who, -1),
            "order": np.arange(len(orders)),
            "queue": "sales",
            "clerk": orders["employee_id"].fillna(-1).to_numpy(dtype=np.int64),
            "started_at": orders["created_at"].to_numpy() - seconds(dice.between(120, 480, "call before order", who, nth)),
        }
    )[hit]


def _about_orders(dice: Dice, orders: pd.DataFrame) -> pd.DataFrame:
    who, nth = orders["who"].to_numpy(), orders["nth"].to_numpy()
    created, received = orders["created_at"].to_numpy(), orders["received_at"].to_numpy()
    late = received > orders["promised_on"].to_numpy() + np.timedelta64(24, "h") - MOSCOW
    online = (orders["kind"] == "online").to_numpy() & ~orders["is_test"].to_numpy() & ((orders["person"] >= 0).to_numpy() | (who <= FIRMS))
    calls = online & dice.happens(np.where(late, CALLS_ABOUT_LATE, CALLS_ABOUT_ORDER), "calls about order", who, nth)
    way = (np.where(np.isnat(received), created + np.timedelta64(96, "h"), received) - created) / np.timedelta64(1, "s")
    started = created + seconds(900 + way * dice.between(0.1, 1.3, "calls about order after", who, nth))
    return pd.DataFrame(
        {
            "src": ABOUT_ORDER,
            "who": who,
            "nth": nth,
            "person": orders["person"].to_numpy(),
            "firm": np.where(who <= FIRMS, FIRMS - who, -1),
            "order": np.arange(len(orders)),
            "queue": dice.choice(QUEUES, "asks which queue", who, nth, weights=(8, 62, 30)),
            "started_at": contacts.when_open(started, seconds(dice.between(0, 9 * 3600, "calls next day", who, nth))),
        }
    )[calls]


def _confirmations(dice: Dice, orders: pd.DataFrame) -> pd.DataFrame:
    """The retailer calls about an order before it confirms it, or about a late one."""
    who, nth = orders["who"].to_numpy(), orders["nth"].to_numpy()
    created, confirmed = orders["created_at"].to_numpy(), orders["confirmed_at"].to_numpy()
    hit = (
        (orders["kind"] == "online").to_numpy() & ~orders["is_test"].to_numpy() & (orders["person"] >= 0).to_numpy() & ~np.isnat(confirmed)
    )
    hit &= dice.happens(CONFIRMED_BY_CALL, "confirmed by call", who, nth)
    way = (np.where(np.isnat(confirmed), created, confirmed) - created) / np.timedelta64(1, "s")
    return pd.DataFrame(
        {
            "src": CONFIRMS,
            "who": who,
            "nth": nth,
            "direction": "out",
            "person": orders["person"].to_numpy(),
            "order": np.arange(len(orders)),
            "queue": None,
            "started_at": created + seconds(60 + way * dice.between(0.1, 0.9, "confirms after", who, nth)),
        }
    )[hit]


def _general(dice: Dice, joined_at: np.ndarray, shops: pd.DataFrame, *, ends: np.datetime64) -> pd.DataFrame:
    person, number = np.arange(len(joined_at))[:, None], np.arange(8)[None, :]
    wait = np.cumsum(dice.exponential(DAYS_BETWEEN, "calls", person, number), axis=1)
    day = (joined_at[:, None] + seconds(wait * 86400)).astype("datetime64[D]")
    person, number = np.nonzero(day <= ends)
    made = pd.DataFrame({"src": GENERAL, "who": person, "nth": number, "person": person})
    made["started_at"] = np.maximum(_hour(dice, day[person, number], GENERAL, person, number), joined_at[person])
    return _with_queue(dice, made, shops, (40, 10, 50))


def _strangers(dice: Dice, shops: pd.DataFrame, *, customers: int, begins: np.datetime64, ends: np.datetime64) -> pd.DataFrame:
    days = np.arange(begins.astype("datetime64[D]").astype(int), ends.astype("datetime64[D]").astype(int) + 1)
    mean = max(customers * STRANGERS_A_DAY, FEWEST_STRANGERS)
    most = int(3 * mean) + 2
    day, number = (a.ravel() for a in np.meshgrid(days, np.arange(most), indexing="ij"))
    hit = dice.happens(mean / most, "stranger calls", day, number)
    day, number = day[hit], number[hit]
    again = dice.happens(CALLS_AGAIN, "stranger calls again", day, number)
    since = day - 1 - dice.index(14, "stranger called before", day, number)
    made = pd.DataFrame({"src": STRANGER, "who": day, "nth": number, "stranger": np.where(again, since * 1000, day * 1000 + number)})
    made["started_at"] = _hour(dice, day.astype("datetime64[D]"), STRANGER, day, number)
    return _with_queue(dice, made, shops, (78, 6, 16))


def _on_visits(dice: Dice, visits: pd.DataFrame) -> pd.DataFrame:
    """Whoever read the number on the site dials it within minutes of the last page, in the desk's hours mostly.

    A visit is told when it ends, so a call during it could be told before; hence after it.
    """
    who, nth = visit_keys(visits)
    moment = visits["ended_at"].to_numpy() + seconds(dice.between(0, 240, "calls after visit", who, nth))
    chance = np.where(contacts.is_open(moment), CALLED_ON_VISIT * 1.45, CALLED_ON_VISIT * 0.15)
    chance = np.where(visits["gone_at"].notna(), 0.0, chance)
    known = visits["person_id"].notna().to_numpy()
    hit = dice.happens(chance, "calls on visit", who, nth)
    return pd.DataFrame(
        {
            "src": VISIT,
            "who": who,
            "nth": nth,
            "person": person_rows(visits["person_id"]),
            "stranger": np.where(known, -1, strangers_of(visits["client_id"])),
            "visit": np.arange(len(visits)),
            "queue": "sales",
            "started_at": moment,
        }
    )[hit]


def _after(
    dice: Dice, rows: pd.DataFrame, src: int, since: str, *, queue: str, hours: tuple[float, float], share: float, out: bool = False
) -> pd.DataFrame:
    """A call some hours after something else happened to the same person."""
    key = tuple(rows[name].to_numpy() for name in ("src", "who", "nth"))
    made = rows.assign(
        direction="out" if out else "in",
        queue=None if out else queue,
        src=rows["src"] + src if src == AFTER_TICKET else src,
        started_at=contacts.when_open(
            rows[since].to_numpy().astype("datetime64[us]") + seconds(3600 * dice.between(*hours, f"calls after {src}", *key)),
            seconds(dice.between(60, 3600, f"calls next morning {src}", *key)),
        ),
    )
    made = made[dice.happens(share, f"calls too {src}", *key)]
    return made[[name for name in COLUMNS if name in made]]


def _with_queue(dice: Dice, made: pd.DataFrame, shops: pd.DataFrame, weights: tuple[int, ...]) -> pd.DataFrame:
    """Some call a store that is open; the rest is asked by the menu what it is about."""
    key = tuple(made[name].to_numpy() for name in ("src", "who", "nth"))
    store = dice.index(len(shops), "calls which store", *key)
    day = (made["started_at"].to_numpy() + MOSCOW).astype("datetime64[D]")
    runs = (shops["opened_on"].to_numpy()[store] <= day) & ~(shops["closed_on"].to_numpy()[store] <= day)
    at_store = dice.happens(TO_STORE, "calls store", *key) & runs
    queue = dice.choice(QUEUES, "queue", *key, weights=weights)
    names = shops["code"].to_numpy(dtype=object)[store]
    return made.assign(store_id=np.where(at_store, store + 1, 0), queue=np.where(at_store, names, queue))


def _hour(dice: Dice, day: np.ndarray, src: int, *keys: np.ndarray) -> np.ndarray:
    hour = dice.index(24, "calls at hour", src, *keys, weights=HOURS)
    return day.astype("datetime64[us]") + seconds(hour * 3600 + dice.index(3600, "calls at second", src, *keys)) - MOSCOW


def visit_keys(visits: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """A visit's keys for the dice: its id may come again in another year, so its beginning belongs to it."""
    ids = np.array(visits["visit_id"].tolist(), dtype=np.uint64) if len(visits) else np.empty(0, dtype=np.uint64)
    return ids.view(np.int64), visits["started_at"].to_numpy().astype("datetime64[s]").astype(np.int64)


def person_rows(person_ids: pd.Series) -> np.ndarray:
    """P000001 -> 0; -1 for the missing."""
    return person_ids.str[1:].astype("float64").fillna(0).to_numpy().astype(np.int64) - 1


def strangers_of(client_ids: pd.Series) -> np.ndarray:
    """The stranger behind a browser, as the key of contacts.stranger_phones; clear of those who came without one."""
    ids = np.array(client_ids.tolist(), dtype=np.uint64) if len(client_ids) else np.empty(0, dtype=np.uint64)
    return (ids >> np.uint64(2)).astype(np.int64) + 10**9
