"""Staging, tried on a lake made by hand: verdicts, versions, loads, replays, full lists."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from small_project import FIRST_LOAD, Document, SmallProject

ORDERS = """
{% set contract = [
    ('order_id', 'id', 'text', 'required'),
    ('ordered_at', 'createdAt', 'utc', ''),
    ('gross_amount', 'summ', 'MONEY', ''),
] %}
{{ staged_documents('acme', 'orders', contract) }}
"""
STATE = """
    select document_key, is_accepted, gross_amount::varchar, problem, operation from staging.base_acme__orders
    order by document_key, is_accepted
"""


@pytest.fixture
def orders(project: SmallProject) -> SmallProject:
    """A project that stages orders of id, createdAt and summ."""
    project.declare("orders")
    project.write("models/staging/acme/base/base_acme__orders.sql", ORDERS.replace("MONEY", "money"))
    return project


def order(key: str, summ: object, **more: object) -> Document:
    moment = more.pop("version_at", None)
    return Document(key, {"id": key, "createdAt": "2026-10-01T00:00:00Z", "summ": summ}, version_at=moment, **more)


KINDS = [
    # kind, JSON value, what becomes of it (as text), problem
    ("text", '"  Тверь "', "Тверь", None),
    ("text", "17", "17", None),
    ("text", '""', None, None),
    ("text", "null", None, None),
    ("text", '{"a": 1}', None, "not text"),
    ("integer", "5", "5", None),
    ("integer", '"5.0"', "5", None),
    ("integer", "5.7", None, "not an integer"),
    ("integer", '"abc"', None, "not an integer"),
    ("number", "1e3", "1000.0", None),
    ("number", '"NaN"', None, "not a number"),
    ("money", '"1500.10"', "1500.10", None),
    ("money", "-3", "-3.00", None),
    ("money", "1.005", "1.01", None),
    ("money", '"abc"', None, "not money"),
    ("money", '"1_000"', None, "not money"),
    ("money", "[1]", None, "not money"),
    ("money", "1e300", None, "not money"),
    ("money?", '"abc"', None, None),
    ("kopecks", "150010.0", "1500.10", None),
    ("kopecks", '"x"', None, "not money"),
    ("boolean", "true", "true", None),
    ("boolean", '"0"', "false", None),
    ("boolean", '"da"', None, "not a boolean"),
    ("date", '"2026-02-28"', "2026-02-28", None),
    ("date", '"2026-02-28 23:59:59"', "2026-02-28", None),
    ("date", '"2026-02-30"', None, "not a date"),
    ("date", '"28.02.2026"', None, "not a date"),
    ("date", '"0001-01-01"', None, "impossible date"),
    ("date", '"9999-12-31"', None, "impossible date"),
    ("date?", '"0001-01-01"', None, None),
    ("utc", '"2026-01-01T00:30:00Z"', "2026-01-01 00:30:00", None),
    ("utc", '"2026-01-01T00:30:00.123+03:00"', "2025-12-31 21:30:00.123", None),
    ("utc", '"2026-01-01T00:30:00+0300"', "2025-12-31 21:30:00", None),
    ("utc", '"2026-01-01 00:30:00"', "2026-01-01 00:30:00", None),
    ("utc", '"2026"', None, "not a time"),
    ("utc", '"0001-01-01T00:00:00"', None, "impossible date"),
    ("moscow", '"2026-01-01 00:30:00"', "2025-12-31 21:30:00", None),
    ("moscow", '"2026-01-01 00:30:00Z"', "2026-01-01 00:30:00", None),
    ("moscow", '"0000-00-00 00:00:00"', None, "not a time"),
    ("local", '"2026-01-01 00:30:00"', "2025-12-31 19:30:00", None),
    ("local", '"yesterday"', None, "not a time"),
    ("json", '{"a": [1, 2]}', '{"a":[1,2]}', None),
    ("json", "null", None, None),
    ("rows", "[]", "[]", None),
    ("rows", '{"a": 1}', '{"a":1}', "not rows"),
    ("rows", '"x"', '"x"', "not rows"),
]


def test_every_kind_casts_or_says_what_is_wrong(project: SmallProject) -> None:
    """One column per case, one document per case: the other columns are absent, which is no problem."""
    project.declare("things", "settings")
    project.write("models/staging/acme/base/base_acme__settings.sql",
                  "{% set contract = [('time_zone', 'zone', 'text', 'required')] %}{{ staged_documents('acme', 'settings', contract) }}")
    columns = [f"('c{i}', 'c{i}', '{kind}', '')" for i, (kind, *_) in enumerate(KINDS)]
    project.write("models/staging/acme/base/base_acme__things.sql",
                  "{% set contract = [" + ", ".join(columns) + "] %}"
                  "{{ staged_documents('acme', 'things', contract, zones=ref('base_acme__settings')) }}")
    project.land("settings", Document("main", {"zone": "Asia/Yekaterinburg"}))
    project.land("things", *[Document(f"{i:02}", f'{{"c{i}": {value}}}') for i, (_, value, *_) in enumerate(KINDS)])
    project.build()
    texts = ", ".join(f"c{i}::varchar" for i in range(len(KINDS)))
    rows = project.rows(f"select document_key, problem, {texts} from staging.base_acme__things order by document_key")
    became = [(row[1], row[2 + i]) for i, row in enumerate(rows)]
    expected = [(f"c{i}: {problem}" if problem else None, text) for i, (_, _, text, problem) in enumerate(KINDS)]
    not_text = next(i for i, (_, _, _, problem) in enumerate(KINDS) if problem == "not text")
    expected[not_text] = (expected[not_text][0], '{"a":1}')  # a rejected row keeps what stood there
    assert became == expected


def test_a_record_that_breaks_its_contract_is_set_aside_with_its_payload(orders: SmallProject) -> None:
    surrogate = '{"id": "5", "summ": "1", "note": "cut \\ud83d"}'
    orders.land(
        "orders",
        order("1", "12.50"),
        order("2", "abc"),
        Document("3", {"summ": "1"}),
        Document("4", {"id": "4", "createdAt": "0001-01-01"}),
        Document("5", surrogate),
        Document("6", "not JSON at all"),
        Document("7", "[1, 2]"),
        Document("8", {"id": "8", "summ": "1", "extra": {"unknown": True}}),
        Document(None, {"id": "9"}),
    )
    orders.build()
    rows = orders.rows("select document_key, problem, rejected_payload from staging.base_acme__orders order by document_key")
    assert [row[:2] for row in rows] == [
        ("", "document_key: missing"),
        ("1", None),
        ("2", "gross_amount: not money"),
        ("3", "order_id: missing"),
        ("4", "ordered_at: impossible date"),
        ("5", "payload: cannot be read as JSON"),
        ("6", "payload: not an object"),
        ("7", "payload: not an object"),
        ("8", None),
    ]
    assert rows[5][2] == surrogate
    assert rows[1][2] is None


def test_nested_values_lists_and_retyped_objects(project: SmallProject) -> None:
    project.declare("orders")
    items = "[('line_id', 'id', 'text', 'required'), ('price', 'offer.price', 'money', ''), ('due_on', 'due', 'date', '')]"
    project.write("models/staging/acme/base/base_acme__orders.sql", """
{% set contract = [
    ('order_id', 'id', 'text', 'required'),
    ('city', 'delivery.address.city', 'text', ''),
    ('first_phone', 'phones[0].number', 'text', ''),
    ('items', 'items', 'rows', ITEMS),
] %}
{{ staged_documents('acme', 'orders', contract) }}
""".replace("ITEMS", items))
    project.write("models/staging/acme/stg_acme__order_lines.sql", f"""
{{% set items = {items} %}}
with
orders as ({{{{ live_documents('acme', 'orders') }}}})
select p.order_id, e.element_number, e.line_id, e.price, e.due_on
from {{{{ child_rows('orders', 'items', items) }}}}
""")
    good = {"id": 1, "delivery": {"address": {"city": "Тверь"}}, "phones": [{"number": "+7"}, {"number": "+8"}],
            "items": [{"id": 10, "offer": {"price": 2.5}}, {"id": 11, "due": "2026-01-31"}]}
    project.land(
        "orders",
        Document("1", good),
        Document("2", {**good, "delivery": "none"}),
        Document("3", {**good, "delivery": []}),                                    # PHP writes an empty object so
        Document("4", {**good, "delivery": {"address": ["Тверь"]}}),
        Document("5", {**good, "items": [{"id": 1, "offer": {"price": "x"}}]}),
        Document("6", {**good, "items": [{"offer": {"price": 1}}]}),
        Document("7", {**good, "items": [None]}),
        Document("8", {**good, "items": [{"id": 1, "due": "0001-01-01"}]}),
        Document("9", {"id": 9}),
    )
    project.build()
    assert project.rows("select document_key, problem, problem_column, city, first_phone from staging.base_acme__orders order by 1") == [
        ("1", None, None, "Тверь", "+7"),
        ("2", "delivery: not an object", "delivery", None, "+7"),
        ("3", None, None, None, "+7"),
        ("4", "delivery.address: not an object", "delivery.address", None, "+7"),
        ("5", "items[].price: not money", "items[].price", "Тверь", "+7"),
        ("6", "items[].line_id: missing", "items[].line_id", "Тверь", "+7"),
        ("7", "items[]: not an object", "items[]", "Тверь", "+7"),
        ("8", "items[].due_on: impossible date", "items[].due_on", "Тверь", "+7"),
        ("9", None, None, None, None),
    ]
    assert project.rows("select order_id, element_number, line_id, price::varchar, due_on::varchar from staging.stg_acme__order_lines "
                        "where order_id = '1' order by all")[:2] == [("1", 1, "10", "2.50", None), ("1", 1, "10", "2.50", None)]
    assert project.rows("select count(*), count(price), max(due_on)::varchar from staging.stg_acme__order_lines") == [(4, 2, "2026-01-31")]


def test_only_finished_loads_are_believed(orders: SmallProject) -> None:
    orders.land("orders", order("1", 1))
    orders.land("orders", order("1", 2), order("2", 2), status=None)
    orders.land("orders", order("3", 3), status=1)
    orders.build()
    assert orders.rows(STATE) == [("1", True, "1.00", None, "upsert")]


def test_a_good_version_replaces_a_bad_one_and_a_bad_one_never_a_good_one(orders: SmallProject) -> None:
    orders.land("orders", order("1", 10), order("2", "abc"))
    orders.build()
    orders.land("orders", order("1", "abc"), order("2", 20))
    orders.build()
    assert orders.rows(STATE) == [
        ("1", False, None, "gross_amount: not money", "upsert"),
        ("1", True, "10.00", None, "upsert"),
        ("2", False, None, "gross_amount: not money", "upsert"),
        ("2", True, "20.00", None, "upsert"),
    ]


def test_history_that_arrives_after_a_newer_night_changes_nothing_that_is_newer(orders: SmallProject) -> None:
    """A window of history may be read before a nightly contact and finish after it, with any load id."""
    early, late = FIRST_LOAD - timedelta(days=2), FIRST_LOAD
    orders.land("orders", order("1", 10, version_at=late), load_id="1790000009.0")
    orders.build()
    orders.land("orders", order("1", 5, version_at=early), order("2", 5, version_at=early), load_id="1790000001.0")
    orders.build()
    assert orders.rows(STATE) == [("1", True, "10.00", None, "upsert"), ("2", True, "5.00", None, "upsert")]
    assert orders.rows("select document_key, load_id from staging.base_acme__orders order by 1") == [
        ("1", "1790000009.0"), ("2", "1790000001.0")]


def test_a_load_finished_a_little_before_the_newest_is_still_read(orders: SmallProject) -> None:
    orders.land("orders", order("1", 1), at=FIRST_LOAD)
    orders.build()
    orders.land("orders", order("2", 2), at=FIRST_LOAD - timedelta(minutes=9))
    orders.build()
    assert orders.rows(STATE) == [("1", True, "1.00", None, "upsert"), ("2", True, "2.00", None, "upsert")]


def test_building_again_changes_nothing(orders: SmallProject) -> None:
    orders.land("orders", order("1", 1), order("1", 1), order("2", "abc"), Document(None, {"id": "x"}))
    orders.build()
    before = orders.rows("select * from staging.base_acme__orders order by all")
    orders.build()
    orders.build("--full-refresh")
    assert orders.rows("select * from staging.base_acme__orders order by all") == before
    assert len(before) == 3


def test_deletes_are_versions_too(orders: SmallProject) -> None:
    orders.write("models/staging/acme/stg_acme__orders.sql", "select document_key from ({{ live_documents('acme', 'orders') }}) as live")
    orders.land("orders", order("1", 1), order("2", 2))
    orders.land("orders", Document("1", None, operation="delete"), Document("3", None, operation="delete"))
    orders.build()
    assert orders.rows("select document_key from staging.stg_acme__orders order by 1") == [("2",)]
    orders.land("orders", order("1", 7), Document("2", None, operation="delete", version_at=FIRST_LOAD - timedelta(days=9)))
    orders.build()
    assert orders.rows("select document_key from staging.stg_acme__orders order by 1") == [("1",), ("2",)]


def test_of_a_full_list_only_the_newest_load_lives(project: SmallProject) -> None:
    project.declare("statuses", full_lists=["statuses"])
    project.write("models/staging/acme/base/base_acme__statuses.sql",
                  "{% set contract = [('code', 'code', 'text', 'required'), ('rank', 'rank', 'integer', '')] %}"
                  "{{ staged_documents('acme', 'statuses', contract) }}")
    project.write("models/staging/acme/stg_acme__statuses.sql",
                  "select source_account, code, rank from ({{ live_documents('acme', 'statuses') }}) as live")

    def status(code: str, rank: object, account: str = "main") -> Document:
        return Document(code, {"code": code, "rank": rank}, account=account)

    project.land("statuses", status("new", 1), status("done", 2), status("lost", 3), status("new", 1, "second"))
    project.build()
    project.land("statuses", status("new", 5), status("done", "abc"))
    project.build()
    assert project.rows("select * from staging.stg_acme__statuses order by all") == [
        ("main", "done", 2),       # still listed; its new version is bad, so the good old one stays
        ("main", "new", 5),
        ("second", "new", 1),      # another account's list is another list
    ]


def test_of_a_snapshot_every_day_stays(project: SmallProject) -> None:
    project.declare("stock")
    project.write("models/staging/acme/base/base_acme__stock.sql",
                  "{% set contract = [('product_id', 'product', 'text', 'required'), ('quantity', 'quantity', 'number', '')] %}"
                  "{{ staged_documents('acme', 'stock', contract) }}")
    for day, quantity in (("2026-10-30", 5), ("2026-10-31", 4), ("2026-10-31", 3)):
        project.land("stock", Document(f"p:{day}", {"product": "p", "quantity": quantity}))
    project.build()
    assert project.rows("select document_key, quantity from staging.base_acme__stock order by 1") == [("p:2026-10-30", 5), ("p:2026-10-31", 3)]


def test_a_changed_contract_restages_that_model_and_replays_what_it_had_rejected(orders: SmallProject) -> None:
    orders.write("models/staging/acme/base/base_acme__others.sql",
                 "{% set contract = [('id', 'id', 'text', '')] %}{{ staged_documents('acme', 'orders', contract) }}")
    orders.land("orders", order("1", "abc"), order("2", 2))
    orders.build()
    orders.write("models/staging/acme/base/base_acme__orders.sql", ORDERS.replace("MONEY", "text"))
    orders.build()
    assert orders.rows(STATE) == [("1", True, "abc", None, "upsert"), ("2", True, "2", None, "upsert")]
    assert orders.rows("select data_type from information_schema.columns where table_name = 'base_acme__orders' "
                       "and column_name = 'gross_amount'") == [("VARCHAR",)]


def test_a_rejected_document_is_tried_again_without_a_new_load(project: SmallProject) -> None:
    """The order is too far in the future until the refresh comes near; nothing else changes, no contract, no load."""
    project.declare("orders")
    project.write("models/staging/acme/base/base_acme__orders.sql", ORDERS.replace("MONEY", "money"))
    project.land("orders", Document("1", {"id": "1", "createdAt": "2031-06-01T00:00:00Z", "summ": 1}))
    project.build(as_of_on="2025-11-01")
    assert project.rows(STATE) == [("1", False, "1.00", "ordered_at: impossible date", "upsert")]
    project.build(as_of_on="2026-11-01")
    assert project.rows("select is_accepted, problem, rejected_payload is null from staging.base_acme__orders order by 1 desc")[0] == (True, None, True)


def test_two_accounts_with_their_own_zones(project: SmallProject) -> None:
    project.declare("orders", "settings")
    project.write("models/staging/acme/base/base_acme__settings.sql",
                  "{% set contract = [('time_zone', 'zone', 'text', 'required')] %}{{ staged_documents('acme', 'settings', contract) }}")
    project.write("models/staging/acme/base/base_acme__orders.sql",
                  "{% set contract = [('ordered_at', 'at', 'local', 'required')] %}"
                  "{{ staged_documents('acme', 'orders', contract, zones=ref('base_acme__settings')) }}")
    project.land("settings", Document("s", {"zone": "Asia/Yekaterinburg"}), Document("s", {"zone": "Nowhere/Land"}, account="third"))
    project.land("orders", *[Document("1", {"at": "2026-01-01 00:30:00"}, account=account) for account in ("main", "second", "third")])
    project.build()
    assert project.rows("select source_account, ordered_at from staging.base_acme__orders order by 1") == [
        ("main", datetime(2025, 12, 31, 19, 30)),      # its own zone
        ("second", datetime(2025, 12, 31, 21, 30)),    # no settings: the business zone, Moscow
        ("third", datetime(2025, 12, 31, 21, 30)),     # a zone that nobody knows
    ]


def test_an_empty_shelf_is_an_empty_table_with_its_types(orders: SmallProject) -> None:
    orders.build()
    assert orders.rows("select count(*) from staging.base_acme__orders") == [(0,)]
    assert orders.rows("select data_type from information_schema.columns where table_name = 'base_acme__orders' "
                       "and column_name in ('gross_amount', 'ordered_at', 'is_accepted') order by column_name") == [
        ("DECIMAL(18,2)",), ("BOOLEAN",), ("TIMESTAMP",)]


def test_one_place_read_in_two_shapes_is_refused(project: SmallProject) -> None:
    project.declare("orders")
    project.write("models/staging/acme/base/base_acme__orders.sql",
                  "{% set contract = [('phones', 'phones', 'json', ''), ('phone', 'phones[0].number', 'text', '')] %}"
                  "{{ staged_documents('acme', 'orders', contract) }}")
    with pytest.raises(AssertionError, match="in two shapes at once"):
        project.build()


def test_times_are_utc(orders: SmallProject) -> None:
    orders.land("orders", order("1", 1), at=datetime(2026, 11, 1, 3, 0, tzinfo=UTC))
    orders.build()
    assert orders.rows("select version_at, loaded_at from staging.base_acme__orders") == [(datetime(2026, 11, 1, 3), datetime(2026, 11, 1, 3))]
