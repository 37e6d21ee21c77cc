"""What is in each order, what it costs after discounts, and what comes back.

    orders (who, nth, created_at, ...) -> order_lines -> points allocated -> order sums; returns, return_lines

All amounts are whole kopecks and the order's sums are the sums of its lines: points are spread over the lines by
cumulative rounding, so that not a kopeck is lost.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from sandbox import traps
from sandbox.dice import Dice
from sandbox.programme import JOINS
from sandbox.trade import STYLES, seconds, styles
from sandbox.world import table

LINES_IN_A_BASKET = (40, 27, 15, 10, 5, 3)  # 1, 2, .. 6 lines
MOST_LINES = 12
# What people like to spend, in deviations of a person's level: the plain buyer, and how much more whoever buys online and in stores, and
# whoever joins programmes. A level of 1 takes LINES_BY_LEVEL more lines (of their logarithm) and more often the dearer of two products.
SPENDS_USUALLY, SPENDS_BOTH, SPENDS_MEMBER = -0.55, 0.55, 0.45
LINES_BY_LEVEL, TASTE_BY_LEVEL = 0.36, 0.5
ON_SALE, SALE_PERCENTS = 0.32, (10, 15, 20, 30)
PERSONAL, PERSONAL_PERCENT, EMPLOYEE_PERCENT, FIRM_PERCENT = 0.06, 5, 20, 7
PROMO_CODE, PROMO_PERCENT, PROMO_CODES = 0.09, 10, ("PRIVET10", "OMNI10", "VESNA10")
RETURNED = {"online": 0.085, "store": 0.035}
REASONS = ("size_or_colour", "defect", "not_as_described", "changed_mind")
DISCOUNTS = ("mass_discount_kop", "personal_discount_kop", "promo_discount_kop", "points_discount_kop")


def favoured(dice: Dice, products: pd.DataFrame, purpose: str, key: tuple[np.ndarray, ...], at: np.ndarray) -> np.ndarray:
    """Rows of `products`, the popular ones more often, each made by the moment `at`."""
    ranked = np.argsort(dice.uniform("popularity", np.arange(len(products))))
    chosen = ranked[np.minimum((len(products) * dice.uniform(purpose, *key) ** 1.9).astype(int), len(products) - 1)]
    # A product not yet made is replaced by its neighbour; only each tenth is made late, so the neighbour exists.
    return np.where(products["created_at"].to_numpy()[chosen] > at, chosen - 1, chosen)


def spend_levels(dice: Dice, who: np.ndarray, nth: np.ndarray) -> np.ndarray:
    """How much each buyer likes to spend, the same in all orders of a person; whoever nobody knows is another one each time."""
    known = who >= 0
    likes_both = known & (np.array(STYLES)[styles(dice, who)] == "both")
    joins = known & dice.happens(JOINS, "enrols", who)
    drawn = dice.normal("spend level", who, np.where(known, 0, nth))
    return SPENDS_USUALLY + drawn + SPENDS_BOTH * likes_both + SPENDS_MEMBER * joins


def _by_taste(dice: Dice, products: pd.DataFrame, key: tuple[np.ndarray, ...], at: np.ndarray, level: np.ndarray) -> np.ndarray:
    """Of two products that are liked: the dearer one the more often, the more somebody spends."""
    one, other = favoured(dice, products, "product", key, at), favoured(dice, products, "other product", key, at)
    price = products["price_kop"].to_numpy()
    dearer, cheaper = np.where(price[one] >= price[other], (one, other), (other, one))
    chooses = dice.happens(np.minimum(np.abs(TASTE_BY_LEVEL * level), 1.0), "has a taste", *key)
    return np.where(chooses, np.where(level > 0, dearer, cheaper), one)


def contents(dice: Dice, orders: pd.DataFrame, products: pd.DataFrame) -> pd.DataFrame:
    """order (row of `orders`), number, product (row of `products`), quantity, price_kop: what a person wants, placed or not."""
    who, nth = orders["who"].to_numpy(), orders["nth"].to_numpy()
    level = spend_levels(dice, who, nth)
    count = 1 + dice.index(len(LINES_IN_A_BASKET), "lines", who, nth, weights=LINES_IN_A_BASKET)
    # Rounded by chance, so that a level a little above the mean shows in every basket.
    count = np.floor(count * np.exp(LINES_BY_LEVEL * level) + dice.uniform("one line more", who, nth)).astype(np.int64).clip(1, MOST_LINES)
    at = np.repeat(np.arange(len(orders)), count)
    number = np.arange(len(at)) - np.repeat(np.cumsum(count) - count, count) + 1
    key = (who[at], nth[at], number)
    chosen = _by_taste(dice, products, key, orders["created_at"].to_numpy()[at], level[at])
    quantity = 1 + dice.index(3, "quantity", *key, weights=(86, 11, 3))
    price = np.where(dice.happens(traps.ZERO_PRICED_LINE, "gift", *key) & (number > 1), 0, products["price_kop"].to_numpy()[chosen])
    return pd.DataFrame({"order": at, "number": number, "product": chosen, "quantity": quantity, "price_kop": price})


def lines(dice: Dice, orders: pd.DataFrame, products: pd.DataFrame) -> pd.DataFrame:
    """order_lines before points and costs.

    `orders` has order_id, who, nth, created_at, sales_channel, person_id, is_b2b, is_employee_purchase.
    """
    filled = contents(dice, orders, products)
    at, number, chosen, quantity, price = (filled[name].to_numpy() for name in ("order", "number", "product", "quantity", "price_kop"))
    key = (orders["who"].to_numpy()[at], orders["nth"].to_numpy()[at], number)
    firm = orders["is_b2b"].to_numpy()[at]
    quantity = np.where(firm, 3 + dice.index(15, "firm quantity", *key), quantity)
    gross = quantity * price
    sale = np.where(dice.happens(ON_SALE, "on sale", *key), dice.choice(SALE_PERCENTS, "sale", *key, weights=(40, 25, 25, 10)), 0)
    mass = gross * sale // 100
    staff, online = orders["is_employee_purchase"].to_numpy()[at], (orders["sales_channel"] != "store").to_numpy()[at]
    known = orders["person_id"].notna().to_numpy()[at]
    percent = np.select(
        [staff, firm, known & dice.happens(PERSONAL, "personal", *key[:2])], [EMPLOYEE_PERCENT, FIRM_PERCENT, PERSONAL_PERCENT], 0
    )
    personal = (gross - mass) * percent // 100
    coded = orders["promo_code"].notna().to_numpy()[at]
    promo = (gross - mass - personal) * np.where(coded, PROMO_PERCENT, 0) // 100
    struck = online & ~firm & (number > 1) & dice.happens(traps.LINE_CANCELLED, "struck", *key)
    live = ~struck
    return table(
        "order_lines",
        {
            "order_id": orders["order_id"].to_numpy()[at],
            "line_number": number,
            "product_id": products["product_id"].to_numpy()[chosen],
            "quantity": quantity,
            "unit_price_kop": price,
            "mass_discount_kop": mass * live,
            "personal_discount_kop": personal * live,
            "promo_discount_kop": promo * live,
            "net_kop": (gross - mass - personal - promo) * live,
            "is_cancelled": struck,
        },
    )


def promo_codes(dice: Dice, orders: pd.DataFrame) -> np.ndarray:
    """The code each order was placed with, or None."""
    who, nth = orders["who"].to_numpy(), orders["nth"].to_numpy()
    uses = orders["sales_channel"].isin(["web", "app"]).to_numpy() & dice.happens(PROMO_CODE, "promo code", who, nth) & (who >= 0)
    return np.where(uses, dice.choice(PROMO_CODES, "which code", who, nth), None)


def with_points(made: pd.DataFrame, points_kop: pd.Series) -> pd.DataFrame:
    """The lines with what points paid of them (`points_kop`: kopecks, index order_id)."""
    base = made["net_kop"].to_numpy()
    upto = made.groupby("order_id")["net_kop"].cumsum().to_numpy()
    total = np.maximum(made.groupby("order_id")["net_kop"].transform("sum").to_numpy(), 1)
    spent = made["order_id"].map(points_kop).fillna(0).to_numpy().astype(np.int64)
    share = spent * upto // total - spent * (upto - base) // total
    return made.assign(points_discount_kop=share, net_kop=base - share)


def sums(made: pd.DataFrame) -> pd.DataFrame:
    """gross_kop, the four discounts and net_kop by order_id, cancelled lines left out."""
    live = made[~made["is_cancelled"]]
    priced = live.assign(gross_kop=live["quantity"] * live["unit_price_kop"])
    return priced.groupby("order_id")[["gross_kop", *DISCOUNTS, "net_kop"]].sum()


def returned_lines(dice: Dice, orders: pd.DataFrame, made: pd.DataFrame) -> pd.DataFrame:
    """order_id, returned_at, line_number, product_id, quantity, share of the order's value that comes back; before points."""
    who, nth = orders["who"].to_numpy(), orders["nth"].to_numpy()
    chance = np.where(orders["sales_channel"] == "store", RETURNED["store"], RETURNED["online"])
    comes = orders["received_at"].notna() & ~orders["is_test"] & dice.happens(chance, "returns", who, nth)
    days = np.minimum(1 + dice.exponential(8.0, "returned after", who, nth), 60)
    moment = orders["received_at"].to_numpy() + seconds(days * 86400)
    back = pd.DataFrame({"order_id": orders["order_id"], "who": who, "nth": nth, "returned_at": moment})[comes.to_numpy()]
    found = made[~made["is_cancelled"] & (made["net_kop"] > 0)].merge(back, on="order_id")
    key = (found["who"].to_numpy(), found["nth"].to_numpy(), found["line_number"].to_numpy())
    found = found[(found["line_number"] == 1) | dice.happens(0.45, "line returned", *key)].copy()
    key = (found["who"].to_numpy(), found["nth"].to_numpy(), found["line_number"].to_numpy())
    whole = found["quantity"].to_numpy()
    found["returned"] = np.where(
        dice.happens(0.8, "all of it", *key), whole, 1 + (dice.uniform("how many", *key) * whole).astype(int).clip(max=whole - 1)
    )
    total = made.groupby("order_id")["net_kop"].sum()
    found["value"] = found["net_kop"] * found["returned"] / whole / found["order_id"].map(total).to_numpy()
    return found[["order_id", "returned_at", "line_number", "product_id", "returned", "value", "who", "nth"]]


def returns(
    dice: Dice, orders: pd.DataFrame, made: pd.DataFrame, back: pd.DataFrame, undone: pd.DataFrame
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The returns with their amounts after points: each line gives back its share of what was paid for it.

    `undone`: order_id, points_returned, points_cancelled, from the ledger.
    """
    final = back.merge(made[["order_id", "line_number", "quantity", "net_kop"]], on=["order_id", "line_number"])
    final["amount"] = final["net_kop"] * final["returned"] // final["quantity"]
    head = final.groupby("order_id", as_index=False).agg(
        returned_at=("returned_at", "first"), amount=("amount", "sum"), who=("who", "first"), nth=("nth", "first")
    )
    head = head.sort_values(["returned_at", "order_id"], kind="stable").reset_index(drop=True)
    head["return_id"] = np.arange(1, len(head) + 1)
    order = orders.set_index("order_id").loc[head["order_id"]]
    who, nth = head["who"].to_numpy(), head["nth"].to_numpy()
    in_store = (order["sales_channel"] == "store").to_numpy() | dice.happens(0.45, "brought to store", who, nth)
    place = np.where(in_store, np.where(order["store_id"].notna(), order["store_id"].fillna(1).to_numpy(dtype=int), 1), 0)
    clerk = (place - 1) * 4 + 2 + dice.index(3, "return clerk", who, nth)
    points = undone.set_index("order_id").reindex(head["order_id"]).fillna(0).astype("int64")
    made_returns = table(
        "returns",
        {
            "points_returned": points["points_returned"].to_numpy(),
            "points_cancelled": points["points_cancelled"].to_numpy(),
            "return_id": head["return_id"],
            "uuid": dice.uuids("return", head["order_id"].to_numpy()),
            "order_id": head["order_id"],
            "returned_at": head["returned_at"],
            "amount_kop": head["amount"],
            "channel": np.where(in_store, "store", "courier"),
            "store_id": pd.array([p or None for p in place.tolist()], dtype="Int64"),
            "employee_id": pd.array([c if p else None for c, p in zip(clerk.tolist(), place.tolist(), strict=True)], dtype="Int64"),
            "reason": dice.choice(REASONS, "return reason", who, nth, weights=(35, 20, 15, 30)),
        },
    )
    body = final.merge(head[["order_id", "return_id"]], on="order_id").sort_values(["return_id", "line_number"])
    return made_returns, table(
        "return_lines",
        {
            "return_id": body["return_id"],
            "line_number": body["line_number"],
            "product_id": body["product_id"],
            "quantity": body["returned"],
            "net_kop": body["amount"],
        },
    )
