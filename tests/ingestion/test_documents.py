"""The landing path: what a vendor said is kept to the letter, and no single record stops a page."""

import json
from datetime import UTC, datetime

import pytest

from ingestion import documents
from ingestion.documents import PageError, Record, split

NOON = datetime(2026, 10, 31, 12, tzinfo=UTC)


def test_the_payload_is_the_vendors_text_and_the_envelope_what_stands_beside_the_rows():
    body = '{"success":true,"pagination":{"totalCount":2},"orders":[ {"id":1, "sum":1.10,"é":"Ё"},{"id":"2"} ]}'.encode()
    page = split(body, rows="orders", key=("id",))
    assert page.envelope == {"success": True, "pagination": {"totalCount": 2}}
    assert page.records == [Record("1", None, '{"id":1, "sum":1.10,"é":"Ё"}'), Record("2", None, '{"id":"2"}')]


@pytest.mark.parametrize(("body", "rows", "key", "expected"), [
    (b'[{"id":1},{"id":2}]', "", ("id",), ["1", "2"]),
    (b'{"a":{"rows":[{"id":7}]}}', "a.rows", ("id",), ["7"]),
    (b'{"statuses":{"new":{"x":1},"done":{"code":"d"}}}', "statuses{}", ("code",), ["new", "d"]),
    (b'{"statuses":[]}', "statuses{}", ("code",), []),
    (b'{"rows":[{"a":{"b":"x"},"c":5},{"c":6}]}', "rows", ("a.b", "c"), ["x:5", ":6"]),
    (b'{"rows":[{"id":9007199254740993}]}', "rows", ("id",), ["9007199254740993"]),
    (b'{"rows":[{"id":null},{},5,"x"]}', "rows", ("id",), [None, None, None, None]),
])
def test_rows_and_keys_are_found_where_the_vendor_puts_them(body, rows, key, expected):
    assert [record.key for record in split(body, rows=rows, key=key).records] == expected


def test_a_record_without_a_key_takes_the_hash_of_its_payload():
    table = documents.table([Record(None, None, '{"q":1}')], account="main", asked_at=NOON)
    assert table["document_key"].to_pylist() == ["sha256:6ae0f660046dadcf5fe8462c0e00a062db4c8d67be82f4098c5ea4208d19b076"]


def test_a_cut_emoji_and_bytes_of_another_encoding_stop_neither_the_page_nor_their_neighbours():
    cut = json.dumps({"id": 1, "name": "smile \ud83d"}).encode()
    cyrillic = b'{"id":3,"name":"' + "Привет".encode("cp1251") + b'"}'
    page = split(b'{"success":true,"rows":[' + cut + b',{"id":2,"name":"ok"},' + cyrillic + b'],"total":3}', rows="rows")
    assert page.envelope == {"success": True, "total": 3}
    assert [record.key for record in page.records] == ["1", "2", "3"]
    assert page.records[0].payload == '{"id": 1, "name": "smile \\ud83d"}'
    assert page.records[1].payload == '{"id":2,"name":"ok"}'
    assert page.records[2].payload == '{"id":3,"name":"\\udccf\\udcf0\\udce8\\udce2\\udce5\\udcf2"}'
    table = documents.table(page.records, account="main", asked_at=NOON)
    assert table.num_rows == 3


DEEP = b"[" * 100_000 + b"]" * 100_000


@pytest.mark.parametrize(("broken", "key", "payload"), [
    (b'{"id":7,"a":1,}', "7", '{"id":7,"a":1,}'),
    (b'{"a":{"b":nil},"id":7}', "7", '{"a":{"b":nil},"id":7}'),
    (b'{"a":nil,"id":7}', "7", '{"a":nil,"id":7}'),
    (b'{"id":7,"sum":' + b"9" * 5000 + b',"name":"\xcf\xf0"}', "7", '{"id":7,"sum":' + "9" * 5000 + ',"name":"\\udccf\\udcf0"}'),
    (b'{"id":7,"tree":' + DEEP + b"}", "7", json.dumps("nested too deeply: " + '{"id":7,"tree":' + DEEP.decode() + "}")),
    (b'{"tree":' + DEEP + b',"id":"\xcf"}', "\\udccf", json.dumps('nested too deeply: {"tree":' + DEEP.decode() + ',"id":"\\udccf"}')),
    (DEEP, None, json.dumps("nested too deeply: " + DEEP.decode())),
], ids=["trailing comma", "no JSON inside", "no JSON", "a number of 5000 digits", "deep", "deep before its key", "deep array"])
def test_a_record_that_nobody_can_decode_lands_with_its_key_and_its_neighbours_untouched(broken, key, payload):
    page = split(b'{"success":true,"rows":[{"id":1},' + broken + b',{"id":2}],"deep":' + DEEP + b',"total":3}', rows="rows")
    assert (page.envelope["success"], page.envelope["total"]) == (True, 3)
    assert [record.key for record in page.records] == ["1", key, "2"]
    assert [record.payload for record in page.records] == ['{"id":1}', payload, '{"id":2}']
    assert documents.outline(b'{"rows":[' + broken + b'],"total":3}')["total"] == 3


@pytest.mark.parametrize(("body", "sentence"), [
    (b'{"rows":[{"id":1,"a":' + DEEP[:150_000] + b"}]}", "brackets are crossed"),
    (b'{"rows":[{"id":1,"a":' + DEEP[:150_000], "is not closed"),
    (b"<html><body>Maintenance</body></html>", "not whole JSON"),
    (b'{"rows":[{"id":1},{"id"', "not whole JSON"),
    (b'{"rows":{}}', "rows is not an array"),
    (b'{"success":false,"errorMsg":"no"}', "has no member 'rows'"),
    (b"[1,2]", "is not an object"),
])
def test_what_is_no_page_is_refused_with_a_sentence(body, sentence):
    with pytest.raises(PageError, match=sentence):
        split(body, rows="rows")


def test_the_table_has_the_landed_columns():
    table = documents.table([Record("1", "2026", "{}")], account="second", asked_at=NOON, key_suffix="@2026-10-31")
    assert table.schema == documents.SCHEMA
    assert table.to_pylist() == [{"source_account": "second", "document_key": "1@2026-10-31", "cursor": "2026", "version_at": NOON,
                                  "operation": "upsert", "payload": "{}"}]


def test_a_tombstone_is_a_document_too():
    table = documents.deletions(["7"], account="main", asked_at=NOON, payloads={"7": '{"deleted":true}'})
    assert [(row["document_key"], row["operation"], row["payload"]) for row in table.to_pylist()] == [("7", "delete", '{"deleted":true}')]


def test_a_list_that_became_empty_is_told_by_one_tombstone():
    rows = documents.emptied(account="main", asked_at=NOON).to_pylist()
    assert [(row["document_key"], row["operation"]) for row in rows] == [("the list is empty", "delete")]


def test_the_digest_of_a_list_ignores_its_order_and_sees_every_change():
    one, two = Record("1", None, "{}"), Record("2", None, '{"a":1}')
    assert documents.digest([one, two]) == documents.digest([two, one])
    assert documents.digest([one, two]) != documents.digest([one, Record("2", None, '{"a":2}')])


@pytest.mark.parametrize("stack", [0, 600], ids=["from a shallow stack", "from a deep one"])
def test_a_nested_record_is_read_or_escaped_wherever_it_is_read(stack):
    """Between the two lies what one decoder could read and the next, called from further down, could not."""
    if stack:
        return test_a_nested_record_is_read_or_escaped_wherever_it_is_read(stack - 1)

    def told(levels: int) -> list[str]:
        tree = "[" * levels + "]" * levels
        return [record.payload for record in split(f'{{"rows":[{{"id":1,"tree":{tree}}},{{"id":2}}]}}'.encode(), rows="rows").records]

    for levels in (1, 200, 249):
        assert told(levels)[0].startswith('{"id":1')
    for levels in (250, 400, 700, 950, 1100):
        deep, plain = told(levels)
        assert (deep.startswith('"nested too deeply: {'), plain) == (True, '{"id":2}')
    return None
