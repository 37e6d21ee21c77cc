"""What a document must be: every kind of value, nested values, lists, and records that are none."""

from __future__ import annotations

from small_project import Document, SmallProject, order

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
    ("open_date", '"2099-12-31"', "2099-12-31", None),
    ("open_date", '"0001-01-01"', None, "impossible date"),
    ("date?", '"0001-01-01"', None, None),
    ("utc", '"2026-01-01T00:30:00Z"', "2026-01-01 00:30:00", None),
    ("utc", '"2026-01-01T00:30:00.123+03:00"', "2025-12-31 21:30:00.123", None),
    ("utc", '"2026-01-01T00:30:00+0300"', "2025-12-31 21:30:00", None),
    ("utc", '"2026-01-01 00:30Z"', "2026-01-01 00:30:00", None),
    ("utc", '"2026-01-01 00:30:00 +03"', "2025-12-31 21:30:00", None),
    ("utc", '"2026-01-01 00:30:00"', "2026-01-01 00:30:00", None),
    ("utc", '"2026"', None, "not a time"),
    ("utc", '"0001-01-01T00:00:00"', None, "impossible date"),
    ("moscow", '"2026-01-01 00:30:00"', "2025-12-31 21:30:00", None),
    ("moscow", '"2026-01-01 00:30:00Z"', "2026-01-01 00:30:00", None),
    ("moscow", '"0000-00-00 00:00:00"', None, "not a time"),
    ("local", '"2026-01-01 00:30:00"', "2025-12-31 19:30:00", None),
    ("local", '"yesterday"', None, "not a time"),
    ("day_first", '"01/02/2026 00:30:00"', "2026-01-31 19:30:00", None),
    ("day_first", '"01/02/2026 9:05:00"', "2026-02-01 04:05:00", None),
    ("day_first", '"30/02/2026 09:05:00"', None, "not a time"),
    ("day_first", '"02/28/2026 09:05:00"', None, "not a time"),
    ("day_first", '"2026-02-01 09:05:00"', None, "not a time"),
    ("day_first", '"01/01/0001 00:00:00"', None, "impossible date"),
    ("epoch_ms", "1480410300000", "2016-11-29 09:05:00", None),
    ("epoch_ms", "1480410300123", "2016-11-29 09:05:00.123", None),
    ("epoch_ms", "1480410300", None, "not a time"),
    ("epoch_ms", "0", None, "not a time"),
    ("epoch_ms", "99999999999999", None, "impossible date"),
    ("epoch_ms?", '"soon"', None, None),
    ("uuid", '"8A1C2F00-7d1e-11ee-b962-0242ac120002"', "8a1c2f00-7d1e-11ee-b962-0242ac120002", None),
    ("uuid", '"00000000-0000-0000-0000-000000000000"', None, None),
    ("uuid", '"8a1c2f00"', None, "not a uuid"),
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


def test_values_that_cannot_stand_together_are_set_aside(project: SmallProject) -> None:
    """And what was accepted before is judged again when the rule comes."""
    contract = "{% set contract = [('kind', 'kind', 'text', 'required'), ('amount', 'amount', 'number', '')] %}"
    rule = """, impossible=[("kind = 'sale' and amount < 0", 'amount: a sale is not below zero')]"""
    project.declare("things")

    def judged(with_rule: str) -> list[tuple]:
        project.write("models/staging/acme/base/base_acme__things.sql",
                      contract + f"{{{{ staged_documents('acme', 'things', contract{with_rule}) }}}}")
        project.build()
        return project.rows("select document_key, problem, problem_column from staging.base_acme__things order by 1")

    project.land("things", Document("1", {"kind": "sale", "amount": -1}), Document("2", {"kind": "sale", "amount": 0}),
                 Document("3", {"kind": "return", "amount": -1}), Document("4", {"kind": "sale", "amount": "much"}),
                 Document("5", {"kind": "sale"}))
    values = [("4", "amount: not a number", "amount")]
    assert [row for row in judged("") if row[1]] == values
    assert [row for row in judged(rule) if row[1]] == [("1", "amount: a sale is not below zero", "amount"), *values]


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
        Document("91", '{"id": "nul \\u0000 byte", "summ": "1"}'),
        Document("92", "[" * 5000),
        Document("93", '{"id": ' + "[" * 5000 + "]" * 5000 + "}"),
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
        ("91", None),
        ("92", "payload: not an object"),
        ("93", "order_id: not text"),
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
