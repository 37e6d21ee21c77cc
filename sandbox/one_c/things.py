"""The dictionaries: items and their groups, brands, kinds of prices, stores, tills, staff, partners, loyalty cards.

    a row of the world  ->  the element of a catalogue, on the shelf of its set

A store's and an item's Code is what other systems keep as their external code.
"""

from datetime import datetime
from typing import TYPE_CHECKING, Any

from sandbox.one_c.shelf import Shelf, listed
from sandbox.one_c.wire import NIL, made_key, midnight, rows, versioned
from sandbox.world import plain

if TYPE_CHECKING:
    from sandbox.one_c.book import Book

PRICE_TYPES = {"Закупочная": "cost_kop", "Розничная": "price_kop"}
SEXES = {"male": "Мужской", "female": "Женский"}
STORES, WAREHOUSES = "Магазины", "Склады"


def items(book: "Book", now: datetime) -> Shelf:
    """Items, and the two levels of groups above them."""
    rows_ = [row for row in book.world.rows("products") if row["created_at"] <= now]
    pairs = sorted({(row["category"], row["subcategory"]) for row in rows_ if row["category"]})
    groups = [*((name,) for name in dict.fromkeys(pair[0] for pair in pairs)), *pairs]
    folders = [_folder("group", path, code=f"G{number:04d}") for number, path in enumerate(groups, start=1)]
    elements = [(book.products[row["product_id"]], row) for row in rows_]
    return listed([*((one["Ref_Key"], one) for one in folders), *elements], lambda one: _item(book, one))


def _folder(kind: str, path: tuple[str, ...], *, code: str) -> dict[str, Any]:
    parent = made_key(kind, *path[:-1]) if path[1:] else NIL
    return {"Ref_Key": made_key(kind, *path), "Parent_Key": parent, "Code": code, "Description": path[-1]}


def _item(book: "Book", row: dict[str, Any]) -> dict[str, Any]:
    if "Ref_Key" in row:
        more = {"Артикул": "", "Марка_Key": NIL, "ТипНоменклатуры": ""}
        return versioned({**row, "DeletionMark": False, "IsFolder": True, **more})
    return versioned(
        {
            "Ref_Key": book.products[row["product_id"]],
            "DeletionMark": False,
            "Parent_Key": made_key("group", row["category"], row["subcategory"]) if row["category"] else NIL,
            "IsFolder": False,
            "Code": row["external_code"],
            "Description": row["name"],
            "Артикул": row["article"] or "",
            "Марка_Key": made_key("brand", row["brand"]) if row["brand"] else NIL,
            "ТипНоменклатуры": "Товар",
        }
    )


def brands(book: "Book", now: datetime) -> Shelf:
    """Brands of the items; an own one is sold nowhere else."""
    own = {row["brand"]: row["is_exclusive"] for row in book.world.rows("products") if row["brand"] and row["created_at"] <= now}

    def record(name: str) -> dict[str, Any]:
        key = made_key("brand", name)
        return versioned({"Ref_Key": key, "DeletionMark": False, "Description": name, "СобственнаяМарка": bool(own[name])})

    return listed([(made_key("brand", name), name) for name in sorted(own)], record)


def price_types(book: "Book", now: datetime) -> Shelf:
    """Kinds of prices."""
    return listed(
        [(made_key("price type", name), name) for name in PRICE_TYPES],
        lambda name: versioned({"Ref_Key": made_key("price type", name), "DeletionMark": False, "Description": name}),
    )


def stores(book: "Book", now: datetime) -> Shelf:
    """Stores that have opened, warehouses, and a group for either. A closing that is yet to come is not told."""
    today = book.clock.local(now).date()
    folders = [_folder("place group", (name,), code=f"G{number}") for number, name in enumerate((STORES, WAREHOUSES), start=1)]
    places = [row for row in book.world.rows("stores") if row["opened_on"] <= today] + book.world.rows("warehouses")

    def record(row: dict[str, Any]) -> dict[str, Any]:
        if "Ref_Key" in row:
            texts = dict.fromkeys(("ТипСклада", "Регион", "Город", "Адрес", "Формат"), "")
            dates = {"ДатаОткрытия": midnight(None), "ДатаЗакрытия": midnight(None), "ЧасовойПояс": ""}
            return versioned({**row, "DeletionMark": False, "IsFolder": True, **texts, "Франшиза": False, **dates})
        is_store = "format" in row
        closed = row.get("closed_on")
        return versioned(
            {
                "Ref_Key": book.place(row["store_id"]),
                "DeletionMark": False,
                "Parent_Key": made_key("place group", STORES if is_store else WAREHOUSES),
                "IsFolder": False,
                "Code": row["external_code"],
                "Description": row["name"],
                "ТипСклада": "РозничныйМагазин" if is_store else "ОптовыйСклад",
                "Регион": row["region"] or "",
                "Город": row["city"] or "",
                "Адрес": row["address"] or "",
                "Формат": row.get("format") or "",
                "Франшиза": bool(row.get("is_franchise")),
                "ДатаОткрытия": midnight(row.get("opened_on")),
                "ДатаЗакрытия": midnight(closed if closed and closed <= today else None),
                "ЧасовойПояс": row.get("time_zone") or book.world.time_zone,
            }
        )

    return listed([*((one["Ref_Key"], one) for one in folders), *((book.place(row["store_id"]), row) for row in places)], record)


def tills(book: "Book", now: datetime) -> Shelf:
    """One till for each store."""
    today = book.clock.local(now).date()

    def record(row: dict[str, Any]) -> dict[str, Any]:
        key = book.till(row["store_id"])
        title = f"Касса 1, {row['name']}"
        return versioned({"Ref_Key": key, "DeletionMark": False, "Description": title, "Склад_Key": book.place(row["store_id"])})

    return listed([(book.till(row["store_id"]), row) for row in book.world.rows("stores") if row["opened_on"] <= today], record)


def cashiers(book: "Book", now: datetime) -> Shelf:
    """Staff hired by now; who has left is not valid any more."""

    def record(row: dict[str, Any]) -> dict[str, Any]:
        key, left = book.user(row["employee_id"]), bool(row["dismissed_at"] and row["dismissed_at"] <= now)
        return versioned(
            {
                "Ref_Key": key,
                "DeletionMark": False,
                "Description": row["name"],
                "Недействителен": left,
                "КонтактнаяИнформация": rows(key, _contacts(row)),
            }
        )

    return listed([(book.user(row["employee_id"]), row) for row in book.world.rows("employees") if row["hired_at"] <= now], record)


def _contacts(row: dict[str, Any]) -> list[dict[str, Any]]:
    told = (("АдресЭлектроннойПочты", row["email"]), ("Телефон", row["phone"]))
    return [{"Тип": kind, "Представление": value} for kind, value in told if value]


def partners(book: "Book", now: datetime) -> Shelf:
    """Buyers as they stood: people, and firms."""
    stood = plain(book.world.profiles_at("one_c", now), dates=["birth_date"])
    names = {row["company_id"]: row["name"] for row in book.world.rows("companies")}

    def record(facts: tuple[int, dict[str, Any]]) -> dict[str, Any]:
        number, row = facts
        key, firm = row["record_id"], row["company_id"]
        name = " ".join(filter(None, (row["last_name"], row["first_name"], row["middle_name"])))
        return versioned(
            {
                "Ref_Key": key,
                "DeletionMark": row["merged_into"] is not None,
                "Parent_Key": NIL,
                "IsFolder": False,
                "Code": f"00-{number:08d}",
                "Description": names.get(firm) or name or row["phone"] or "",
                "ЮрФизЛицо": "ЮрЛицо" if firm else "ФизЛицо",
                "Пол": "" if firm else SEXES.get(row["sex"], ""),
                "ДатаРождения": midnight(None if firm else row["birth_date"]),
                "КонтактнаяИнформация": rows(key, _contacts(row)),
            }
        )

    return listed([(row["record_id"], (number, row)) for number, row in enumerate(stood, start=1)], record)


def cards(book: "Book", now: datetime) -> Shelf:
    """Loyalty cards of the people 1C knows; one that was replaced is annulled."""
    entries = []
    for row in plain(book.world.profiles_at("one_c", now), dates=["birth_date"]):
        key = row["record_id"]
        replaced = [one["old_value"] for one in book.card_changes.get(key, ()) if one["changed_at"] <= now and one["old_value"]]
        told = {**dict.fromkeys(replaced, "Аннулирована"), **({row["card_number"]: "Действует"} if row["card_number"] else {})}
        entries += [(made_key("card", key, number), (key, number, status)) for number, status in told.items()]

    def record(facts: tuple[str, str, str]) -> dict[str, Any]:
        owner, number, status = facts
        key = made_key("card", owner, number)
        return versioned({"Ref_Key": key, "DeletionMark": False, "Штрихкод": number, "Партнер_Key": owner, "Статус": status})

    return listed(entries, record)
