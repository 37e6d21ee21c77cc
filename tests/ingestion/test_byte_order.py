"""Byte order marks before a body, before a record, between tokens: nothing is lost for them, and those within a text stay.

Over real HTTP, for every vendor: tests/network/test_network_faults.py."""

import time

import pytest

from ingestion import byte_order, documents, slow_pages
from ingestion.documents import PageError, Record
from ingestion.file_drop.reading import Dialect, rows
from ingestion.file_drop.tables import BY_NAME
from ingestion.usedesk.ratings import _text

MARK = b"\xef\xbb\xbf"


@pytest.mark.parametrize("body", [
    MARK + b'{"total":2,"rows":[{"id":1},{"id":2}]}',
    MARK + MARK + b'\n{"total":2,"rows":[{"id":1},{"id":2}]}' + MARK,
    b'{"total":2,"rows":[{"id":1},' + MARK + b'{"id":2}]}',
    b'{"total":M2,"rows":M[M{M"id"M:1},\nMM {"id":2M}]M}'.replace(b"M", MARK),
])
def test_no_record_of_a_page_is_lost_and_none_is_changed(body):
    page = documents.split(body, rows="rows")
    assert page.envelope == {"total": 2}
    assert documents.outline(body)["total"] == 2
    assert page.records == [Record("1", None, '{"id":1}'), Record("2", None, '{"id":2}')]


def test_a_mark_within_a_text_is_the_vendors_and_stays_also_beside_an_escaped_quote():
    payload = '{"id":"1","name":"\ufeffa \\" \ufeff","\ufeffb":"\\\\"}'
    for body in (f"[{payload}]", f"[\ufeff{payload}]"):
        assert documents.split(body.encode(), rows="").records == [Record("1", None, payload)]


def test_a_record_that_is_broken_besides_is_cut_out_and_its_neighbours_stay():
    body = b'[{"id":1},' + MARK + b'{"id":2,"name":"\xcf\xf0"},{"id":3,"a":nil},{"id":4}]'
    assert [record.key for record in documents.split(body, rows="").records] == ["1", "2", "3", "4"]
    with pytest.raises(PageError):
        documents.split(MARK + b"[{", rows="")


def test_a_page_of_many_texts_is_read_in_a_straight_line():
    """An unclosed quote after a megabyte of texts must not be looked for from each of them."""
    body = b'[' + MARK + b'"a\\"b",' * 200_000 + b'"never closed'
    begun = time.perf_counter()
    assert byte_order.of_json(body) == body.replace(MARK, b"")
    assert time.perf_counter() - begun < 5


def test_lines_of_a_log_lose_the_marks_that_they_begin_with():
    assert byte_order.of_lines(MARK + b"a\tb\n" + MARK + b"1\t" + MARK + b"x\n2\ty\n") == b"a\tb\n1\t" + MARK + b"x\n2\ty\n"


def test_a_rating_whose_file_begins_with_a_mark_is_the_same_rating():
    assert _text(MARK + b'{"rating":5}') == _text(b'{"rating":5}') == '{"rating":5}'
    assert _text(MARK + b'{"secret":"planted","rating":5}') == '{"rating": 5}'


def test_files_that_were_put_together_are_read_with_all_their_rows(tmp_path):
    copy, costs = tmp_path / "copy", BY_NAME["channel_costs"]
    text = '\ufeff\ufeffcost_on,channel,cost,campaign\n\ufeff2026-10-01,sms,1,"a\n\ufeffb"\n\ufeff2026-10-02,sms,2,\n\ufeff'
    copy.write_text(text, encoding="utf-8")
    found = [documents.msgspec.json.decode(text) for _, text in rows(copy, "f.csv", costs, Dialect())]
    assert [(row["cost_on"], row["campaign"]) for row in found] == [("2026-10-01", "a\n\ufeffb"), ("2026-10-02", None)]
    one = b'{"cost_on":"2026-10-01","channel":"sms","cost":1}'
    copy.write_bytes(MARK + one + b"\n" + MARK + one + b"\n" + MARK + b"\n")
    assert [text for _, text in rows(copy, "f.jsonl", costs, Dialect("cp1251"))] == [one.decode()] * 2


def test_the_patient_reader_is_not_asked_for_a_mark_alone(monkeypatch):
    monkeypatch.setattr(slow_pages, "split", lambda *args, **kwargs: pytest.fail("a page with a mark is as quickly read as any"))
    assert len(documents.split(b"[" + MARK + b"{}]", rows="").records) == 1
