"""Why somebody opens the shop's site or app: each errand is one visit to come.

    planned purchases, carts left, clicked messages, passers-by -> errands -> sandbox/browsing.py (site), sandbox/app_use.py (app)

A cart is left, and a thing is looked at, before the purchase that ends the story. So purchases are planned some weeks past the
end of the world, or a longer future would add visits to a past that was already told.

Columns of errands: kind (row of KINDS), who (row number in people; -1 nobody the shop will ever know), k1 and k2 (keys for the
dice, together with kind), at (when it begins; for a purchase, when the order was placed), owner and slot (whose browser, which of
them), plan (row of the planned purchase; -1 none), order_id, message_id.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from sandbox.dice import Dice
from sandbox.trade import BUYS, DAY, MOSCOW, ONLINE_HOURS, at_local_hour, seconds

KINDS = ("order", "click", "research", "left_cart", "reminded_cart", "idle", "stranger")
ORDER, CLICK, RESEARCH, LEFT_CART, REMINDED_CART, IDLE, STRANGER = range(len(KINDS))
LOOKS_AHEAD_DAYS = 30
NOBODY, TEAM = -1, -2  # the web team tries the checkout from its own browser
UNSEEN_PEOPLE, UNSEEN_ORDERS = 0.04, 0.012  # who blocks the counter, and when it failed
RESEARCHES = {"web": (0.26, 0.14), "store": (0.10, 0.0), "app": (0.06, 0.0), "phone": (0.3, 0.0)}  # chance of a first and a second look
LEAVES_CART = {"web": 0.10, "store": 0.055, "app": 0.07, "phone": 0.10}  # before the purchase that ends the story
IN_APP_FIRST = {"web": 0.08, "store": 0.45, "app": 0.70, "phone": 0.10}  # of those carts, when the person has the app
IDLE_A_YEAR, MOST_IDLE = 4.0, 64
NEW_STRANGERS_A_DAY, COMES_AGAIN, MOST_STRANGER_VISITS = 0.0315, 0.27, 4  # per person of the sandbox; chance of one more visit
PUSH_OPENS_SITE = 0.35  # the rest of the clicked pushes open the app


def empty(count: int, kind: int) -> pd.DataFrame:
    """Errands with nothing filled in but their kind."""
    numbers = dict.fromkeys(("who", "owner", "plan", "order_id", "message_id"), np.full(count, -1))
    return pd.DataFrame({"kind": np.full(count, kind), **numbers, "k1": 0, "k2": 0, "slot": 0})


def ordering(orders: pd.DataFrame) -> pd.DataFrame:
    """The web orders themselves; `orders` has who, nth, order_id, created_at, sales_channel, is_test. The plan is added by the caller."""
    web = orders[orders["sales_channel"] == "web"]
    who = web["who"].to_numpy()
    theirs = np.where(web["is_test"], TEAM, who)
    return empty(len(web), ORDER).assign(
        who=np.where(web["is_test"], -1, who),
        owner=theirs,
        k1=who,
        k2=web["nth"].to_numpy(),
        at=web["created_at"].to_numpy(),
        order_id=web["order_id"].to_numpy(),
    )


def clicking(dice: Dice, clicks: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """`clicks`: message_id, person, happened_at, channel, number (of the click within its message) -> errands on the site, in the app."""
    message, number = clicks["message_id"].to_numpy(), clicks["number"].to_numpy()
    made = empty(len(clicks), CLICK).assign(
        who=clicks["person"].to_numpy(),
        owner=clicks["person"].to_numpy(),
        k1=message,
        k2=number,
        message_id=message,
        at=clicks["happened_at"].to_numpy() + seconds(2 + dice.index(8, "page loads", message, number)),
    )
    in_app = (clicks["channel"] == "push").to_numpy() & ~dice.happens(PUSH_OPENS_SITE, "push opens site", message)
    return made[~in_app], made[in_app]


def before_buying(dice: Dice, planned: pd.DataFrame, uses_app: np.ndarray) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Looking around before a purchase, and carts left that a later purchase redeems, in any channel -> errands on the site, in the app."""
    who, nth, created = planned["who"].to_numpy(), planned["nth"].to_numpy(), planned["created_at"].to_numpy()
    channel = planned["sales_channel"]
    found = []
    for look in range(2):
        row = np.flatnonzero(
            dice.happens(channel.map({c: s[look] for c, s in RESEARCHES.items()}).to_numpy(), "researches", who, nth, look)
        )
        key = (who[row], nth[row], np.full(len(row), look))
        day = (created[row] + MOSCOW).astype("datetime64[D]") - 1 - dice.index(14, "days of research", *key)
        hour = dice.index(24, "hour of research", *key, weights=ONLINE_HOURS)
        found.append(
            empty(len(row), RESEARCH).assign(
                who=key[0], k1=key[0], k2=key[1] * 2 + look, plan=row, at=at_local_hour(dice, "research", day, hour, np.array(3), *key)
            )
        )
    row = np.flatnonzero(dice.happens(channel.map(LEAVES_CART).to_numpy(), "leaves cart", who, nth))
    key = (who[row], nth[row])
    back = DAY * (1 + dice.index(5, "days until bought", *key)) + seconds(3600 + dice.index(5 * 3600, "hours until bought", *key))
    left = empty(len(row), LEFT_CART).assign(who=key[0], k1=key[0], k2=key[1], plan=row, at=created[row] - back)
    share = channel.map(IN_APP_FIRST).to_numpy()[row]
    in_app = uses_app[key[0]] & dice.happens(share, "leaves cart in app", *key)
    site = pd.concat([*found, left[~in_app]], ignore_index=True)
    return site.assign(owner=site["who"]), left[in_app]


def reminded(dice: Dice, carts: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The carts behind the reminders; `carts`: person, number, sent_at (of the reminder), by_push -> errands on the site, in the app."""
    key = (carts["person"].to_numpy(), carts["number"].to_numpy())
    at = carts["sent_at"].to_numpy() - seconds(3600 + dice.index(5400, "reminded after", *key))
    made = empty(len(carts), REMINDED_CART).assign(who=key[0], owner=key[0], k1=key[0], k2=key[1], at=at)
    by_push = carts["by_push"].to_numpy()
    return made[~by_push], made[by_push]


def idling(dice: Dice, joined: np.ndarray, *, first_day: np.datetime64, horizon: int, a_year: float, purpose: str) -> pd.DataFrame:
    """People who just have a look now and then, from the day they joined; `joined` and `horizon` in days since the first."""
    who, nth = np.arange(len(joined)), np.arange(MOST_IDLE)[None, :]
    since = np.cumsum(dice.exponential(365 / a_year, purpose, who[:, None], nth), axis=1)
    row, nth = np.nonzero(joined[:, None] + since < horizon)
    day = first_day + joined[row] + np.floor(since[row, nth]).astype(np.int64)
    hour = dice.index(24, purpose + " hour", row, nth, weights=ONLINE_HOURS)
    keen = dice.happens(BUYS, "buys", row) | dice.happens(0.4, purpose + " reader", row)
    made = empty(len(row), IDLE).assign(
        who=row, owner=row, k1=row, k2=nth, at=at_local_hour(dice, purpose, day, hour, np.array(3), row, nth)
    )
    return made[keen]


def passing_by(dice: Dice, *, customers: int, first_day: np.datetime64, horizon: int) -> pd.DataFrame:
    """Strangers: each browser comes new on some day and now and then returns."""
    day = np.arange(horizon)
    count = np.floor(NEW_STRANGERS_A_DAY * customers * dice.between(0.7, 1.3, "strangers", day) + dice.uniform("strangers more", day))
    count = count.astype(np.int64)
    row = np.repeat(day, count)
    key = row * 65_536 + np.arange(len(row)) - np.repeat(np.cumsum(count) - count, count)
    nth = np.arange(MOST_STRANGER_VISITS)[None, :]
    again = np.cumprod(dice.happens(COMES_AGAIN, "stranger comes again", key[:, None], nth) | (nth == 0), axis=1).astype(bool)
    gap = dice.exponential(8.0, "stranger stays away", key[:, None], nth)
    gap[:, 0] = 0.0
    since = np.cumsum(gap, axis=1)
    at, nth = np.nonzero(again)
    came = first_day + row[at] + np.floor(since[at, nth]).astype(np.int64)
    hour = dice.index(24, "stranger hour", key[at], nth, weights=ONLINE_HOURS)
    return empty(len(at), STRANGER).assign(
        k1=key[at], k2=nth, slot=key[at], owner=NOBODY, at=at_local_hour(dice, "stranger", came, hour, np.array(3), key[at], nth)
    )


def seen_by_the_counter(dice: Dice, errands: pd.DataFrame) -> pd.DataFrame:
    """Without those who block it, and without some orders during which it failed."""
    who = errands["who"].to_numpy()
    blocks = (who >= 0) & dice.happens(UNSEEN_PEOPLE, "blocks counter", who)
    fails = (errands["kind"] == ORDER).to_numpy() & dice.happens(UNSEEN_ORDERS, "counter fails", errands["k1"].to_numpy(), errands["k2"])
    return errands[~blocks & ~fails].reset_index(drop=True)
