"""What customers do in the shop's app, as the mailing system records it.

    app purchases, carts left, clicked pushes, idle looks -> app_actions

Nobody is anonymous in the app: it asks for the phone first. An action is recorded seconds later, or up to two days later when the
phone was out of reach; ids grow with the recording. A purchase itself is the order, and no action here.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from sandbox import baskets, traps
from sandbox.browsers import person_ids
from sandbox.dice import Dice
from sandbox.errands import CLICK, IDLE, LEFT_CART, ORDER, REMINDED_CART, empty
from sandbox.steps import by_kind
from sandbox.trade import seconds
from sandbox.world import table

ACTIONS = ("app_opened", "category_viewed", "product_viewed", "cart_add", "cart_remove", "checkout")
OPENED, CATEGORY, PRODUCT, ADDED, REMOVED, CHECKOUT = range(len(ACTIONS))
IDLE_A_YEAR = 20.0
LOOKS_AT, IDLY = (34, 38, 20, 8), (66, 24, 7, 3)  # products, when nothing is bought; when there was no reason to come
SEES_CATEGORY, IDLY_SEES = 0.35, 0.15
PAUSES_SECONDS = 27.0
CHECKS_OUT = {ORDER: 1.0, LEFT_CART: 0.4, REMINDED_CART: 0.35}
LAST_CALL_SECONDS = 40  # between the last step and the order


def buying(planned: pd.DataFrame) -> pd.DataFrame:
    """The errands that end in an order placed in the app; `planned` reaches past the end of the world."""
    row = np.flatnonzero(planned["sales_channel"] == "app")
    who = planned["who"].to_numpy()[row]
    return empty(len(row), ORDER).assign(
        who=who, k1=who, k2=planned["nth"].to_numpy()[row], plan=row, at=planned["created_at"].to_numpy()[row]
    )


def app_actions(
    dice: Dice, asked: pd.DataFrame, wanted: pd.DataFrame, goods: pd.DataFrame, readers: pd.DataFrame, *, ends: np.datetime64
) -> pd.DataFrame:
    """`asked`: errands in the app; `wanted`: as in browsing.

    `readers`: person, mindbox_id, created_at, uses_app of the mailing system's customers.
    """
    users = readers[readers["uses_app"]].set_index("person")
    asked = asked[asked["who"].isin(users.index) & (asked["at"] <= ends + np.timedelta64(1, "D"))]
    asked = asked.sort_values(["at", "kind", "k1", "k2"], kind="stable").reset_index(drop=True)
    kind, key = asked["kind"].to_numpy(), dice.bits("app visit", asked["kind"], asked["k1"], asked["k2"]).astype(np.int64)
    walked = _walked(dice, asked, kind, key, wanted, goods)
    visit = walked["visit"].to_numpy()
    since = walked["since"].to_numpy()
    last = walked.groupby("visit")["since"].max().to_numpy()
    begins = asked["at"].to_numpy().astype("datetime64[us]") - seconds(np.where(kind == ORDER, last + LAST_CALL_SECONDS, 0))
    happened = begins[visit] + seconds(since)
    late = dice.happens(traps.LATE_EVENT, "action late", key[visit], walked["position"].to_numpy())
    wait = dice.uniform("action recorded", key[visit], walked["position"].to_numpy())
    created = happened + seconds(np.where(late, 3600 + wait * 46 * 3600, 1 + wait * 6))
    who = asked["who"].to_numpy()[visit]
    since_known = users["created_at"].reindex(who).to_numpy().astype("datetime64[us]")
    mindbox = users["mindbox_id"].reindex(who).to_numpy().astype(np.int64)
    product = walked["product"].to_numpy()
    there = product >= 0
    made = pd.DataFrame(
        {
            "person_id": person_ids(who),
            "mindbox_id": mindbox,
            "device_id": "device-" + pd.Series(mindbox).astype(str).astype(object),
            "happened_at": happened,
            "created_at": created,
            "action": np.array(ACTIONS, dtype=object)[walked["action"].to_numpy()],
            "product_id": pd.arrays.IntegerArray(goods["product_id"].to_numpy()[product], ~there),
            "quantity": pd.arrays.IntegerArray(walked["quantity"].to_numpy(), ~there),
            "price_kop": pd.arrays.IntegerArray(walked["price_kop"].to_numpy(), ~there),
            "key": key[visit],
            "position": walked["position"].to_numpy(),
        }
    )
    made = made[(happened > since_known) & (created <= ends)].sort_values(["created_at", "key", "position"], kind="stable")
    made = made.drop(columns=["key", "position"])
    return table("app_actions", made.assign(action_id=np.arange(1, len(made) + 1)))


def _walked(dice: Dice, asked: pd.DataFrame, kind: np.ndarray, key: np.ndarray, wanted: pd.DataFrame, goods: pd.DataFrame) -> pd.DataFrame:
    """visit (row), position, action, product (row of goods, -1 none), quantity, price_kop, since (seconds), in order."""
    every = np.arange(len(asked))
    plan = asked["plan"].to_numpy()
    from_plan = np.flatnonzero(plan >= 0)
    first, upto = (np.searchsorted(wanted["plan"].to_numpy(), plan[from_plan], side=side) for side in ("left", "right"))
    count = np.where(kind[from_plan] == LEFT_CART, np.minimum(upto - first, 1), upto - first)
    at = np.repeat(from_plan, count)
    nth = np.arange(len(at)) - np.repeat(np.cumsum(count) - count, count)
    bought = wanted.iloc[np.repeat(first, count) + nth].assign(visit=at, nth=nth, added=True)
    free = np.flatnonzero(plan < 0)
    drawn = [dice.index(len(weights), "app looks at", key[free], weights=weights) for weights in (IDLY, LOOKS_AT)]
    count = np.where(kind[free] == REMINDED_CART, 1, 0) + np.where(kind[free] == IDLE, *drawn)
    at = np.repeat(free, count)
    nth = np.arange(len(at)) - np.repeat(np.cumsum(count) - count, count)
    looked = pd.DataFrame({"visit": at, "nth": nth, "quantity": 1})
    looked["product"] = baskets.favoured(dice, goods, "app looked at", (key[at], nth), asked["at"].to_numpy()[at])
    looked["price_kop"] = goods["price_kop"].to_numpy()[looked["product"]]
    looked["added"] = (kind[at] == REMINDED_CART) & (nth == 0) | dice.happens(
        by_kind(kind[at], {CLICK: 0.1, IDLE: 0.05}), "app takes", key[at], nth
    )
    lines = pd.concat([bought, looked], ignore_index=True)[["visit", "nth", "product", "quantity", "price_kop", "added"]]
    taken = lines[lines["added"]]
    out = taken[
        (taken["nth"] > 0) & (kind[taken["visit"]] != ORDER) & dice.happens(0.06, "app takes out", key[taken["visit"]], taken["nth"])
    ]
    pays = dice.happens(by_kind(kind, CHECKS_OUT), "app checks out", key)
    category = dice.happens(np.where(kind == IDLE, IDLY_SEES, SEES_CATEGORY), "app category", key)
    parts = [
        pd.DataFrame({"visit": rows, "rank": rank, "action": action})
        for rows, rank, action in ((every, 0, OPENED), (every[category], 1, CATEGORY), (every[pays], 99, CHECKOUT))
    ]
    for offset, action, of in ((10, PRODUCT, lines), (11, ADDED, taken), (12, REMOVED, out)):
        parts.append(of.drop(columns=["nth", "added"]).assign(rank=offset + 3 * of["nth"], action=action))
    made = pd.concat(parts, ignore_index=True).sort_values(["visit", "rank"], kind="stable").reset_index(drop=True)
    made[["product", "quantity", "price_kop"]] = made[["product", "quantity", "price_kop"]].fillna(-1).astype("int64")
    visit = made["visit"].to_numpy()
    start = np.searchsorted(visit, visit, side="left")
    position = np.arange(len(made)) - start
    pause = np.where(position > 0, 2 + np.minimum(dice.exponential(PAUSES_SECONDS, "app pause", key[visit], position), 600), 0).astype(
        np.int64
    )
    total = np.cumsum(pause)
    return made.assign(position=position, since=total - total[start])
