"""The stock reports: /report/stock/bystore, /all, and their short forms `/current`, which answer a bare array without paging.

World.stock(day)  ->  rows of the report (documented members: md/reports/_report_stock.md)
"""

from datetime import datetime, timedelta
from typing import Any

import pandas as pd

from sandbox.moysklad.query import BadRequest
from sandbox.moysklad.shop import Shop
from sandbox.moysklad.wire import ORIGIN, moscow, reference

STOCK_TYPES = ("stock", "freeStock", "quantity", "reserve", "inTransit")


def by_store(shop: Shop, now: datetime) -> list[dict[str, Any]]:
    """One row per product with as many elements as there are stock places. The href carries a query, as the vendor's own does."""
    frame = _levels(shop, now)
    places = [*shop.world.rows("stores"), *shop.world.rows("warehouses")]
    levels = {(row.product_id, row.store_id): (row.quantity, row.reserved) for row in frame.itertuples(index=False)}
    rows = []
    for product_id in sorted(frame["product_id"].unique()):
        key = shop.products[product_id]["uuid"]
        meta = {**reference("product", key)["meta"], "href": f"{ORIGIN}/entity/product/{key}?expand=supplier"}
        meta.pop("uuidHref")
        rows.append(
            {"meta": meta, "stockByStore": [_element(place, *levels.get((product_id, place["store_id"]), (0, 0))) for place in places]}
        )
    return rows


def totals(shop: Shop, now: datetime) -> list[dict[str, Any]]:
    """One row per product over all stock places; prices in kopecks."""
    sums = _levels(shop, now).groupby("product_id", as_index=False)[["quantity", "reserved"]].sum()
    rows = []
    for row in sums.itertuples(index=False):
        product = shop.products[row.product_id]
        rows.append(
            {
                "meta": reference("product", product["uuid"])["meta"],
                "stock": float(row.quantity),
                "inTransit": 0.0,
                "reserve": float(row.reserved),
                "quantity": float(row.quantity - row.reserved),
                "name": product["name"],
                "code": f"{product['product_id']:05d}",
                "article": product["article"],
                "price": float(product["cost_kop"]),
                "salePrice": float(product["price_kop"]),
                "externalCode": product["external_code"],
                "stockDays": 1.0,
            }
        )
    return rows


def current(shop: Shop, now: datetime, params: dict[str, str], *, is_by_store: bool) -> list[dict[str, Any]]:
    """The short report. Zero lines only with include=zeroLines, or with changedSince, which may lie at most 24 hours back."""
    kind = params.get("stockType", "stock")
    if kind not in STOCK_TYPES:
        raise BadRequest(400, 1040, "Неверно заданы параметры запроса", "stockType")
    if since := params.get("changedSince"):
        try:
            age = moscow(now) - datetime.fromisoformat(since)
        except ValueError:
            raise BadRequest(400, 1035, "Ошибка фильтрации: неверный формат даты параметра фильтрации", "changedSince") from None
        if not timedelta(0) <= age <= timedelta(hours=24):
            raise BadRequest(400, 1040, "Неверно заданы параметры запроса", "changedSince")
    frame = _levels(shop, now)
    if not is_by_store:
        frame = frame.groupby("product_id", as_index=False)[["quantity", "reserved"]].sum()
    told = {"stock": frame["quantity"], "reserve": frame["reserved"], "inTransit": frame["quantity"] * 0}.get(
        kind, frame["quantity"] - frame["reserved"]
    )
    places = {place["store_id"]: place["uuid"] for place in [*shop.world.rows("stores"), *shop.world.rows("warehouses")]}
    with_zeros = params.get("include") == "zeroLines" or bool(since)
    rows = []
    for place, product_id, value in zip(frame.get("store_id", pd.Series([None] * len(frame))), frame["product_id"], told, strict=True):
        if value or with_zeros:
            where = {"storeId": places[place]} if is_by_store else {}
            rows.append({"assortmentId": shop.products[product_id]["uuid"], **where, kind: float(value)})
    return rows


def _levels(shop: Shop, now: datetime) -> pd.DataFrame:
    return shop.world.stock(moscow(now).date())


def _element(place: dict[str, Any], quantity: int, reserved: int) -> dict[str, Any]:
    return {
        "meta": reference("store", place["uuid"])["meta"],
        "name": place["name"],
        "stock": float(quantity),
        "reserve": float(reserved),
        "inTransit": 0.0,
    }
