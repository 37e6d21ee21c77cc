"""Dictionaries, settings, stores and the catalogue, as RetailCRM v5 writes them.

Book -> GET /reference/*, /settings, /store/products. Dictionaries are objects keyed by code, `stores` is a list [C].
"""

from typing import Any

from starlette.responses import Response

from sandbox.retailcrm.book import Book
from sandbox.retailcrm.histories import Row
from sandbox.retailcrm.wire import LIMITS, Call, Refused, day, local, page, present, respond, rubles, time_zone

# code: (name, group), the vendor's own preset [C fixture] and `return`, which every retailer adds.
STATUSES = {
    "new": ("Новый", "new"),
    "availability-confirmed": ("Наличие подтверждено", "approval"),
    "offer-analog": ("Предложить замену", "approval"),
    "client-confirmed": ("Согласовано с клиентом", "approval"),
    "prepayed": ("Предоплата поступила", "approval"),
    "send-to-assembling": ("Передано в комплектацию", "assembling"),
    "assembling": ("Комплектуется", "assembling"),
    "assembling-complete": ("Укомплектован", "assembling"),
    "send-to-delivery": ("Передан в доставку", "delivery"),
    "delivering": ("Доставляется", "delivery"),
    "redirect": ("Доставка перенесена", "delivery"),
    "complete": ("Выполнен", "complete"),
    "return": ("Возврат", "cancel"),
    "no-call": ("Недозвон", "cancel"),
    "no-product": ("Нет в наличии", "cancel"),
    "already-buyed": ("Купил в другом месте", "cancel"),
    "delyivery-did-not-suit": ("Не устроила доставка", "cancel"),
    "prices-did-not-suit": ("Не устроила цена", "cancel"),
    "cancel-other": ("Отменен", "cancel"),
}
GROUPS = {
    "new": "Новый",
    "approval": "Согласование",
    "assembling": "Комплектация",
    "delivery": "Доставка",
    "complete": "Выполнен",
    "cancel": "Отменен",
}
NAMED = {
    "order-methods": (
        "orderMethods",
        {"shopping-cart": "Через корзину", "app": "Мобильное приложение", "phone": "По телефону", "one-click": "В один клик"},
    ),
    "order-types": ("orderTypes", {"eshop-individual": "Физ. лицо", "eshop-legal": "Юр. лицо", "test": "Тестовый"}),
    "payment-types": (
        "paymentTypes",
        {"bank-card": "Банковская карта", "cash": "Наличные", "e-money": "Онлайн-оплата", "gift-card": "Подарочная карта"},
    ),
    "payment-statuses": ("paymentStatuses", {"not-paid": "Не оплачен", "paid": "Оплачен", "returned": "Возвращён"}),
    "delivery-types": ("deliveryTypes", {"courier": "Курьер", "pickup-point": "Пункт выдачи", "self-delivery": "Самовывоз из магазина"}),
}


def reference(book: Book) -> Any:
    """GET /reference/{name}."""

    def view(call: Call) -> Response:
        name = call.path["name"]
        if name in NAMED:
            member, names = NAMED[name]
            return respond(
                {
                    "success": True,
                    member: {
                        code: {"name": text, "code": code, "active": True, "defaultForCrm": False, "defaultForApi": False}
                        for code, text in names.items()
                    },
                }
            )
        if name == "statuses":
            return respond(
                {
                    "success": True,
                    "statuses": {
                        code: {"name": text, "code": code, "active": True, "ordering": number * 10, "group": group}
                        for number, (code, (text, group)) in enumerate(STATUSES.items(), start=1)
                    },
                }
            )
        if name == "status-groups":
            return respond(
                {
                    "success": True,
                    "statusGroups": {
                        code: {
                            "name": text,
                            "code": code,
                            "active": True,
                            "ordering": number * 10,
                            "process": code not in ("new", "complete", "cancel"),
                            "statuses": [status for status, (_, group) in STATUSES.items() if group == code],
                        }
                        for number, (code, text) in enumerate(GROUPS.items(), start=1)
                    },
                }
            )
        if name == "sites":
            return respond(
                {"success": True, "sites": {site: _site(book, number, site) for number, site in enumerate(_sites(book), start=1)} or []}
            )
        if name == "stores":
            return respond(
                {
                    "success": True,
                    "stores": [
                        _store(row)
                        for row in book.world.rows("stores")
                        if row["opened_on"] is None or day(row["opened_on"]) <= local(call.now)[:10]
                    ]
                    + [_warehouse(row) for row in book.world.rows("warehouses")],
                }
            )
        if name == "subscriptions":
            return respond({"success": True, "subscriptions": book.subscriptions})
        raise Refused(404, "Not found")

    return view


def settings(book: Book) -> Any:
    """GET /settings: each setting is an object with its value [C]."""

    def view(call: Call) -> Response:
        at = local(book.world.begins_at)
        return respond(
            {
                "success": True,
                "settings": {
                    "default_currency": {"value": book.world.currency, "updated_at": at},
                    "system_language": {"value": "RU", "updated_at": at},
                    "timezone": {"value": time_zone().key, "updated_at": at},
                    "work_times": [{"day_type": "Monday", "start_time": "09:00", "end_time": "21:00"}],
                },
            }
        )

    return view


def products(book: Book) -> Any:
    """GET /store/products with filter[sinceUpdatedAt], filter[sinceId], filter[ids]."""

    def view(call: Call) -> Response:
        rows = [row for row in book.world.rows("products") if row["created_at"] is None or row["created_at"] <= call.now]
        ids, since_id, since = set(call.listed("ids")), call.filter.get("sinceId"), call.moment("sinceUpdatedAt")
        if ids:
            rows = [row for row in rows if str(row["product_id"]) in ids]
        if since_id is not None:
            rows = [row for row in rows if row["product_id"] > int(since_id)]
        if since:
            rows = [row for row in rows if row["created_at"] is not None and row["created_at"] >= since]
        return page(
            call,
            "products",
            rows,
            lambda row: call.sandbox.tampering.apply("retailcrm", "products", str(row["product_id"]), _product(row)),
            limits=(*LIMITS, 250),
        )

    return view


def _product(row: Row) -> Row:
    offer = present(
        {
            "id": row["product_id"],
            "externalId": row["article"],
            "xmlId": row["external_code"],
            "name": row["name"],
            "article": row["article"],
            "barcode": row["barcode"],
            "price": rubles(row["price_kop"]),
            "prices": [{"priceType": "base", "price": rubles(row["price_kop"]), "ordering": 991, "currency": "RUB"}],
            "purchasePrice": rubles(row["cost_kop"]),
            "vatRate": "20.00",
            "properties": [],
            "quantity": 0,
            "active": True,
            "unit": {"code": "pc", "name": "Штука", "sym": "шт."},
        }
    )
    return present(
        {
            "minPrice": rubles(row["price_kop"]),
            "maxPrice": rubles(row["price_kop"]),
            "id": row["product_id"],
            "externalId": row["article"],
            "article": row["article"],
            "type": "product",
            "name": row["name"],
            "manufacturer": row["brand"],
            "groups": [{"id": 1, "externalId": row["category"]}] if row["category"] else [],
            "offers": [offer],
            "active": True,
            "quantity": 0,
            "markable": False,
            "updatedAt": local(row["created_at"]),
        }
    )


def _store(row: Row) -> Row:
    return present(
        {
            "code": row["code"],
            "name": row["name"],
            "externalId": row["external_code"],
            "xmlId": row["uuid"],
            "type": "store-type-retail",
            "inventoryType": "integer",
            "address": present({"countryIso": "RU", "region": row["region"], "city": row["city"], "text": row["address"]}),
            "phone": [],
            "active": row["closed_on"] is None,
            "workTime": {"mo": [], "tu": []},
        }
    )


def _warehouse(row: Row) -> Row:
    return present(
        {
            "code": row["code"],
            "name": row["name"],
            "externalId": row["external_code"],
            "xmlId": row["uuid"],
            "type": "store-type-warehouse",
            "inventoryType": "integer",
            "address": present({"countryIso": "RU", "region": row["region"], "city": row["city"], "text": row["address"]}),
            "phone": [],
            "active": True,
        }
    )


def _sites(book: Book) -> list[str]:
    return sorted({row["site"] for row in [*book.orders, *book.profiles] if row["site"]})


def _site(book: Book, number: int, site: str) -> Row:
    return {
        "id": number,
        "name": site,
        "url": f"https://{site}.example",
        "code": site,
        "defaultForCrm": number == 1,
        "countryIso": "RU",
        "currency": book.world.currency,
        "ordering": number * 10,
        "isDemo": False,
    }
