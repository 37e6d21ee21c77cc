"""Files taken apart without a lake: every format, every spelling of a value, every break with its line. Expected values: the files here."""

import gzip
import io
import json
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from ingestion.file_drop.reading import Broken, Dialect, rows
from ingestion.file_drop.tables import BY_NAME, KINDS, TABLES
from ingestion.file_drop.values import Manner, WrongValue, judged

COSTS, ANSWERS, MESSAGES = BY_NAME["channel_costs"], BY_NAME["survey_answers"], BY_NAME["messages"]
MANNER = Manner(latest=date(2031, 12, 31))
GOOD = "cost_on,channel,cost\n2026-10-01,sms,1\n"
ANSWER = '{"answer_id":"a","survey_type":"nps","score":9,"answered_at":"2026-10-01 10:00"}'


def read(tmp_path: Path, content: str | bytes, *, name: str = "f.csv", table: Any = COSTS, **dialect: str) -> list[tuple[int, dict]]:
    copy = tmp_path / "copy"
    copy.write_bytes(content.encode() if isinstance(content, str) else content)
    return [(line, json.loads(row)) for line, row in rows(copy, name, table, Dialect(**dialect))]


def parquet(**columns: Any) -> bytes:
    out = io.BytesIO()
    pq.write_table(pa.table(columns), out)
    return out.getvalue()


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_a_csv_is_read_whatever_divides_its_fields(tmp_path, delimiter):
    text = 'Cost_On;channel;Campaign;COST;region\r\n2026-10-01;sms;"Осень; ""и"" \nзима";5;Тверь\r\n\r\n;;;;\r\n2026-10-02;sms;;6;\r\n'
    text = text if delimiter == ";" else text.replace("Осень; ", "Осень, ").replace(";", delimiter)
    name = '"Осень; "и" \nзима"'[1:-1] if delimiter == ";" else 'Осень, "и" \nзима'
    first = {"cost_on": "2026-10-01", "channel": "sms", "campaign": name, "cost": "5", "region": "Тверь"}
    # A record over two lines is known by its first; blank ones are passed over; a column that nobody declared is kept.
    last = {"cost_on": "2026-10-02", "channel": "sms", "campaign": None, "cost": "6", "region": ""}
    assert read(tmp_path, text) == [(2, first), (6, last)]


def test_a_spreadsheets_csv_is_read_as_it_is_meant(tmp_path):
    text = "cost_on;channel;campaign;impressions;cost\n31.10.2026;sms;Осень;1\xa0200;-1 234,50\n"
    assert read(tmp_path, text.encode("cp1251"), encoding="cp1251") == [
        (2, {"cost_on": "2026-10-31", "channel": "sms", "campaign": "Осень", "impressions": "1200", "cost": "-1234.50"})]
    # A byte order mark says UTF-8 though the account's files are written in cp1251.
    marked = b"\xef\xbb\xbf" + "cost_on;channel;cost\n2026-10-31;смс;1\n".encode()
    assert read(tmp_path, marked, encoding="cp1251") == [(2, {"cost_on": "2026-10-31", "channel": "смс", "cost": "1"})]
    # Excel's tabs, with or without a delimiter in the settings.
    tabbed = read(tmp_path, GOOD.replace(",", "\t"), name="f.tsv", delimiter=";")
    assert tabbed == [(2, {"cost_on": "2026-10-01", "channel": "sms", "cost": "1"})]
    hours = read(tmp_path, "store;counted_at;entrants\nm;31.10.2026 9:05;3\nm;2026-10-31;4\n", table=BY_NAME["store_entrants"])
    assert [row["counted_at"] for _, row in hours] == ["2026-10-31 09:05", "2026-10-31"]


def test_json_lines_are_landed_as_they_stand(tmp_path):
    written = '{"answer_id": 12345678901234567890, "survey_type": "NPS", "score": 9.50, "answered_at": "2026-10-01T10:00:00+03:00"}'
    copy = tmp_path / "copy"
    copy.write_bytes(gzip.compress(f"{written}\n\n{ANSWER}\n".encode()))
    assert list(rows(copy, "f.ndjson.gz", ANSWERS, Dialect("cp1251"))) == [(1, written), (3, ANSWER)]


def test_parquet_types_become_what_staging_reads(tmp_path):
    sent = datetime(2026, 10, 1, 10, 0, 0, 5, tzinfo=UTC)
    made = parquet(Message_Id=[1.0, None, 3.0][:1], campaign=["Осень"], channel=["sms"], recipient=["+7916"], sent_at=[sent],
                   opened_at=pa.array([None], pa.timestamp("ns")), weight=[Decimal("1.50")])
    assert read(tmp_path, made, name="f.parquet", table=MESSAGES) == [
        (1, {"message_id": "1", "campaign": "Осень", "channel": "sms", "recipient": "+7916", "sent_at": "2026-10-01T10:00:00.000005+00:00",
             "opened_at": None, "weight": "1.50"})]
    costs = parquet(cost_on=[date(2026, 10, 1)], channel=["sms"], cost=[float("1.5")], clicks=[float("nan")])
    assert read(tmp_path, costs, name="f.parquet") == [(1, {"cost_on": "2026-10-01", "channel": "sms", "cost": 1.5, "clicks": None})]


@pytest.mark.parametrize("content", ["", "cost_on,channel,cost\n", "cost_on;channel;cost"])
def test_an_empty_file_has_no_rows(tmp_path, content):
    assert read(tmp_path, content) == []


BREAKS = {
    "fields": (GOOD + "2026-10-02,sms\n", "f.csv", 3, "file: line 3 has 2 fields and the header 3.", "2026-10-02,sms"),
    "undecodable": (GOOD.encode() + "2026-10-02,смс,2\n".encode("cp1251"), "f.csv", 3,
                    "file: line 3 is not in the encoding utf-8 (byte 12).", "2026-10-02,\\xf1\\xec\\xf1,2"),
    "quote": (GOOD + '2026-10-02,"sms,2\n2026-10-03,sms,2\n', "f.csv", 3, "file: line 3 is no CSV (unexpected end of data).",
              '2026-10-02,"sms,2\n2026-10-03,sms,2'),
    "missing column": ("cost_on,channel\n2026-10-02,sms\n", "f.csv", 1,
                       "cost: the file has no such column; channel_costs needs cost_on, channel, cost.", "cost_on,channel"),
    "column twice": ("cost_on,channel,cost,COST\n", "f.csv", 1, "cost: the header names it twice.", "cost_on,channel,cost,COST"),
    "number": (GOOD + "2026-10-02,sms,many\n", "f.csv", 3, "cost: the value in line 3 is no number (a number of money is expected).",
               "2026-10-02,sms,many"),
    "thousands": (GOOD + '2026-10-02,sms,"12,345"\n', "f.csv", 3,
                  "cost: the value in line 3 may be thousands or a fraction; write it without the comma, or set DECIMAL=comma if it is a "
                  "fraction (a number of money is expected).", '2026-10-02,sms,"12,345"'),
    "date": (GOOD + "2026-02-30,sms,2\n", "f.csv", 3,
             "cost_on: the value in line 3 is no date (a date, YYYY-MM-DD or DD.MM.YYYY is expected).", "2026-02-30,sms,2"),
    "required": (GOOD + "2026-10-02, ,2\n", "f.csv", 3, "channel: line 3 leaves it empty.", "2026-10-02, ,2"),
    "gzip bomb": (gzip.compress(b"0" * (70 << 20), 1), "f.csv.gz", None, "file: the gzip file is refused: it unpacks to more than 64 MB",
                  ""),
    "gzip": (gzip.compress(GOOD.encode())[:-9], "f.csv.gz", None, "file: the gzip file is damaged", ""),
    "workbook": (b"PK\x03\x04", "f.xlsx", None, "file: such a file cannot be read here; save it as CSV, JSON lines or Parquet.", ""),
    "parquet": (b"PAR1 and no more", "f.parquet", None, "file: the Parquet file cannot be read (", ""),
    "parquet column": (parquet(cost_on=["2026-10-02"], channel=["sms"]), "f.parquet", None, "cost: the file has no such column", ""),
    "parquet value": (parquet(cost_on=["2026-10-02", "2026-10-03"], channel=["sms", "a"], cost=["2", "x"]), "f.parquet", 2,
                      "cost: the value in line 2 is no number", "'cost': 'x'"),
}


@pytest.mark.parametrize("case", BREAKS)
def test_a_break_is_told_with_its_line(tmp_path, case):
    content, name, line, sentence, text = BREAKS[case]
    with pytest.raises(Broken) as broken:
        read(tmp_path, content, name=name)
    assert (broken.value.line, str(broken.value)[:len(sentence)]) == (line, sentence)
    assert text in broken.value.text


@pytest.mark.parametrize(("written", "sentence"), [
    ('{"answer_id":"a"', "file: line 2 is no JSON ("), ('[1]', "file: line 2 is no JSON object."),
    (ANSWER.replace('"a"', '"\\ud83d"'), "file: line 2 is no JSON ("),
    (ANSWER.replace("9", "true"), "score: the value in line 2 is no number"),
    (ANSWER.replace('"nps"', '"mood"'), "survey_type: the value in line 2 is none of nps, csi, csat"),
    (ANSWER.replace('"score":9,', ""), "score: line 2 leaves it empty."),
    (ANSWER.replace("2026-10-01 10:00", "2026-10-01 25:00"), "answered_at: the value in line 2 is no time"),
    (ANSWER.replace('"a"', '{"of":"what"}'), "answer_id: the value in line 2 is no text"),
    (ANSWER.replace('"score":9', '"score":"x","score":9'), "score: line 2 names it twice."),
    (f'{{"answer_id":{"[" * 5000}{"]" * 5000}}}', "file: line 2 is no JSON ("),
])
def test_a_broken_json_line_is_told(tmp_path, written, sentence):
    with pytest.raises(Broken) as broken:
        read(tmp_path, f"{ANSWER}\n{written}\n", name="f.jsonl", table=ANSWERS)
    assert (broken.value.line, str(broken.value)[:len(sentence)], broken.value.text) == (2, sentence, written[:2000])


@pytest.mark.parametrize(("kind", "good", "bad"), [
    ("integer", ["5", "5.0", 5, 5.0, "-3"], ["5.5", "1e3", True, "3000000000", "", "٣"]),
    ("number", ["1.5", ".5", "1e3", 2], ["1,5", "nan", float("inf"), "0x1", True]),
    ("money", ["1234.5", Decimal("0.01")], ["1e15", "1 000"]),
    ("flag", ["TRUE", "0", True, 1], ["yes", 2, 1.0]),
    ("date", ["2026-10-31", "2026-10-31T10:00"], ["31.10.2026", "20261031", "0001-01-01", "2026-13-01", 20261031]),
    ("time", ["2026-10-31", "2026-10-31 10:00", "2026-10-31T10:00:00.123456789Z", "2026-10-31 10:00+0300"],
     ["2026-10-31 24:00", "1793000000", "10:00", "2026-10-31 9:00"]),
    ("mac", ["aa:bb:cc:00:11:22", "AA-BB-CC-00-11-22", "aabb.cc00.1122", "AABBCC001122"], ["aa:bb:cc:00:11", "gg:bb:cc:00:11:22", 1]),
])
def test_a_value_is_judged_by_its_kind(kind, good, bad):
    for value in good:
        assert judged(kind, value, manner=MANNER) is not None
    for value in bad:
        if value == "":
            assert judged(kind, value, manner=MANNER) is None
            continue
        with pytest.raises(WrongValue):
            judged(kind, value, manner=MANNER)


@pytest.mark.parametrize(("kind", "written", "point", "comma"), [
    ("integer", "12,000", None, None), ("integer", "12.000", None, None), ("integer", "12\xa0000", "12000", "12000"),
    ("integer", "5,0", None, None), ("integer", "12.0", "12.0", "12.0"),
    ("money", "12,345", None, "12.345"), ("money", "12.345", "12.345", None), ("money", "-1 234,50", "-1234.50", "-1234.50"),
    ("money", "1234,567", "1234.567", "1234.567"), ("money", "1,234,567", None, None), ("money", "1,234.50", None, None),
    ("number", "0,125", "0.125", "0.125"), ("number", "4,5", "4.5", "4.5"),
])
def test_a_mark_that_may_stand_between_thousands_is_not_guessed_at(kind, written, point, comma):
    for has_comma, expected in ((False, point), (True, comma)):
        manner = Manner(has_decimal_comma=has_comma)
        if expected is None:
            with pytest.raises(WrongValue):
                judged(kind, written, manner=manner, is_spreadsheet=True)
        else:
            assert judged(kind, written, manner=manner, is_spreadsheet=True) == expected


LEDGER = BY_NAME["loyalty_operations"]


def test_a_movement_that_cannot_go_that_way_is_named_with_its_line(tmp_path):
    head = "operation_id,account_id,operation_type,cancels_type,points,occurred_at\no1,1,earned,,5,2026-10-01\n"
    row = {"operation_id": ["o1"], "account_id": ["1"], "operation_type": ["Cancelled"], "cancels_type": ["earned"], "points": [100.0],
           "occurred_at": ["2026-10-01"]}
    forms = (("f.csv", f"{head}o2,1,Cancelled,earned,100,2026-10-02\n", 3),
             ("f.jsonl", json.dumps({name: value for name, (value,) in row.items()}), 1), ("f.parquet", parquet(**row), 1))
    for name, content, line in forms:
        with pytest.raises(Broken) as broken:
            read(tmp_path, content, name=name, table=LEDGER)
        assert str(broken.value) == f"points: in line {line} what cancels something earned goes out and is below zero."
        assert (broken.value.column, broken.value.line) == ("points", line)
    assert len(read(tmp_path, f"{head}o2,1,Cancelled,earned,-100,2026-10-02\n", table=LEDGER)) == 2


def test_the_page_for_those_who_write_the_files_tells_every_column():
    page = (Path(__file__).resolve().parents[2] / "docs" / "file-drop.md").read_text(encoding="utf-8")
    for table in TABLES:
        wanted = [f"### {table.name}", "", f"{table.meaning}. {table.same_row}", "",
                  "| column | kind | required | meaning |", "|---|---|---|---|"]
        for column in table.columns:
            kind = ", ".join(column.choices) or column.kind
            wanted.append(f"| {column.name} | {kind} | {'yes' if column.required else ''} | {column.meaning} |")
        assert "\n".join(wanted) in page, f"the section of {table.name} should read:\n" + "\n".join(wanted)
    assert [kind for kind, meaning in KINDS.items() if f"| {kind} | {meaning} |" not in page] == []
