"""A small marketplace made by hand: 240 units in 160 baskets of 120 days in a fixed pattern, their settlements by the week, four cards.

Every tenth unit is cancelled after eight hours, the others are bought out after three days, every ninth of these comes back after five.
The clock stands on a Saturday; the figures that tests expect are counted from these rows.
"""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pandas as pd

from sandbox.world import World, table

UNTIL = datetime(2026, 10, 31, 12, 0, tzinfo=UTC)
NOW = UNTIL.replace(tzinfo=None)
BASKETS, EVERY = 160, timedelta(hours=18)
# The last second of 30 October in Moscow, and the first of the 31st.
BEFORE_MIDNIGHT, MIDNIGHT = NOW - timedelta(hours=15, seconds=1), NOW - timedelta(hours=15)
RUSH = NOW - timedelta(days=13, hours=1, minutes=59)
CARDS = {1: ("OM-1", "4600000000015", 150_000_101, "Уход за лицом"), 2: ("OM-2", "4600000000022", 150_000_202, "Уход за телом"),
         3: ("OM-3", "4600000000039", 150_000_303, "Посуда"), 4: ("OM-4", "4600000000046", 150_000_404, "Декор")}

NOTHING = dict.fromkeys(("quantity", "retail_amount_kop", "for_pay_kop", "delivery_kop", "penalty_kop", "storage_kop", "deduction_kop",
                         "acceptance_kop", "correction_kop", "points_kop", "loyalty_kop", "schedule_kop"), 0)


def made() -> World:
    """The world that holds this marketplace; everything else is empty."""
    frames = {name: table(name) for name, field in World.__dataclass_fields__.items() if str(field.type).endswith("DataFrame")}
    orders, units = _goods()
    products = [{"product_id": key, "uuid": f"product-{key}", "article": article, "barcode": barcode, "name": f"Товар {key}",
                 "brand": "Омни", "category": "Дом" if key > 2 else "Косметика", "subcategory": subject, "price_kop": 100_000,
                 "cost_kop": 40_000, "created_at": NOW - timedelta(days=600), "nm_id": nm_id}
                for key, (article, barcode, nm_id, subject) in CARDS.items()]
    frames |= {name: table(name, pd.DataFrame(rows)) for name, rows in (
        ("products", products), ("market_orders", orders), ("market_units", units), ("market_settlements", _settlements(units)))}
    return World(begins_at=NOW - timedelta(days=150), until=NOW, ends_at=NOW + timedelta(days=10), **frames)


def payout_kop(row: dict[str, Any]) -> int:
    """What a row of a report pays."""
    charges = ("delivery", "penalty", "storage", "deduction", "acceptance", "correction", "points", "loyalty", "schedule")
    return row["for_pay_kop"] - sum(row[f"{name}_kop"] for name in charges)


def crowded(world: World, count: int) -> World:
    """The same world, with `count` baskets ordered in one half hour, so that their rows bear one time of change."""
    orders = world.market_orders.copy()
    crowd = orders["market_order_id"].between(140 - count, 139)
    orders.loc[crowd, "ordered_at"] = [RUSH + timedelta(seconds=number) for number in range(int(crowd.sum()))]
    return replace(world, market_orders=orders)


def _goods() -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    moments = [NOW + timedelta(days=2) - EVERY * number for number in range(BASKETS)]
    moments = sorted([*moments, BEFORE_MIDNIGHT, MIDNIGHT])
    orders, units = [], []
    for number, moment in enumerate(moments, start=1):
        orders.append({"market_order_id": number, "g_number": f"77{number:010d}", "ordered_at": moment, "region": "Москва",
                       "district": "Центральный федеральный округ", "country": "Россия"})
        for nth in range(1 + number % 2):
            units.append(_unit(len(units) + 1, number, nth, moment))
    return orders, units


def _unit(key: int, basket: int, nth: int, moment: datetime) -> dict[str, Any]:
    product = 1 + key % 4
    total, discount, spp = 150_000 + 1_000 * (key % 7) + key % 3, 25 + key % 3 * 5, 10
    price = total * (100 - discount) // 100
    sold = None if key % 10 == 0 else moment + timedelta(days=3)
    back = sold + timedelta(days=5) if sold and key % 9 == 0 else None
    return {
        "unit_id": key, "srid": f"{basket:024d}.{nth}.0", "market_order_id": basket, "product_id": product, "nm_id": CARDS[product][2],
        "total_price_kop": total, "discount_percent": discount, "price_kop": price, "spp_percent": spp,
        "finished_price_kop": price * (100 - spp) // 100, "warehouse": "Коледино",
        "cancelled_at": None if sold else moment + timedelta(hours=8), "sold_at": sold,
        "sale_number": 9_000_000_000 + key if sold else None,
        "returned_at": back, "return_number": 9_500_000_000 + key if back else None,
        "for_pay_kop": price * 81 // 100 if sold else 0, "cost_kop": 40_000,
    }


def _settlements(units: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Sale, return and what the way cost on the day of each; storage on Sundays, a deduction and a penalty in every other week, and in the
    same row paid acceptance and the charges of the loyalty programme."""
    found: list[dict[str, Any]] = []
    for unit in units:
        for operation, moment in (("sale", unit["sold_at"]), ("return", unit["returned_at"])):
            if moment:
                sign = 1 if operation == "sale" else -1
                amounts = {"retail_amount_kop": sign * unit["finished_price_kop"], "for_pay_kop": sign * unit["for_pay_kop"]}
                found.append(_row(operation, moment, unit, quantity=1, **amounts))
                found.append(_row("logistics", moment, unit, delivery_kop=5_005 + unit["unit_id"]))
    sunday = NOW - timedelta(days=111, hours=3)
    while sunday <= NOW + timedelta(days=10):
        found.append(_row("storage", sunday, None, storage_kop=12_345))
        if sunday.day % 2:
            found.append(_row("deduction", sunday, None, deduction_kop=6_354, acceptance_kop=865, correction_kop=1_050, points_kop=20_000,
                              loyalty_kop=1_067, schedule_kop=-100))
            found.append(_row("penalty", sunday, units[0], penalty_kop=23_135))
        sunday += timedelta(days=7)
    found.sort(key=lambda row: row["row_on"])
    return [{**row, "row_id": 1_000_000 + number} for number, row in enumerate(found)]


def _row(operation: str, moment: datetime, unit: dict[str, Any] | None, **amounts: int) -> dict[str, Any]:
    day = (moment + timedelta(hours=3)).replace(hour=0, minute=0, second=0)
    monday = day - timedelta(days=day.weekday())
    return {
        "report_id": int(f"3{monday:%Y%m%d}"), "row_on": day, "period_from": monday, "period_to": monday + timedelta(days=6),
        "published_at": monday + timedelta(days=7, hours=2), "operation": operation, "srid": unit and unit["srid"],
        "product_id": unit and unit["product_id"], **(NOTHING | amounts),
    }
