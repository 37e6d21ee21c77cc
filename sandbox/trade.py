"""Who buys what kind of order, when and where; and how each order runs its course.

    Dice, people's habits -> visits (one per order) -> milestones (confirmed, shipped, received, cancelled, paid)

A visit is drawn for (who, nth): a person and the number of the purchase, or a store, firm or test and its own count
(then `who` is negative). Every later draw about the order uses the same two keys.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from sandbox import traps
from sandbox.catalogue import CITIES
from sandbox.dice import Dice

DAY = np.timedelta64(86400, "s")
MOSCOW = np.timedelta64(3, "h")
NEVER = np.datetime64("NaT", "us")
# Jan..Dec, against the strongest month
SEASON = np.array([0.80, 0.85, 1.00, 0.90, 0.90, 0.85, 0.80, 0.90, 1.00, 1.05, 1.25, 1.35]) / 1.35
STORE_HOURS = (2, 3, 5, 6, 6, 6, 7, 9, 11, 9, 6, 3)  # 10:00 .. 21:59 local
ONLINE_HOURS = (3, 2, 1, 1, 1, 1, 2, 3, 4, 5, 6, 6, 6, 6, 5, 5, 5, 5, 6, 7, 8, 9, 8, 5)  # 00:00 .. 23:59 in Moscow
ORDERS_A_YEAR, MOST_ORDERS_A_YEAR = 15.5, 45.0
STAYS_DAYS, STAYS_SPREAD = 1100.0, 1.1  # the typical person's mean, and how far people differ (of its logarithm)
BUYS, ONCE_ONLY = 0.93, 0.20
STYLES, STYLE_WEIGHTS = ("store", "online", "both"), (54, 22, 24)
STRAYS = {"store": 0.008, "online": 0.98, "both": 0.42}  # chance that an order is online
APP_USERS, IN_APP, BY_PHONE = 0.46, 0.88, 0.05  # of people; of their online orders; of online orders
WALK_INS = 0.0007  # per person of the sandbox and day, all stores together
SHOWS_CARD, GIVES_PHONE = 0.95, 0.50  # members, others; the rest of receipts stay anonymous
FIRMS, TESTS = -20_000_000, -10_000_000
REASONS = ("changed_mind", "no_answer", "no_product", "delivery_too_long")


def seconds(values: np.ndarray) -> np.ndarray:
    """Whole seconds as a span of time."""
    return np.asarray(values).astype(np.int64).astype("timedelta64[s]").astype("timedelta64[us]")


def at_local_hour(dice: Dice, purpose: str, days: np.ndarray, hours: np.ndarray, offset: np.ndarray, *keys: np.ndarray) -> np.ndarray:
    """UTC of a local hour on a local day, with minutes and seconds drawn."""
    return days.astype("datetime64[us]") + seconds((hours - offset) * 3600 + dice.index(3600, purpose + " second", *keys))


def joined_days(customers: int, days: int, future_days: int) -> np.ndarray:
    """Days since the beginning on which people first come, ascending: many at first, fewer later, then at the last pace."""
    past = days * ((np.arange(customers) + 0.5) / customers) ** 1.6
    step = 1.6 * days / customers
    return np.floor(np.concatenate([past, days + np.arange(0.5 * step, future_days, step)])).astype(np.int64)


def people_visits(
    dice: Dice, joined: np.ndarray, cities: np.ndarray, shops: pd.DataFrame, *, first_day: np.datetime64, horizon: int
) -> pd.DataFrame:
    """who, nth, created_at, sales_channel, store_id: all purchases of people within the horizon."""
    who = np.arange(len(joined))
    rate = np.minimum(2 + dice.exponential(ORDERS_A_YEAR - 2, "rate", who), MOST_ORDERS_A_YEAR) / SEASON.max()
    patience = STAYS_DAYS * np.exp(STAYS_SPREAD * dice.normal("patience", who))
    stays = np.where(dice.happens(ONCE_ONLY, "once", who), 0.0, dice.exponential(patience, "stays", who))
    style = styles(dice, who)
    most = int(MOST_ORDERS_A_YEAR * horizon / 365) + 60
    nth = np.arange(most)[None, :]
    gaps = dice.exponential(365 / rate[:, None], "gap", who[:, None], nth)
    gaps[:, 0] = 0.0
    since = np.cumsum(gaps, axis=1)
    day = joined[:, None] + np.floor(since).astype(np.int64)
    happens = (since <= stays[:, None]) & (day < horizon) & dice.happens(BUYS, "buys", who)[:, None]
    row, nth = np.nonzero(happens)
    day = first_day + day[row, nth]
    months = day.astype("datetime64[M]").astype(int) % 12
    kept = (nth == 0) | dice.happens(SEASON[months], "season", row, nth)
    row, nth, day = row[kept], nth[kept], day[kept]
    online = dice.happens(np.array([STRAYS[s] for s in STYLES])[style[row]], "online", row, nth)
    weekday = (day.astype(int) + 3) % 7
    shift = ~online & (weekday < 4) & (nth > 0) & dice.happens(0.15, "saturday", row, nth)
    day = day + np.where(shift, 5 - weekday, 0)
    channel = np.where(dice.happens(APP_USERS, "app user", row) & dice.happens(IN_APP, "in app", row, nth), "app", "web")
    channel = np.where(dice.happens(BY_PHONE, "by phone", row, nth), "phone", channel)
    store = open_store(
        np.where(
            dice.happens(0.85, "home store", row, nth),
            home_stores(dice, cities, shops)[row],
            dice.index(len(shops), "other store", row, nth),
        ),
        day,
        shops,
    )
    hours = np.where(
        online,
        dice.index(24, "online hour", row, nth, weights=ONLINE_HOURS),
        10 + dice.index(12, "store hour", row, nth, weights=STORE_HOURS),
    )
    offset = np.where(online, 3, offsets(shops)[store])
    return pd.DataFrame(
        {
            "who": row,
            "nth": nth,
            "created_at": at_local_hour(dice, "visit", day, hours, offset, row, nth),
            "sales_channel": np.where(online, channel, "store"),
            "store_id": np.where(online, 0, store + 1),
        }
    )


def styles(dice: Dice, who: np.ndarray) -> np.ndarray:
    """Where each person buys, as rows of STYLES."""
    return dice.index(len(STYLES), "style", who, weights=STYLE_WEIGHTS)


def home_stores(dice: Dice, cities: np.ndarray, shops: pd.DataFrame) -> np.ndarray:
    """A store of one's own city where there is one."""
    key = np.arange(len(cities))
    home = dice.index(len(shops), "any home", key)
    for city in np.unique(cities):
        near = np.flatnonzero(shops["city"] == city)
        here = cities == city
        if len(near):
            home[here] = near[dice.index(len(near), "near home", key[here])]
    return home


def offsets(shops: pd.DataFrame) -> np.ndarray:
    """Hours ahead of UTC, by store. Russia has kept them all year round since 2014."""
    ahead = {zone: hours for _, _, zone, hours in CITIES}
    return np.array([ahead[zone] for zone in shops["time_zone"]])


def open_store(store: np.ndarray, day: np.ndarray, shops: pd.DataFrame) -> np.ndarray:
    """The store, or the first one when it is not open that day."""
    opened, closed = shops["opened_on"].to_numpy()[store], shops["closed_on"].to_numpy()[store]
    return np.where((opened <= day) & ~(closed <= day), store, 0)


def walk_ins(dice: Dice, shops: pd.DataFrame, *, customers: int, first_day: np.datetime64, horizon: int) -> pd.DataFrame:
    """Receipts of people nobody knows: `who` is minus the store, a Poisson number of them per store and day."""
    store, day = (a.ravel() for a in np.meshgrid(np.arange(len(shops)), np.arange(horizon), indexing="ij"))
    dates = first_day + day
    mean = WALK_INS * customers / len(shops) * SEASON[dates.astype("datetime64[M]").astype(int) % 12] / SEASON.mean()
    drawn, chance, reached = dice.uniform("walk-ins", store, day), np.exp(-mean), np.exp(-mean)
    count = np.zeros(len(store), dtype=np.int64)
    for step in range(1, 12):  # the Poisson law read backwards
        count += drawn > reached
        chance = chance * mean / step
        reached = reached + chance
    count = np.where(open_store(store, dates, shops) == store, count, 0)
    at = np.repeat(np.arange(len(store)), count)
    nth = np.arange(len(at)) - np.repeat(np.cumsum(count) - count, count)
    who, nth, place = -(store[at] + 1), day[at] * 16 + nth, store[at]
    hours = 10 + dice.index(12, "store hour", who, nth, weights=STORE_HOURS)
    created = at_local_hour(dice, "visit", dates[at], hours, offsets(shops)[place], who, nth)
    return pd.DataFrame({"who": who, "nth": nth, "created_at": created, "sales_channel": "store", "store_id": place + 1})


def firm_visits(dice: Dice, firms: pd.DataFrame, *, first_day: np.datetime64, horizon: int) -> pd.DataFrame:
    """At most one order a month of each firm, in office hours."""
    firm, month = (a.ravel() for a in np.meshgrid(np.arange(len(firms)), np.arange(horizon // 30 + 1), indexing="ij"))
    who = FIRMS - firm
    day = first_day + month * 30 + dice.index(30, "firm day", who, month)
    created = at_local_hour(dice, "visit", day, 9 + dice.index(9, "firm hour", who, month), np.array(3), who, month)
    hit = dice.happens(traps.B2B_ORDERS_PER_COMPANY_MONTH, "firm buys", who, month) & (created > firms["created_at"].to_numpy()[firm])
    return pd.DataFrame({"who": who, "nth": month, "created_at": created, "sales_channel": "phone", "store_id": 0})[hit]


def test_visits(dice: Dice, visits: pd.DataFrame) -> pd.DataFrame:
    """The web team tries the checkout half a minute after a real order."""
    seen = visits[visits["sales_channel"].isin(["web", "app"])]
    hit = seen[dice.happens(traps.TEST_ORDER, "test order", seen["who"].to_numpy(), seen["nth"].to_numpy())]
    return hit.assign(who=TESTS - hit["who"], created_at=hit["created_at"] + np.timedelta64(30, "s"), sales_channel="web", store_id=0)


def milestones(dice: Dice, visits: pd.DataFrame, shops: pd.DataFrame) -> pd.DataFrame:
    """fulfilment, store_id, confirmed_at, shipped_at, received_at, cancelled_at, cancel_reason, promised_on, payment_type, paid_at."""
    who, nth = visits["who"].to_numpy(), visits["nth"].to_numpy()
    created = visits["created_at"].to_numpy().astype("datetime64[us]")
    online = (visits["sales_channel"] != "store").to_numpy()
    how = np.where(
        online, dice.choice(("courier", "pickup_point", "store_pickup"), "fulfilment", who, nth, weights=(45, 35, 20)), "in_store"
    )
    how = np.where(who <= FIRMS, "courier", how)
    day = (created + MOSCOW).astype("datetime64[D]")
    collects = open_store(dice.index(len(shops), "collect at", who, nth), day, shops) + 1
    store = np.where(online, np.where(how == "store_pickup", collects, 0), visits["store_id"].to_numpy())
    hours = {"courier": (10, 70), "pickup_point": (24, 100), "store_pickup": (8, 60), "in_store": (0, 0)}
    low, high = (np.select([how == name for name in hours], [bounds[side] for bounds in hours.values()]) for side in (0, 1))
    confirmed = created + seconds(300 + dice.exponential(3 * 3600.0, "confirmed", who, nth))
    shipped = confirmed + seconds(dice.between(3, 40, "shipped", who, nth) * 3600)
    received = shipped + seconds(dice.between(low, high, "received", who, nth) * 3600)
    promised = day + np.select([how == "courier", how == "pickup_point"], [dice.index(3, "promise", who, nth) + 3, 5], 3)
    fails = online & dice.happens(np.where((who <= TESTS) & (who > FIRMS), 0.7, 0.08), "cancelled", who, nth)
    stage = dice.index(3, "cancel stage", who, nth, weights=(50, 25, 25))
    cancelled = np.select(
        [stage == 0, stage == 1],
        [
            created + seconds(dice.uniform("cancel soon", who, nth) * 290),
            confirmed + seconds(dice.uniform("cancel later", who, nth) * 3 * 3600),
        ],
        shipped + seconds(dice.between(100, 190, "not collected", who, nth) * 3600),
    )
    confirmed = np.where(online, np.where(fails & (stage == 0), NEVER, confirmed), created)
    shipped = np.where(online, np.where(fails & (stage < 2), NEVER, shipped), created)
    received = np.where(online, np.where(fails, NEVER, received), created)
    pays = np.where(
        online,
        dice.choice(("online", "card", "cash", "gift_card"), "pays online", who, nth, weights=(58, 20, 18, 4)),
        dice.choice(("card", "cash", "gift_card"), "pays in store", who, nth, weights=(70, 27, 3)),
    )
    paid = np.where(~online, created, np.where(np.isin(pays, ("online", "gift_card")), created + seconds(np.full(len(who), 200)), received))
    return pd.DataFrame(
        {
            "fulfilment": how,
            "store_id": store,
            "confirmed_at": confirmed,
            "shipped_at": shipped,
            "received_at": received,
            "cancelled_at": np.where(fails, cancelled, NEVER),
            "promised_on": np.where(online, promised.astype("datetime64[us]"), NEVER),
            "cancel_reason": np.where(fails, dice.choice(REASONS, "cancel reason", who, nth, weights=(45, 25, 20, 10)), None),
            "payment_type": pays,
            "paid_at": paid,
        },
        index=visits.index,
    )
