"""The retailer's shop on a marketplace: what is listed, what strangers order there, which units they keep.

    products -> listed;  online orders (for how many, and when) -> market_orders, market_units

Buyers are anonymous, so nobody of the people stands behind an order. A unit is ordered, then cancelled or bought out, and a bought
one may come back; what the marketplace pays for all that is in sandbox/settlements.py.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from sandbox import costs
from sandbox.baskets import favoured
from sandbox.catalogue import CATEGORIES
from sandbox.dice import Dice
from sandbox.trade import NEVER, seconds
from sandbox.world import table

ORDERS = 0.15  # for each online order of a person
LISTED = 0.40  # of products
UNITS_IN_AN_ORDER = (72, 18, 7, 3)  # 1, 2, 3, 4 units
SAME_AGAIN = 0.25  # of second and later units: one more of the same product
CANCELLED_TOGETHER, CANCELLED_ALONE = 0.055, 0.048  # orders, then units of the others: 10 % of units in all
RETURNED = 0.08  # of units bought out
FIRST_CARD, CARDS = 140_000_000, 9_000_000
LIST_PRICE_PERCENTS = (140, 160, 180, 200)  # of our own price, so that there is something to take off
DISCOUNTS, DISCOUNT_WEIGHTS = (20, 25, 30, 35, 40, 45), (10, 20, 25, 20, 15, 10)
SPP, SPP_WEIGHTS = (0, 5, 10, 15, 20, 25), (10, 10, 20, 25, 20, 15)
COMMISSION_PER_MILLE = dict(zip(CATEGORIES, (195, 215, 175, 160, 205, 245), strict=True))
WAREHOUSES, WAREHOUSE_WEIGHTS = ("Коледино", "Электросталь", "Казань", "Краснодар", "Санкт-Петербург Уткина Заводь"), (34, 26, 16, 14, 10)
# region as the marketplace writes it, federal district, country
REGIONS = (
    ("Москва", "Центральный федеральный округ", "Россия"),
    ("Московская область", "Центральный федеральный округ", "Россия"),
    ("Санкт-Петербург", "Северо-Западный федеральный округ", "Россия"),
    ("Краснодарский край", "Южный федеральный округ", "Россия"),
    ("Республика Татарстан", "Приволжский федеральный округ", "Россия"),
    ("Свердловская область", "Уральский федеральный округ", "Россия"),
    ("Новосибирская область", "Сибирский федеральный округ", "Россия"),
    ("Минская область", "", "Беларусь"),
)
REGION_WEIGHTS = (22, 18, 13, 12, 11, 10, 10, 4)


def listed(dice: Dice, products: pd.DataFrame, *, begins: np.datetime64) -> pd.DataFrame:
    """The products with the number of the marketplace's card; missing where there is none: what is new is not listed there."""
    key = products["product_id"].to_numpy()
    old = (products["created_at"] < begins).to_numpy()
    there = old & dice.happens(LISTED / max(old.mean(), LISTED), "listed on the market", key)
    there[np.flatnonzero(old)[:1]] |= ~there.any()  # a shop has something to sell
    card = FIRST_CARD + (key * 7_654_321 + int(dice.index(CARDS, "market cards", np.array([0]))[0])) % CARDS
    return products.assign(nm_id=pd.Series(card, dtype="Int64", index=products.index).mask(~there))


def market(
    dice: Dice, orders: pd.DataFrame, products: pd.DataFrame, *, until: np.datetime64, ends: np.datetime64
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """market_orders and market_units by ordered_at; `orders` with the dice's keys, `products` with nm_id."""
    key = (orders["who"].to_numpy(), orders["nth"].to_numpy())
    hit = (orders["kind"] == "online").to_numpy() & (key[0] >= 0) & dice.happens(ORDERS, "market order", *key)
    heads = orders.loc[hit, ["who", "nth", "created_at"]]
    who, nth = heads["who"].to_numpy(), heads["nth"].to_numpy()
    heads["ordered_at"] = heads["created_at"].to_numpy() + seconds(60 + dice.index(12 * 3600, "market order after", who, nth))
    heads = heads[heads["ordered_at"] <= ends].sort_values(["ordered_at", "who", "nth"], kind="stable").reset_index(drop=True)
    who, nth = heads["who"].to_numpy(), heads["nth"].to_numpy()
    place = dice.index(len(REGIONS), "market region", who, nth, weights=REGION_WEIGHTS)
    made = table(
        "market_orders",
        {
            "market_order_id": 1 + np.arange(len(heads)),
            "g_number": _digits(dice, "market basket", 1 + np.arange(len(heads)), 10**10),
            "ordered_at": heads["ordered_at"],
            **{
                name: [region[n] or None for region in (REGIONS[p] for p in place)]
                for n, name in enumerate(("region", "district", "country"))
            },
        },
    )
    return made, _units(dice, heads, made, products, until=until)


def _units(dice: Dice, heads: pd.DataFrame, made: pd.DataFrame, products: pd.DataFrame, *, until: np.datetime64) -> pd.DataFrame:
    who, nth = heads["who"].to_numpy(), heads["nth"].to_numpy()
    count = 1 + dice.index(len(UNITS_IN_AN_ORDER), "market units", who, nth, weights=UNITS_IN_AN_ORDER)
    at = np.repeat(np.arange(len(heads)), count)
    number = np.arange(len(at)) - np.repeat(np.cumsum(count) - count, count) + 1
    key, ordered = (who[at], nth[at], number), heads["ordered_at"].to_numpy()[at]
    goods = products[products["nm_id"].notna()].reset_index(drop=True)
    chosen = favoured(dice, goods, "market product", key, ordered)
    again = (number > 1) & dice.happens(SAME_AGAIN, "market same again", *key)
    chosen = chosen[np.maximum.accumulate(np.where(again, 0, np.arange(len(at))))]
    product, week = goods["product_id"].to_numpy()[chosen], (ordered + np.timedelta64(3, "h")).astype("datetime64[W]").astype(np.int64)
    dearer = np.array(LIST_PRICE_PERCENTS)[dice.index(len(LIST_PRICE_PERCENTS), "market list price", product)]
    total = _roubles(goods["price_kop"].to_numpy()[chosen] * dearer // 100)
    off = dice.choice(DISCOUNTS, "market discount", product, week, weights=DISCOUNT_WEIGHTS)
    own_off = dice.choice(SPP, "market own discount", product, week, who[at], weights=SPP_WEIGHTS)
    price = _roubles(total * (100 - off) // 100)
    keeps = goods["category"].map(COMMISSION_PER_MILLE).to_numpy()[chosen]
    together = dice.happens(CANCELLED_TOGETHER, "market order cancelled", who, nth)[at]
    cancels = together | dice.happens(CANCELLED_ALONE, "market unit cancelled", *key)
    one = np.where(together, 0, number)  # what is cancelled together is cancelled at once
    cancelled = ordered + seconds(600 + dice.between(0, 80 * 3600, "market cancelled after", *key[:2], one))
    sold = ordered + seconds(dice.between(30, 220, "market sold after", *key[:2]) * 3600)  # an order is handed over at once
    returns = ~cancels & dice.happens(RETURNED, "market returned", *key)
    back = sold + seconds(3600 + np.minimum(dice.exponential(5.0, "market returned after", *key), 21) * 86400)
    unit_id = 1 + np.arange(len(at))
    return table(
        "market_units",
        {
            "unit_id": unit_id,
            "srid": [f"{u.replace('-', '')[:24]}.{n - 1}.0" for u, n in zip(dice.uuids("market unit", *key[:2]), number, strict=True)],
            "market_order_id": made["market_order_id"].to_numpy()[at],
            "product_id": product,
            "nm_id": goods["nm_id"].to_numpy(dtype=np.int64)[chosen],
            "total_price_kop": total,
            "discount_percent": off,
            "price_kop": price,
            "spp_percent": own_off,
            "finished_price_kop": _roubles(price * (100 - own_off) // 100),
            "warehouse": dice.choice(WAREHOUSES, "market warehouse", *key[:2], weights=WAREHOUSE_WEIGHTS),
            "cancelled_at": np.where(cancels, cancelled, NEVER),
            "sold_at": np.where(cancels, NEVER, sold),
            "sale_number": pd.Series(8_000_000_000 + 7 * unit_id, dtype="Int64").mask(cancels),
            "returned_at": np.where(returns, back, NEVER),
            "return_number": pd.Series(8_000_000_003 + 7 * unit_id, dtype="Int64").mask(~returns),
            "for_pay_kop": np.where(cancels, 0, price * (1000 - keeps) // 1000),
            "cost_kop": costs.unit_costs(goods["cost_kop"].to_numpy()[chosen], ordered, until=until),
        },
    )


def _roubles(kopecks: np.ndarray) -> np.ndarray:
    """To the nearest whole rouble, as the marketplace shows prices."""
    return (kopecks + 50) // 100 * 100


def _digits(dice: Dice, purpose: str, key: np.ndarray, base: int) -> list[str]:
    """A long number for each key, none twice: the last ten digits are a shuffle of the keys."""
    first = dice.index(90, purpose, key) + 10
    return [f"{f}{k * 7_654_321_987 % base:010d}" for f, k in zip(first.tolist(), key.tolist(), strict=True)]
