"""The papers of the tills: receipts, returns, the reports into which a shift's receipts go when it closes, sold gift cards.

    orders, returns, shifts, gift card sales of the world  ->  shelves of documents

A receipt stands as Пробит until its shift closes, then as Архивный with the report's reference; that long after the closing as
`one_c.receipts_kept_days` says it is purged. The report tells what stood in the receipts when the shift closed, and never changes.
"""

from datetime import datetime
from typing import TYPE_CHECKING, Any

from sandbox import fiscal
from sandbox.one_c.changes import Edited
from sandbox.one_c.shelf import Shelf, dated
from sandbox.one_c.wire import NIL, made_key, roubles, rows, versioned

if TYPE_CHECKING:
    from sandbox.one_c.book import Book

CARDS = {"card": "Карта", "online": "СБП"}
WITHOUT_BASIS_EVERY = 20


def receipts(book: "Book", now: datetime) -> Shelf:
    """Receipts that have been rung up and are not purged yet."""
    entries = []
    for order in book.receipts:
        if order["created_at"] <= now:
            shift, number = book.shift_of.get(order["order_id"], (None, 0))
            is_archived = bool(shift and shift["closed_at"] <= now)
            if not (is_archived and shift["closed_at"] + book.kept <= now):
                facts = (order, shift, number, is_archived)
                entries.append((book.clock.at(order["created_at"]), made_key("receipt", order["uuid"]), facts))

    def record(facts: tuple[dict[str, Any], dict[str, Any] | None, int, bool]) -> dict[str, Any]:
        order, shift, number, is_archived = facts
        return _receipt(book, book.sale(order, now), shift=shift, number=number, is_archived=is_archived)

    return dated(entries, record)


def _receipt(book: "Book", sale: Edited, *, shift: dict[str, Any] | None, number: int, is_archived: bool) -> dict[str, Any]:
    order, key = sale.order, made_key("receipt", sale.order["uuid"])
    paid, net, paper = order["payment_type"], roubles(order["net_kop"]), fiscal.of_sale(order["order_id"])
    by_card = [{"ВидОплаты": CARDS[paid], "Сумма": net}] if paid in CARDS else []
    by_gift = [{"СерийныйНомер": f"{order['order_id']:010d}", "Сумма": net}] if paid == "gift_card" else []
    return versioned(
        {
            "Ref_Key": key,
            "DeletionMark": sale.is_marked,
            "Number": f"0000-{order['order_id']:06d}",
            "Date": book.clock.at(order["created_at"]),
            "Posted": sale.is_posted,
            "Статус": "Архивный" if is_archived else "Пробит",
            "КассаККМ_Key": book.till(order["store_id"]),
            "Склад_Key": book.place(order["store_id"]),
            "Кассир_Key": book.user(order["employee_id"]),
            "Партнер_Key": book.partner(order),
            "КартаЛояльности_Key": book.card(order),
            "НомерСменыККМ": str(shift["number"] if shift else 0),
            "НомерЧекаККМ": str(number),
            "ЗаводскойНомерФН": paper.drive,
            "НомерФискальногоДокумента": paper.number,
            "ОтчетОРозничныхПродажах_Key": shift["uuid"] if is_archived else NIL,
            "СуммаДокумента": net,
            "ПолученоНаличными": net if paid == "cash" else 0,
            "БаллыНачислено": order["points_earned"],
            "Товары": rows(key, [_sold(book, line) for line in sale.lines if not line["is_cancelled"]]),
            "ОплатаПлатежнымиКартами": rows(key, by_card),
            "ПодарочныеСертификаты": rows(key, by_gift),
        }
    )


def _sold(book: "Book", line: dict[str, Any]) -> dict[str, Any]:
    return {
        "Номенклатура_Key": book.products[line["product_id"]],
        "Количество": line["quantity"],
        "Цена": roubles(line["unit_price_kop"]),
        "СуммаАвтоматическойСкидки": roubles(line["mass_discount_kop"]),
        "СуммаПерсональнойСкидки": roubles(line["personal_discount_kop"]),
        "СуммаСкидкиПоПромокоду": roubles(line["promo_discount_kop"]),
        "СуммаБонусныхБалловКСписанию": roubles(line["points_discount_kop"]),
        "Сумма": roubles(line["net_kop"]),
    }


def receipt_returns(book: "Book", now: datetime) -> Shelf:
    """Returns of what was bought at a till. One in twenty names no receipt, and the receipt that another names may be purged."""
    entries = []
    for row in book.world.rows("returns"):
        if row["returned_at"] <= now and book.orders[row["order_id"]]["kind"] == "receipt":
            entries.append((book.clock.at(row["returned_at"]), made_key("return", row["uuid"]), row))

    def record(row: dict[str, Any]) -> dict[str, Any]:
        order, key, paper = book.orders[row["order_id"]], made_key("return", row["uuid"]), fiscal.of_return(row["return_id"])
        shift = book.shift_at(row["store_id"], row["returned_at"])
        is_archived = bool(shift and shift["closed_at"] <= now)
        return versioned(
            {
                "Ref_Key": key,
                "DeletionMark": False,
                "Number": f"0000-{row['return_id']:06d}",
                "Date": book.clock.at(row["returned_at"]),
                "Posted": True,
                "ЧекККМ_Key": made_key("receipt", order["uuid"]) if row["return_id"] % WITHOUT_BASIS_EVERY else NIL,
                "Статус": "Архивный" if is_archived else "Пробит",
                "ОтчетОРозничныхПродажах_Key": shift["uuid"] if is_archived else NIL,
                "НомерСменыККМ": str(shift["number"] if shift else 0),
                "КассаККМ_Key": book.till(row["store_id"]),
                "Склад_Key": book.place(row["store_id"]),
                "Кассир_Key": book.user(row["employee_id"]),
                "Партнер_Key": book.partner(order),
                "ЗаводскойНомерФН": paper.drive,
                "НомерФискальногоДокумента": paper.number,
                "СуммаДокумента": roubles(row["amount_kop"]),
                "ПричинаВозврата": row["reason"] or "",
                "Товары": rows(key, returned(book, row)),
            }
        )

    return dated(entries, record)


def returned(book: "Book", row: dict[str, Any]) -> list[dict[str, Any]]:
    """The lines of a return."""
    lines = book.world.grouped("return_lines", "return_id").get(row["return_id"], [])
    return [
        {
            "Номенклатура_Key": book.products[line["product_id"]],
            "Количество": line["quantity"],
            "Сумма": roubles(line["net_kop"]),
        }
        for line in lines
    ]


def shift_reports(book: "Book", now: datetime) -> Shelf:
    """A report for every shift that has closed."""
    entries = [
        (book.clock.at(shift["closed_at"]), shift["uuid"], shift) for shift in book.world.rows("shifts") if shift["closed_at"] <= now
    ]

    def record(shift: dict[str, Any]) -> dict[str, Any]:
        sales, key = archived_sales(book, shift), shift["uuid"]
        lines = [
            {
                "Номенклатура_Key": book.products[product_id],
                "Количество": sold["quantity"],
                "Сумма": roubles(sold["net_kop"]),
                "СуммаСкидки": roubles(sold["discount_kop"]),
            }
            for product_id, sold in sums(sales).items()
        ]
        return versioned(
            {
                "Ref_Key": key,
                "DeletionMark": False,
                "Number": f"0000-{shift['shift_id']:06d}",
                "Date": book.clock.at(shift["closed_at"]),
                "Posted": True,
                "КассаККМ_Key": book.till(shift["store_id"]),
                "Склад_Key": book.place(shift["store_id"]),
                "НомерСменыККМ": str(shift["number"]),
                "КоличествоЧеков": str(len(sales)),
                "СуммаДокумента": roubles(sum(sale.order["net_kop"] for sale in sales)),
                "Товары": rows(key, lines),
            }
        )

    return dated(entries, record)


def archived_sales(book: "Book", shift: dict[str, Any]) -> list[Edited]:
    """The receipts in force when the shift closed, as they stood then."""
    stood = [book.sale(order, shift["closed_at"]) for order in book.receipts_of.get(shift["shift_id"], [])]
    return [sale for sale in stood if sale.is_posted and not sale.is_marked]


def sums(sales: list[Edited]) -> dict[int, dict[str, int]]:
    """product_id -> quantity, net_kop, discount_kop, cost_kop over the live lines of the sales."""
    found: dict[int, dict[str, int]] = {}
    for line in (line for sale in sales for line in sale.lines if not line["is_cancelled"]):
        total = found.setdefault(line["product_id"], {"quantity": 0, "net_kop": 0, "discount_kop": 0, "cost_kop": 0})
        total["quantity"] += line["quantity"]
        total["net_kop"] += line["net_kop"]
        total["discount_kop"] += round(line["quantity"] * line["unit_price_kop"]) - line["net_kop"]
        total["cost_kop"] += line["cost_kop"]
    return found


def gift_card_sales(book: "Book", now: datetime) -> Shelf:
    """Gift cards sold, each by a document of its own."""
    entries = []
    for row in book.world.rows("gift_card_sales"):
        if row["sold_at"] <= now:
            entries.append((book.clock.at(row["sold_at"]), made_key("gift card sale", row["uuid"]), row))

    def record(row: dict[str, Any]) -> dict[str, Any]:
        key = made_key("gift card sale", row["uuid"])
        return versioned(
            {
                "Ref_Key": key,
                "DeletionMark": False,
                "Number": f"0000-{row['sale_id']:06d}",
                "Date": book.clock.at(row["sold_at"]),
                "Posted": True,
                "Склад_Key": book.place(row["store_id"]),
                "Кассир_Key": book.user(row["employee_id"]),
                "СуммаДокумента": roubles(row["amount_kop"]),
                "ПодарочныеСертификаты": rows(key, [{"СерийныйНомер": row["card_number"], "Сумма": roubles(row["amount_kop"])}]),
            }
        )

    return dated(entries, record)
