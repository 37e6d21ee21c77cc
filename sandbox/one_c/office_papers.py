"""The papers of the office: mirrors of the online orders, and their returns.

    online orders and their returns of the world  ->  shelves of documents

Chosen: the shop's number stands in НомерПоДаннымКлиента; ДатаОтгрузки is when the goods left, empty before; every return of an online
order is a document of the office, whether a courier or a store took it, since no till recorded its sale.
"""

from datetime import datetime
from typing import TYPE_CHECKING, Any

from sandbox.one_c.shelf import Shelf, dated
from sandbox.one_c.till_papers import returned
from sandbox.one_c.wire import made_key, roubles, rows, versioned

if TYPE_CHECKING:
    from sandbox.one_c.book import Book

STATUSES = (("Отменен", "cancelled_at"), ("Закрыт", "received_at"), ("КОтгрузке", "confirmed_at"))
FIRST_STATUS = "КОбеспечению"


def customer_orders(book: "Book", now: datetime) -> Shelf:
    """The mirrors of the online orders as they stand."""
    entries = [
        (book.clock.at(order["created_at"]), made_key("order", order["uuid"]), order)
        for order in book.online
        if order["created_at"] <= now
    ]

    def record(row: dict[str, Any]) -> dict[str, Any]:
        sale, key = book.sale(row, now), made_key("order", row["uuid"])
        order = sale.order
        shipped = order["shipped_at"] if order["shipped_at"] and order["shipped_at"] <= now else None
        return versioned(
            {
                "Ref_Key": key,
                "DeletionMark": sale.is_marked,
                "Number": f"0000-{order['order_id']:06d}",
                "Date": book.clock.at(order["created_at"]),
                "Posted": sale.is_posted,
                "НомерПоДаннымКлиента": order["number"],
                "Партнер_Key": book.partner(order),
                "Склад_Key": book.place(order["store_id"]),
                "Менеджер_Key": book.user(order["employee_id"]),
                "Статус": next((name for name, column in STATUSES if order[column] and order[column] <= now), FIRST_STATUS),
                "СуммаДокумента": roubles(order["net_kop"]),
                "ДатаОтгрузки": book.clock.at(shipped),
                "Товары": rows(key, [_ordered(book, line) for line in sale.lines]),
            }
        )

    return dated(entries, record)


def _ordered(book: "Book", line: dict[str, Any]) -> dict[str, Any]:
    discounts = ("mass_discount_kop", "personal_discount_kop", "promo_discount_kop", "points_discount_kop")
    return {
        "Номенклатура_Key": book.products[line["product_id"]],
        "Количество": line["quantity"],
        "Цена": roubles(line["unit_price_kop"]),
        "СуммаСкидки": roubles(sum(line[name] for name in discounts)),
        "Сумма": roubles(line["net_kop"]),
        "Отменено": line["is_cancelled"],
    }


def customer_returns(book: "Book", now: datetime) -> Shelf:
    """Returns of online orders."""
    entries = []
    for row in book.world.rows("returns"):
        if row["returned_at"] <= now and book.orders[row["order_id"]]["kind"] == "online":
            entries.append((book.clock.at(row["returned_at"]), made_key("return", row["uuid"]), row))

    def record(row: dict[str, Any]) -> dict[str, Any]:
        order, key = book.orders[row["order_id"]], made_key("return", row["uuid"])
        return versioned(
            {
                "Ref_Key": key,
                "DeletionMark": False,
                "Number": f"0000-{row['return_id']:06d}",
                "Date": book.clock.at(row["returned_at"]),
                "Posted": True,
                "ЗаказКлиента_Key": made_key("order", order["uuid"]),
                "Партнер_Key": book.partner(order),
                "СуммаДокумента": roubles(row["amount_kop"]),
                "ПричинаВозврата": row["reason"] or "",
                "Товары": rows(key, returned(book, row)),
            }
        )

    return dated(entries, record)
