"""A back office made by hand: two stores, three products, four receipts in three shifts, three online orders, two returns.

The clock stands at 02:00 of 1 November in Moscow, so October is over and not closed. Receipt 103 was rung up in a shift that closes an hour
later; 104 is of the day after. Order 202 is taken back two days later, after it was shipped.
"""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import requests

from sandbox import server
from sandbox.one_c.gate import PASSWORD, USERNAME
from sandbox.server import Running, Sandbox, serve_in_thread
from sandbox.shapes import SHAPES
from sandbox.world import World, table

UNTIL = datetime(2026, 10, 31, 23, 0, tzinfo=UTC)
NOW = UNTIL.replace(tzinfo=None)
AUTH = (USERNAME.encode(), PASSWORD.encode())  # requests writes text in Latin-1
ROOT = "/one_c/erp/odata/standard.odata"
PARTNER = "0a0a0a0a-0000-4000-8000-000000000001"
PLAN = "ExchangePlan_ОбменСХранилищем(guid'1c0e0001-0000-4000-8000-00000000d0e5')"


SPACES = {"a": "http://www.w3.org/2005/Atom", "d": "http://schemas.microsoft.com/ado/2007/08/dataservices",
          "m": "http://schemas.microsoft.com/ado/2007/08/dataservices/metadata", "at": "http://purl.org/atompub/tombstones/1.0",
          "e": "http://schemas.microsoft.com/ado/2009/11/edm"}


def moment(text: str) -> datetime:
    """Naive UTC, or in the client's tests the server's time."""
    return datetime.fromisoformat(text)


def key(kind: int, number: int) -> str:
    return f"{kind:08d}-0000-4000-8000-{number:012d}"


def _order(order_id: int, created: datetime, lines: list[tuple[int, int, int]], **more: Any) -> dict[str, Any]:
    gross = sum(quantity * price for _, quantity, price in lines)
    told = {"gross_kop": gross, "net_kop": gross - more.get("points_discount_kop", 0), "currency": "RUB", "sales_channel": "store"}
    return {"order_id": order_id, "number": f"{order_id:06d}", "uuid": key(1, order_id), "created_at": created, **told, **more}


RECEIPTS = {
    101: (moment("2026-09-10 09:30:05"), [(1, 2, 10_000), (2, 1, 5_050)], {"payment_type": "cash", "employee_id": 1}),
    102: (moment("2026-09-10 12:00"), [(1, 1, 10_000)],
          {"payment_type": "card", "employee_id": 1, "person_id": "P1", "account_id": 1, "points_discount_kop": 1_000, "points_earned": 4}),
    103: (moment("2026-10-31 15:00"), [(3, 1, 99_900)], {"payment_type": "gift_card", "employee_id": 2}),
    104: (moment("2026-11-01 09:00"), [(2, 3, 5_050)], {"payment_type": "card", "employee_id": 2}),
}
ONLINE = {
    201: (moment("2026-09-20 08:00"), [(1, 1, 10_000), (2, 2, 5_050)],
          {"confirmed_at": moment("2026-09-20 09:00"), "shipped_at": moment("2026-09-21 08:00"),
           "received_at": moment("2026-09-22 08:00")}),
    202: (moment("2026-10-29 08:00"), [(3, 1, 99_900)],
          {"confirmed_at": moment("2026-10-29 09:00"), "shipped_at": moment("2026-10-30 08:00"), "cancelled_at": NOW + timedelta(days=2)}),
    203: (moment("2026-10-31 22:00"), [(2, 1, 5_050)], {}),
}


def made() -> World:
    """The world; whatever is not named here is empty."""
    orders, lines = [], []
    for order_id, (created, sold, more) in {**RECEIPTS, **ONLINE}.items():
        is_receipt = order_id in RECEIPTS
        own = {"store_id": 1, "shipped_at": created, "received_at": created} if is_receipt else {
            "number": f"{order_id}A", "external_id": f"web-{order_id}", "sales_channel": "web"}
        orders.append(_order(order_id, created, sold, kind="receipt" if is_receipt else "online", **{**own, **more}))
        for number, (product_id, quantity, price) in enumerate(sold, start=1):
            points = more.get("points_discount_kop", 0) if number == 1 else 0
            lines.append({"order_id": order_id, "line_number": number, "product_id": product_id, "quantity": quantity,
                          "unit_price_kop": price, "points_discount_kop": points, "net_kop": quantity * price - points,
                          "cost_kop": quantity * price // 2})
    lines.append({"order_id": 203, "line_number": 2, "product_id": 1, "quantity": 1, "unit_price_kop": 10_000, "is_cancelled": True})
    rows = {
        "orders": sorted(orders, key=lambda row: row["created_at"]),
        "order_lines": lines,
        "products": [{"product_id": number, "uuid": key(2, number), "external_code": f"P{number}", "article": f"A{number}", "name": name,
                      "barcode": f"460000000000{number}", "brand": "Омни", "category": "Подарки", "subcategory": "Наборы",
                      "is_exclusive": True, "price_kop": price, "cost_kop": price // 2, "created_at": moment("2026-01-01")}
                     for number, name, price in ((1, "Мыло O'Нил", 10_000), (2, "Свеча", 5_050), (3, "Набор", 99_900))],
        "stores": [{"store_id": 1, "uuid": key(3, 1), "external_code": "ST0001", "name": "Тверская", "format": "mall", "city": "Москва",
                    "opened_on": date(2020, 5, 1), "time_zone": "Europe/Moscow"},
                   {"store_id": 2, "uuid": key(3, 2), "external_code": "ST0002", "name": "Мира", "format": "street", "is_franchise": True,
                    "city": "Казань", "opened_on": date(2021, 5, 1), "closed_on": date(2026, 10, 1), "time_zone": "Europe/Moscow"}],
        "warehouses": [{"store_id": 1000, "uuid": key(3, 1000), "external_code": "WH1000", "name": "Склад"}],
        "employees": [{"employee_id": number, "uuid": key(4, number), "name": name, "email": f"e{number}@omnimart.example",
                       "hired_at": moment("2026-01-01")} for number, name in ((1, "Карпенко Ольга"), (2, "Черных Игорь"))],
        "profiles": [{"system": "one_c", "record_id": PARTNER, "person_id": "P1", "kind": "person", "created_at": moment("2026-02-01"),
                      "first_name": "Анна", "last_name": "Белова", "phone": "+79160000001", "birth_date": date(1990, 3, 8),
                      "sex": "female", "card_number": "290000000001"}],
        "shifts": [{"shift_id": number, "uuid": key(5, number), "store_id": 1, "number": number, "opened_at": opened, "closed_at": closed}
                   for number, opened, closed in ((1, moment("2026-09-10 09:00"), moment("2026-09-10 19:30")),
                                                  (2, moment("2026-10-31 09:00"), NOW + timedelta(hours=1)),
                                                  (3, moment("2026-11-01 09:00"), moment("2026-11-01 19:30")))],
        "returns": [{"return_id": 7, "uuid": key(6, 7), "order_id": 101, "returned_at": moment("2026-09-12 09:00"), "amount_kop": 10_000,
                     "channel": "store", "store_id": 1, "employee_id": 1, "reason": "defect"},
                    {"return_id": 8, "uuid": key(6, 8), "order_id": 201, "returned_at": moment("2026-09-25 09:00"), "amount_kop": 5_050,
                     "channel": "courier", "reason": "changed_mind"}],
        "return_lines": [{"return_id": 7, "line_number": 1, "product_id": 1, "quantity": 1, "net_kop": 10_000},
                         {"return_id": 8, "line_number": 2, "product_id": 2, "quantity": 1, "net_kop": 5_050}],
        "gift_card_sales": [{"sale_id": 1, "uuid": key(7, 1), "card_number": "2800000000017", "store_id": 1, "employee_id": 1,
                             "sold_at": moment("2026-09-10 13:00"), "amount_kop": 300_000, "payment_type": "card"}],
    }
    frames = {name: table(name) for name, field in World.__dataclass_fields__.items() if str(field.type).endswith("DataFrame")}
    frames |= {name: _table(name, given) for name, given in rows.items()}
    return World(begins_at=moment("2026-01-01"), until=NOW, ends_at=NOW + timedelta(days=30), **frames, stock_of=stock)


def _table(name: str, rows: list[dict[str, Any]]) -> pd.DataFrame:
    blank = {column: 0 if kind == "int" else False for column, (kind, _) in SHAPES[name].items() if kind in ("int", "flag")}
    return table(name, pd.DataFrame([{**blank, **row} for row in rows], dtype=object))


def numbers(rows: list[dict[str, Any]]) -> list[int]:
    """The last three digits of documents' numbers, which are the order's id."""
    return [int(row["Number"][-3:]) for row in rows]


def stock(day: date) -> pd.DataFrame:
    """Two rows; the warehouse has as many as the day of the month."""
    return pd.DataFrame({"product_id": [1, 2], "store_id": [1, 1000], "quantity": [5, day.day], "reserved": [1, 0]})


class Office:
    """A running back office, asked without any client in between."""

    def __init__(self, running: Running) -> None:
        self.running, self.url = running, running.url + ROOT

    def get(self, path: str, *, accept: str = "application/json", auth: tuple[bytes, bytes] | None = AUTH) -> requests.Response:
        """The answer to `Document_ЧекККМ?$top=1`, as requests encodes it."""
        return requests.get(f"{self.url}/{path}", headers={"Accept": accept}, auth=auth, timeout=30)

    def rows(self, path: str) -> list[dict[str, Any]]:
        """The records of a collection."""
        answer = self.get(path)
        assert answer.status_code == 200, answer.text
        return answer.json()["value"]

    def refused(self, path: str) -> tuple[int, str]:
        """(status, code)."""
        answer = self.get(path)
        return answer.status_code, answer.json()["odata.error"]["code"]

    def post(self, method: str, number: int) -> requests.Response:
        """A call of the exchange."""
        point = f"'{self.url}/{PLAN}'"
        return requests.post(f"{self.url}/{method}", params={"DataExchangePoint": point, "MessageNo": number}, auth=AUTH, timeout=30)


@contextmanager
def office(world: World, folder: Path, *, rate: float = 100.0, at: datetime = UNTIL, **options: str) -> Iterator[Office]:
    """The stand-in over a world; options without their `one_c.`."""
    named = {f"one_c.{name}": text for name, text in options.items()}
    sandbox = Sandbox(world=world, clock_file=folder / "clock", rate=rate, options=named)
    sandbox.set_clock(at)
    with serve_in_thread(sandbox) as running:
        yield Office(running)


def serving(folders: pytest.TempPathFactory) -> Iterator[Callable[..., Office]]:
    """What a fixture yields: `serve(option=text)` -> the back office with these options, alone, until the module's tests are over."""
    world = made()
    with ExitStack() as stack, pytest.MonkeyPatch.context() as patch:
        patch.setattr(server, "VENDORS", ("one_c",))
        yield lambda **options: stack.enter_context(office(world, folders.mktemp("office"), **options))
