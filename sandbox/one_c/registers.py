"""The registers: barcodes, prices, free stock, revenue and cost of sales by recorder.

    products, World.stock(day), shift reports and shipments  ->  shelves of entries

Revenue and cost are told by the key of an item at a place, which is an element of its own catalogue, or by the option `one_c.flat_costs`
by item and place themselves. Cost is computed when a month is closed, on the 5th of the next one (sandbox/costs.py); until then every row
of it has cost 0. The recorder of what a till sold is the shift's report, that of an online order its shipment, which is there from the
moment the goods leave and is taken back when the order is cancelled after that. Returns are not posted here.
"""

from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from sandbox import costs
from sandbox.one_c.shelf import Shelf, dated, listed
from sandbox.one_c.things import PRICE_TYPES
from sandbox.one_c.till_papers import archived_sales, sums
from sandbox.one_c.wire import NIL, made_key, roubles, versioned

if TYPE_CHECKING:
    from sandbox.one_c.book import Book

VAT = 20  # per cent that the cost contains
SHIPMENT = "StandardODATA.Document_РеализацияТоваровУслуг"


def barcodes(book: "Book", now: datetime) -> Shelf:
    """Barcodes of the items."""
    rows = [row for row in book.world.rows("products") if row["barcode"] and row["created_at"] <= now]
    return listed(
        [(row["barcode"], row) for row in rows],
        lambda row: {"Штрихкод": row["barcode"], "Номенклатура_Key": book.products[row["product_id"]]},
    )


def prices(book: "Book", now: datetime) -> Shelf:
    """Prices since each item came in; the purchase price is today's."""
    entries = []
    for row in book.world.rows("products"):
        if row["created_at"] <= now:
            since, item = book.clock.at(row["created_at"]), book.products[row["product_id"]]
            entries += [(since, f"{item} {name}", (since, item, name, row[column])) for name, column in PRICE_TYPES.items() if row[column]]
    return dated(
        entries,
        lambda facts: {
            "Period": facts[0],
            "Номенклатура_Key": facts[1],
            "ВидЦены_Key": made_key("price type", facts[2]),
            "Цена": roubles(facts[3]),
        },
    )


def stock(book: "Book", now: datetime) -> Shelf:
    """The balance at the moment."""
    return stock_of(book, book.clock.local(now).date())


def stock_of(book: "Book", day: date) -> Shelf:
    """The balance at the end of a day."""
    frame = book.world.stock(day)
    columns = (frame[name].tolist() for name in ("product_id", "store_id", "quantity", "reserved"))
    entries = []
    for product_id, store_id, quantity, reserved in zip(*columns, strict=True):
        item, place = book.products[product_id], book.place(store_id)
        entries.append((f"{item} {place}", (item, place, quantity, reserved)))
    return listed(
        entries,
        lambda facts: {
            "Номенклатура_Key": facts[0],
            "Склад_Key": facts[1],
            "ВНаличииBalance": facts[2],
            "ВРезервеСоСкладаBalance": facts[3],
        },
    )


def item_key(book: "Book", product_id: int, place: str) -> str:
    """Ref_Key of an item at a place."""
    return made_key("item key", book.products[product_id], place)


def item_keys(book: "Book", now: datetime) -> Shelf:
    """The keys of items at the places where they were sold."""
    pairs = [(product_id, place) for product_id, place, since in book.sold_at if since <= now]
    kind = f"StandardODATA.{book.places_name}"

    def record(pair: tuple[int, str]) -> dict[str, Any]:
        told = {"Ref_Key": item_key(book, *pair), "DeletionMark": False, "Номенклатура_Key": book.products[pair[0]]}
        return versioned({**told, "МестоХранения": pair[1], "МестоХранения_Type": kind})

    return listed([(item_key(book, *pair), pair) for pair in pairs], record)


def sale_costs(book: "Book", now: datetime) -> Shelf:
    """One entity per recorder, with its rows."""
    open_from, report = costs.first_open_day(now), f"StandardODATA.{book.report_name}"
    entries = [
        (book.clock.at(shift["closed_at"]), shift["uuid"], (report, shift))
        for shift in book.world.rows("shifts")
        if shift["closed_at"] <= now and shift["shift_id"] in book.receipts_of
    ]
    for order in book.online:
        is_gone = order["cancelled_at"] is not None and order["cancelled_at"] <= now
        if order["shipped_at"] is not None and order["shipped_at"] <= now and not is_gone:
            entries.append((book.clock.at(order["shipped_at"]), made_key("shipment", order["uuid"]), (SHIPMENT, order)))

    def of_what(product_id: int, store_id: int | None) -> dict[str, Any]:
        if book.has_flat_costs:
            return {"Номенклатура_Key": book.products[product_id], "Склад_Key": book.place(store_id)}
        return {"АналитикаУчетаНоменклатуры_Key": item_key(book, product_id, book.place(store_id))}

    def at_cost(kopecks: int) -> dict[str, Any]:
        if book.has_flat_costs:
            return {"Себестоимость": roubles(kopecks)}
        return {"Стоимость": roubles(kopecks), "СтоимостьБезНДС": roubles(round(kopecks * 100 / (100 + VAT)))}

    def record(facts: tuple[str, dict[str, Any]]) -> dict[str, Any]:
        kind, row = facts
        if kind == report:
            moment, recorder, order_key = row["closed_at"], row["uuid"], NIL
            sold = sums(archived_sales(book, row))
        else:
            moment, recorder, order_key = row["shipped_at"], made_key("shipment", row["uuid"]), made_key("order", row["uuid"])
            sold = sums([book.sale(row, now)])
        is_closed = book.clock.local(moment).date() < open_from
        lines = [
            {
                "Recorder": recorder,
                "Recorder_Type": kind,
                "Period": book.clock.at(moment),
                "LineNumber": str(number),
                "Active": True,
                **of_what(product_id, row["store_id"]),
                "ЗаказКлиента_Key": order_key,
                "Количество": total["quantity"],
                "СуммаВыручки": roubles(total["net_kop"]),
                **at_cost(total["cost_kop"] if is_closed else 0),
            }
            for number, (product_id, total) in enumerate(sold.items(), start=1)
        ]
        return {"Recorder": recorder, "Recorder_Type": kind, "RecordSet": lines}

    return dated(entries, record)
