"""Bad data from the wire to staging: answers taken apart by the landing path, landed as dlt lands them, staged by the real macros."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from small_project import Document, SmallProject

from ingestion import documents, lake
from ingestion.vendor import Vendor

ACME = Vendor("acme", "Acme", "shop", "", (), lambda *asked: None, (), lambda account: None)
NOON = datetime(2026, 10, 31, 12, tzinfo=UTC)
STAGED = """
    select document_key, gross_amount::varchar, problem from staging.base_acme__orders order by document_key, is_accepted desc
"""


def wire(*records: bytes) -> bytes:
    return b'{"success":true,"orders":[' + b",".join(records) + b"]}"


def written(key: int, summ: object = 1, **more: object) -> bytes:
    return json.dumps({"id": key, "createdAt": "2026-10-01T00:00:00Z", "summ": summ, **more}).encode()


def land(project: SmallProject, *pages: bytes) -> None:
    """One load of these answers, asked for a second apart."""
    project.land("orders", *[
        Document(row["document_key"], row["payload"], version_at=row["version_at"])
        for number, page in enumerate(pages)
        for row in told(documents.split(page, rows="orders").records, NOON + timedelta(seconds=number))
    ])


def told(records: Iterable[documents.Record], asked_at: datetime) -> list[dict]:
    return documents.table(records, account="main", asked_at=asked_at).to_pylist()


NUMBERS = [
    # as the vendor writes it, what becomes of it, problem
    (b'"9999999999999999.99"', "9999999999999999.99", None),
    (b"999999999999.99", "999999999999.99", None),
    (b"9999999999999999.99", None, "gross_amount: not money"),  # as a JSON number it is a double, and 10 000 000 000 000 000
    (b"99999999999999999999", None, "gross_amount: not money"),
    (b"9" * 400, None, "gross_amount: not money"),
    (b"9" * 5000, None, "gross_amount: not money"),
    (b"1e999", None, "gross_amount: not money"),
    (b"-1e308", None, "gross_amount: not money"),
    (b"NaN", None, "gross_amount: not money"),
    (b'"Infinity"', None, "gross_amount: not money"),
    (b"1e-400", "0.00", None),
]


def test_a_number_too_large_for_its_type_is_set_aside_and_no_other_number_is_changed(orders: SmallProject) -> None:
    land(orders, wire(*[b'{"id":%d,"summ":%s}' % (10 + number, text) for number, (text, *_) in enumerate(NUMBERS)]))
    orders.build()
    assert orders.rows(STAGED) == [(str(10 + number), *became) for number, (_, *became) in enumerate(NUMBERS)]


def test_what_one_key_says_twice_is_settled_by_the_later_answer_and_accounted_for(orders: SmallProject) -> None:
    """In one page, across pages, across loads; good beside bad in each."""
    land(orders, wire(written(1, 10), written(1, 11), written(2, 20), written(2, "x"), written(3, 30), written(4, 40)),
         wire(written(3, 31), written(4, "x")))
    orders.build()
    first = [("1", "11.00", None), ("2", "20.00", None), ("2", None, "gross_amount: not money"), ("3", "31.00", None),
             ("4", "40.00", None), ("4", None, "gross_amount: not money")]
    assert orders.rows(STAGED) == first
    orders.build("--full-refresh")
    assert orders.rows(STAGED) == first
    orders.land("orders", Document("1", written(1, 12).decode()), Document("4", written(4, 41).decode()))
    orders.build()
    assert [row for row in orders.rows(STAGED) if not row[2]] == [("1", "12.00", None), ("2", "20.00", None), ("3", "31.00", None),
                                                                  ("4", "41.00", None)]


def test_a_key_that_says_two_things_at_one_moment_is_named(orders: SmallProject) -> None:
    land(orders, wire(written(1, 10), written(1, 11), written(2, 20), written(2, 20), written(3, 30)), wire(written(3, 31)))
    land(orders, wire(written(4, 40)))
    land(orders, wire(written(4, 41), written(5, 50), written(5, 51)))
    first, second, third = orders.loads
    assert lake.told_twice(ACME, "orders", [first, second]) == ["1"]
    assert lake.told_twice(ACME, "orders", [third]) == ["5"]
    assert lake.told_twice(ACME, "orders", []) == lake.told_twice(ACME, "returns", [first]) == []


DRIFTS = {
    "added": ({"id": 1, "createdAt": "2026-10-01T00:00:00Z", "summ": 5, "channel": {"new": [1]}}, "5.00", None),
    "null": ({"id": 1, "createdAt": "2026-10-01T00:00:00Z", "summ": None}, None, None),
    "removed": ({"id": 1, "createdAt": "2026-10-01T00:00:00Z"}, None, None),
    "renamed key": ({"orderId": 1, "createdAt": "2026-10-01T00:00:00Z", "summ": 5}, "5.00", "order_id: missing"),
    "retyped to a number": ({"id": 1, "createdAt": 1790812800, "summ": 5}, "5.00", "ordered_at: not a time"),
    "retyped to an object": ({"id": 1, "summ": {"amount": 5, "currency": "RUB"}}, None, "gross_amount: not money"),
}


def test_a_schema_that_drifts_is_read_or_set_aside_with_its_reason(orders: SmallProject) -> None:
    orders.land("orders", *[Document(name, drifted) for name, (drifted, *_) in DRIFTS.items()])
    orders.build()
    assert orders.rows(STAGED) == [(name, *became) for name, (_, *became) in DRIFTS.items()]


def test_one_poison_record_among_many_and_a_large_one_cost_nobody_else_anything(orders: SmallProject) -> None:
    """The short form of `python -m tests.torture baddata`: 20 000 records, and 5 MB of which the contract asks nothing."""
    poisons = {7: b'{"id":7,"summ":"1","name":"\xcf\xf0\xe8"}', 5007: b'{"id":5007,"summ":nil}',
               10007: b'{"id":10007,"tree":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
               15007: b'{"id":15007,"note":"' + b"x" * 5_000_000 + b'"}'}
    pages = [wire(*[poisons.get(key) or written(key) for key in range(start, start + 1000)]) for start in range(0, 20_000, 1000)]
    land(orders, *pages)
    orders.build()
    assert orders.rows("select count(*), count(*) filter (is_accepted), sum(gross_amount)::bigint from staging.base_acme__orders") == [
        (20_000, 19_997, 19_996)]
    assert orders.rows("select document_key, problem from staging.base_acme__orders where not is_accepted order by all") == [
        ("10007", "payload: not an object"), ("5007", "payload: cannot be read as JSON"), ("7", "payload: cannot be read as JSON")]
