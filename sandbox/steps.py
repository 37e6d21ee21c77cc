"""What happens during a visit: pages, products, cart, checkout, purchase, login, goals.

    visits (kind, key, lines wanted) -> steps in their order, with seconds since the beginning -> visit_events

Only the order of the steps and the pauses between them are decided here, so that a visit can be laid in time by its beginning
or by its purchase (sandbox/browsing.py).
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from sandbox.baskets import favoured
from sandbox.dice import Dice
from sandbox.errands import CLICK, IDLE, LEFT_CART, ORDER, REMINDED_CART, RESEARCH, STRANGER

GOALS = ((101, "Корзина открыта"), (102, "Страница доставки"), (103, "Заказан звонок"), (104, "Заказ оформлен"))
CART, DELIVERY, CALLBACK, ORDERED = (number for number, _ in GOALS)
EVENTS = ("page_view", "product_view", "cart_add", "cart_remove", "checkout", "purchase", "goal", "login")
PAGE_VIEW, PRODUCT_VIEW, CART_ADD, CART_REMOVE, CHECKOUT, PURCHASE, GOAL, LOGIN = range(len(EVENTS))
# Per kind of errand: leaves after one page; number of products 0, 1, .. looked at; chance that a product goes into the cart
LEAVES_AT_ONCE = {ORDER: 0.0, CLICK: 0.3, RESEARCH: 0.12, LEFT_CART: 0.0, REMINDED_CART: 0.0, IDLE: 0.40, STRANGER: 0.60}
LOOKS_AT = {
    CLICK: (40, 35, 18, 7),
    RESEARCH: (10, 40, 32, 18),
    REMINDED_CART: (0, 62, 26, 12),
    IDLE: (42, 34, 17, 7),
    STRANGER: (56, 30, 10, 4),
}
TAKES = {CLICK: 0.12, RESEARCH: 0.0, REMINDED_CART: 1.0, IDLE: 0.05, STRANGER: 0.08}
LOOKED_AT_FIRST, TAKEN_OUT = 0.45, 0.06
CHECKS_OUT = {CLICK: 0.25, LEFT_CART: 0.45, REMINDED_CART: 0.35, IDLE: 0.25, STRANGER: 0.22}  # of carts; none of these is placed
MORE_PAGES = (80, 14, 4, 2)
PAUSE = {PAGE_VIEW: 26.0, PRODUCT_VIEW: 34.0, CART_ADD: 14.0, CART_REMOVE: 9.0, CHECKOUT: 22.0, PURCHASE: 95.0, GOAL: 0.0, LOGIN: 17.0}


def by_kind(kind: np.ndarray, shares: dict[int, float], otherwise: float = 0.0) -> np.ndarray:
    """The share of each row's kind."""
    of = np.full(STRANGER + 1, otherwise)
    of[list(shares)] = list(shares.values())
    return of[kind]


def lines(dice: Dice, visits: pd.DataFrame, wanted: pd.DataFrame, goods: pd.DataFrame) -> pd.DataFrame:
    """What is looked at and taken: visit (row), number, product (row of goods), quantity, price_kop, viewed, added.

    `visits`: kind, key, stays, plan, carries (the first line lies in the cart already), at; `wanted`: the plan's lines, by plan and number.
    """
    kind, key = visits["kind"].to_numpy(), visits["key"].to_numpy()
    bought = np.flatnonzero((kind == ORDER) | (kind == LEFT_CART))
    plan = visits["plan"].to_numpy()[bought]
    first, upto = (np.searchsorted(wanted["plan"].to_numpy(), plan, side=side) for side in ("left", "right"))
    count = np.where(kind[bought] == ORDER, upto - first, np.minimum(upto - first, 1))
    at = np.repeat(bought, count)
    nth = np.arange(len(at)) - np.repeat(np.cumsum(count) - count, count)
    planned = wanted.iloc[np.repeat(first, count) + nth].reset_index(drop=True)[["product", "quantity", "price_kop"]]
    planned = planned.assign(visit=at, number=nth, added=~(visits["carries"].to_numpy()[at] & (nth == 0)))
    planned["viewed"] = dice.happens(LOOKED_AT_FIRST, "viewed", key[at], nth) | ((nth == 0) & planned["added"].to_numpy())

    free = np.flatnonzero(np.isin(kind, list(LOOKS_AT)) & visits["stays"].to_numpy())
    count = np.zeros(len(free), dtype=np.int64)
    for one, weights in LOOKS_AT.items():
        of = kind[free] == one
        count[of] = dice.index(len(weights), "looks at", key[free][of], weights=weights)
    at = np.repeat(free, count)
    nth = np.arange(len(at)) - np.repeat(np.cumsum(count) - count, count)
    looked = pd.DataFrame({"visit": at, "number": nth, "quantity": 1, "viewed": True})
    looked["product"] = favoured(dice, goods, "looked at", (key[at], nth), visits["at"].to_numpy()[at])
    looked["price_kop"] = goods["price_kop"].to_numpy()[looked["product"]]
    looked["added"] = dice.happens(by_kind(kind[at], TAKES), "taken", key[at], nth)
    return pd.concat([planned, looked], ignore_index=True)


def steps(dice: Dice, visits: pd.DataFrame, taken: pd.DataFrame) -> pd.DataFrame:
    """visit (row), event, page (a path, or None for a product's page), product (-1 none), quantity, price_kop, goal_id, since (seconds).

    In order of visits and of what happens in each; `visits`: kind, key, stays, logs_in, landing_path.
    """
    kind, key, stays = (visits[name].to_numpy() for name in ("kind", "key", "stays"))
    every = np.arange(len(visits))
    parts: list[pd.DataFrame] = []

    def add(
        rows: np.ndarray, rank: np.ndarray | int, event: int, page: object = None, *, goal: int = 0, line: pd.DataFrame | None = None
    ) -> None:
        made = pd.DataFrame({"visit": rows, "rank": rank, "event": event, "page": page, "goal_id": goal})
        if line is not None:
            made = made.assign(**{name: line[name].to_numpy() for name in ("product", "quantity", "price_kop")})
        parts.append(made)

    add(every, 0, PAGE_VIEW, visits["landing_path"].to_numpy())
    add(every[visits["logs_in"].to_numpy()], 1, LOGIN, "/login")
    more = np.where(stays, dice.index(len(MORE_PAGES), "more pages", key, weights=MORE_PAGES), 0)
    for nth, page in ((1, "/catalog/kosmetika"), (2, "/catalog/dom"), (3, "/catalog")):
        add(every[more >= nth], 1 + nth, PAGE_VIEW, page)
    seen, put = taken[taken["viewed"]], taken[taken["added"]]
    out = put[(kind[put["visit"]] != ORDER) & (put["number"] > 0) & dice.happens(TAKEN_OUT, "taken out", key[put["visit"]], put["number"])]
    for offset, event, of in ((10, PRODUCT_VIEW, seen), (11, CART_ADD, put), (12, CART_REMOVE, out)):
        add(of["visit"].to_numpy(), offset + 3 * of["number"].to_numpy(), event, line=of)
    has_cart = np.isin(every, put["visit"]) | (kind == ORDER)
    delivery = stays & dice.happens(np.where(has_cart, 0.12, 0.05), "asks for delivery", key)
    opened = has_cart & dice.happens(np.where(kind == ORDER, 1.0, 0.75), "opens cart", key)
    pays = opened & ((kind == ORDER) | dice.happens(by_kind(kind, CHECKS_OUT), "checks out", key))
    for hit, rank, event, page, goal in (
        (delivery, 80, PAGE_VIEW, "/delivery", DELIVERY),
        (opened, 90, PAGE_VIEW, "/cart", CART),
        (stays & ~pays & dice.happens(0.012, "asks to be called", key), 93, PAGE_VIEW, "/contacts", CALLBACK),
        (pays, 95, CHECKOUT, "/checkout", 0),
        (kind == ORDER, 97, PURCHASE, "/checkout/success", ORDERED),
    ):
        add(every[hit], rank, event, page)
        if goal:
            add(every[hit], rank + 1, GOAL, page, goal=goal)
    made = pd.concat(parts, ignore_index=True).sort_values(["visit", "rank"], kind="stable").reset_index(drop=True)
    made[["product", "quantity", "price_kop"]] = made[["product", "quantity", "price_kop"]].fillna(-1).astype("int64")
    visit = made["visit"].to_numpy()
    position = np.arange(len(made)) - np.searchsorted(visit, visit, side="left")
    pause = np.array([PAUSE[event] for event in range(len(EVENTS))])[made["event"]]
    gone = np.where((position > 0) & (pause > 0), 2 + np.minimum(dice.exponential(pause, "pause", key[visit], position), 900), 0).astype(
        np.int64
    )
    total = np.cumsum(gone)
    return made.assign(position=position, since=total - total[np.searchsorted(visit, visit, side="left")])
