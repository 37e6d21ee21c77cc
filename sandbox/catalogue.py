"""What the simulated retailer owns: stores, warehouses, staff, products, corporate customers, and its daily stock.

Dice -> stores, warehouses, employees, products, companies; stock_of(day)
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import numpy as np
import pandas as pd

from sandbox.dice import Dice
from sandbox.traps import COMPANIES_PER_PERSON, WITHOUT_COST, WITHOUT_COST_AT_LEAST
from sandbox.world import table

FIRMS_MAILBOX = "office@"  # everybody in a firm shares it

# city, region, time zone, hours ahead of UTC
CITIES = (
    ("Москва", "Москва", "Europe/Moscow", 3),
    ("Санкт-Петербург", "Санкт-Петербург", "Europe/Moscow", 3),
    ("Екатеринбург", "Свердловская область", "Asia/Yekaterinburg", 5),
    ("Казань", "Республика Татарстан", "Europe/Moscow", 3),
    ("Нижний Новгород", "Нижегородская область", "Europe/Moscow", 3),
    ("Самара", "Самарская область", "Europe/Samara", 4),
    ("Новосибирск", "Новосибирская область", "Asia/Novosibirsk", 7),
    ("Ростов-на-Дону", "Ростовская область", "Europe/Moscow", 3),
    ("Краснодар", "Краснодарский край", "Europe/Moscow", 3),
    ("Калининград", "Калининградская область", "Europe/Kaliningrad", 2),
)
CITY_WEIGHTS = (30, 16, 9, 8, 7, 7, 7, 6, 6, 4)
STREETS = (
    "Ленина",
    "Советская",
    "Мира",
    "Садовая",
    "Гагарина",
    "Лесная",
    "Центральная",
    "Молодёжная",
    "Пушкина",
    "Заречная",
    "Чехова",
    "Победы",
)
# category -> (subcategories, typical price in roubles, share of the assortment)
CATEGORIES = {
    "Косметика": (("Уход за лицом", "Декоративная косметика", "Уход за телом", "Уход за волосами"), 850, 30),
    "Парфюмерия": (("Женские ароматы", "Мужские ароматы"), 2700, 10),
    "Товары для дома": (("Текстиль", "Посуда", "Декор", "Хранение"), 1100, 24),
    "Детские товары": (("Игрушки", "Одежда", "Гигиена"), 900, 16),
    "Здоровье": (("Витамины", "Приборы", "Спорт"), 1000, 12),
    "Подарки": (("Наборы", "Упаковка"), 1500, 8),
}
BRANDS = ("Омни", "Luma", "Верба", "Nordvik", "Белый лён", "Aster", "Kiddo", "Сосна", "Tonika", "Форма", "Aurelia", "Пион")
OWN_BRANDS = ("Омни", "Верба")
FORMATS = ("mall", "street", "outlet", "flagship")
OPERATORS = 6
STOCKED = 22  # pieces of a product in a place when it is full, for each person of the sandbox by product and place


def address(dice: Dice, purpose: str, keys: np.ndarray) -> list[str]:
    """A street address for each key."""
    street = dice.choice(STREETS, purpose + "/street", keys)
    house, flat = dice.index(120, purpose + "/house", keys) + 1, dice.index(200, purpose + "/flat", keys) + 1
    return [f"ул. {s}, д. {h}, кв. {f}" for s, h, f in zip(street, house, flat, strict=True)]


def stores(dice: Dice, count: int, *, begins: np.datetime64, until: np.datetime64) -> pd.DataFrame:
    """Store 1 is always open; every seventh opens while we watch, and one in ten closes."""
    key = np.arange(1, count + 1)
    city = np.where(key <= min(4, count), (key - 1) % len(CITIES), dice.index(len(CITIES), "store city", key, weights=CITY_WEIGHTS))
    day, span = begins.astype("datetime64[D]"), int((until - begins) / np.timedelta64(1, "D"))
    opened = day - 200 - dice.index(2500, "store opened", key)
    late = (key > 1) & (key % 7 == 0)
    opened = np.where(late, day + (dice.between(0.15, 0.8, "store opens late", key) * span).astype(int), opened)
    closes = (key > 1) & (key % 10 == 5)
    closed = np.where(closes, day + (dice.between(0.5, 0.9, "store closes", key) * span).astype(int), np.datetime64("NaT"))
    kinds = np.where(key == 1, "flagship", dice.choice(FORMATS[:3], "store format", key))
    street, house = dice.choice(STREETS, "store street", key), dice.index(90, "store house", key) + 1
    return table(
        "stores",
        {
            "store_id": key,
            "code": [f"store-{k:02d}" for k in key],
            "uuid": dice.uuids("store", key),
            "retail_store_uuid": dice.uuids("retail store", key),
            "external_code": [f"ST{k:04d}" for k in key],
            "name": [f"Омнимарт {CITIES[c][0]}, {s}" for c, s in zip(city, street, strict=True)],
            "city": [CITIES[c][0] for c in city],
            "region": [CITIES[c][1] for c in city],
            "address": [f"ул. {s}, д. {h}" for s, h in zip(street, house, strict=True)],
            "opened_on": opened.astype("datetime64[us]"),
            "closed_on": closed.astype("datetime64[us]"),
            "format": kinds,
            "is_franchise": dice.happens(0.2, "store franchise", key) & (key > 1),
            "time_zone": [CITIES[c][2] for c in city],
        },
    )


def warehouses(dice: Dice) -> pd.DataFrame:
    """The one that the web shop ships from."""
    return table(
        "warehouses",
        {
            "store_id": [1000],
            "code": ["warehouse-web"],
            "uuid": dice.uuids("warehouse", np.array([1000])),
            "external_code": ["WH1000"],
            "name": ["Склад интернет-магазина"],
            "city": ["Москва"],
            "region": ["Москва"],
            "address": ["Складской проезд, д. 1"],
        },
    )


def employees(dice: Dice, shops: pd.DataFrame, people: pd.DataFrame, *, begins: np.datetime64) -> pd.DataFrame:
    """Four per store and six operators of the shop's telephone; those of the people who are staff take the first places."""
    store = np.concatenate([np.repeat(shops["store_id"].to_numpy(), 4), np.zeros(OPERATORS, dtype=int)])
    key = np.arange(1, len(store) + 1)
    hired = begins - (dice.between(30, 900, "hired", key).astype(int)).astype("timedelta64[D]")
    buyers = people[people["is_employee"] & (people["joined_at"] <= begins + np.timedelta64(90, "D"))].head(len(key))
    first = list(buyers["first_name"]) + list(
        dice.choice(("Ольга", "Марина", "Игорь", "Тимур", "Светлана"), "staff first", key[len(buyers) :])
    )
    last = list(buyers["last_name"]) + list(
        dice.choice(("Карпенко", "Шевчук", "Бондаренко", "Ткаченко", "Черных"), "staff last", key[len(buyers) :])
    )
    return table(
        "employees",
        {
            "employee_id": key,
            "uuid": dice.uuids("employee", key),
            "name": [f"{a} {b}" for a, b in zip(last, first, strict=True)],
            "first_name": first,
            "last_name": last,
            "email": [f"staff{k}@omnimart.example" for k in key],
            "phone": list(buyers["phone"]) + [f"+7495{k:07d}" for k in key[len(buyers) :]],
            "store_id": pd.array([s or None for s in store.tolist()], dtype="Int64"),
            "person_id": list(buyers["person_id"]) + [None] * (len(key) - len(buyers)),
            "hired_at": hired,
            "position": np.where(store == 0, "operator", np.where(key % 4 == 1, "manager", "cashier")),
        },
    )


def products(dice: Dice, count: int, *, begins: np.datetime64) -> pd.DataFrame:
    """`count` products; the first ones are no more popular than the last (baskets shuffles them)."""
    key = np.arange(1, count + 1)
    names = list(CATEGORIES)
    chosen = dice.index(len(names), "category", key, weights=[CATEGORIES[n][2] for n in names])
    typical = np.array([CATEGORIES[n][1] for n in names])[chosen]
    spread = np.exp(0.5 * np.sqrt(-2 * np.log(dice.uniform("price a", key))) * np.cos(2 * np.pi * dice.uniform("price b", key)))
    price = (np.maximum(np.round(typical * spread, -1), 60) - 1).astype(np.int64) * 100
    kinds = [CATEGORIES[names[c]][0] for c in chosen]
    sub = [options[int(u * len(options))] for options, u in zip(kinds, dice.uniform("subcategory", key), strict=True)]
    brand = dice.choice(BRANDS, "brand", key)
    made = begins - (dice.between(1, 700, "product made", key) * 86400).astype("timedelta64[s]")
    # A tenth of the assortment comes in while we watch; nobody buys it before (trade draws by created_at).
    made = np.where(key % 10 == 0, begins + (dice.between(5, 500, "product new", key) * 86400).astype("timedelta64[s]"), made)
    return table(
        "products",
        {
            "product_id": key,
            "uuid": dice.uuids("product", key),
            "external_code": [f"P{k:06d}" for k in key],
            "article": [f"OM-{k:05d}" for k in key],
            "barcode": [ean13(460_000_000_000 + int(k)) for k in key],
            "name": [f"{s} {b} №{k}" for s, b, k in zip(sub, brand, key, strict=True)],
            "brand": brand,
            "category": [names[c] for c in chosen],
            "subcategory": sub,
            "price_kop": price,
            "cost_kop": np.where(_on_commission(dice, key), 0, (price * dice.between(0.42, 0.65, "cost", key)).astype(np.int64)),
            "is_exclusive": np.isin(brand, OWN_BRANDS),
            "created_at": made,
        },
    )


def _on_commission(dice: Dice, key: np.ndarray) -> np.ndarray:
    """Which products nobody knows the cost of: a fixed number of those that are there from the beginning."""
    drawn = np.where(key % 10 == 0, 1.0, dice.uniform("on commission", key))
    return drawn <= np.sort(drawn)[max(WITHOUT_COST_AT_LEAST, round(WITHOUT_COST * len(key))) - 1]


def ean13(twelve: int) -> str:
    """The barcode of twelve digits and their check digit (GS1 General Specifications, 7.9)."""
    digits = f"{twelve:012d}"
    total = sum(int(d) * (3 if at % 2 else 1) for at, d in enumerate(digits))
    return digits + str(-total % 10)


def companies(dice: Dice, customers: int, *, begins: np.datetime64, until: np.datetime64) -> pd.DataFrame:
    """Firms that buy by telephone; their mailboxes are shared by some of the people too."""
    key = np.arange(1, max(2, round(customers * COMPANIES_PER_PERSON)) + 1)
    city = dice.index(len(CITIES), "company city", key, weights=CITY_WEIGHTS)
    trade = dice.choice(("Ромашка", "Вектор", "СтройСервис", "Альфа", "Уют", "Меридиан", "Сфера", "Горизонт"), "company name", key)
    lag = (dice.between(0.0, 0.3, "company made", key) * ((until - begins) / np.timedelta64(1, "s"))).astype("timedelta64[s]")
    return table(
        "companies",
        {
            "company_id": [f"B{k:04d}" for k in key],
            "name": [f"ООО «{n}-{k}»" for n, k in zip(trade, key, strict=True)],
            "inn": [f"77{k:08d}" for k in key + 1_000_000],
            "kpp": ["770101001"] * len(key),
            "email": [f"{FIRMS_MAILBOX}firma{k}.example" for k in key],
            "phone": [f"+7499{k:07d}" for k in key + 2_000_000],
            "city": [CITIES[c][0] for c in city],
            "region": [CITIES[c][1] for c in city],
            "address": address(dice, "company address", key),
            "created_at": begins + lag,
        },
    )


def stock_of(dice: Dice, goods: pd.DataFrame, places: pd.DataFrame, *, customers: int) -> Callable[[date], pd.DataFrame]:
    """Stock that sells down and is refilled every few weeks; a function of product, place and day alone. A closed store is cleared.

    Now and then more is reserved than is there (oversold). Moving by day, not by order: no mart may expect that
    yesterday's stock minus today's sales is today's stock, and no real till export keeps that promise either.
    """
    product, place = (a.ravel() for a in np.meshgrid(goods["product_id"].to_numpy(), places["store_id"].to_numpy(), indexing="ij"))
    # A shelf holds some months of what its place sells, so that stock turns over as in retail whatever the size.
    most = int(np.clip(STOCKED * customers / len(product), 6, 120))
    stored = place >= 1000
    top = np.where(stored, 6, 2) + dice.index(most, "stock top", product, place) * np.where(stored, 2, 1)
    period = 7 + dice.index(28, "stock period", product, place)
    phase = dice.index(40, "stock phase", product, place)
    listed = dice.happens(np.where(place >= 1000, 0.98, 0.6), "stock listed", product, place)
    listed_from = np.repeat(goods["created_at"].to_numpy().astype("datetime64[D]"), len(places))
    opened, closed = (np.tile(places[column].to_numpy().astype("datetime64[D]"), len(goods)) for column in ("opened_on", "closed_on"))

    def stock(day: date) -> pd.DataFrame:
        number = np.datetime64(day, "D").astype(int)
        worn = ((number + phase) % period) / period
        quantity = np.floor(top * (1 - worn) * dice.between(0.85, 1.1, "stock wobble", product, place, number)).astype(np.int64)
        reserved = np.where(
            dice.happens(0.08, "stock reserved", product, place, number), 1 + dice.index(2, "stock how many", product, place, number), 0
        )
        made = pd.DataFrame({"product_id": product, "store_id": place, "quantity": quantity, "reserved": reserved})
        today = np.datetime64(day, "D")
        is_there = listed & (listed_from < today) & ~(opened > today) & ~(closed <= today)  # NaT compares as False: no warehouse closes
        return made[is_there & ((quantity > 0) | (reserved > 0))].reset_index(drop=True)

    return stock
