"""What lands in the lake: days, log requests, failures, faults of the network, poison."""

import json
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pyarrow.parquet as pq
import pytest
import requests

from ingestion import lake
from ingestion.accounts import Account, SettingError
from ingestion.contact import AccountReport, refresh_account
from ingestion.http import VendorError
from ingestion.vendor import Contact, Window
from ingestion.yandex_metrica import VENDOR, oldest
from ingestion.yandex_metrica.api import LogRequest
from ingestion.yandex_metrica.logs import Logs
from ingestion.yandex_metrica.source import HITS, VISITS, days_of, shapes_of
from ingestion.yandex_metrica.tsv import NotALog, Shape, documents_of
from sandbox.faults import Fault, Poison
from sandbox.server import Running
from sandbox.yandex_metrica.gate import COUNTER_ID, TOKEN

V = "44147844:2026:650000000000000"
SHAPE = Shape(("ym:s:counterID", "ym:s:date", "ym:s:visitID", "ym:s:<attribution>TrafficSource"),
              ("ym:s:counterID", "ym:s:date", "ym:s:visitID"), "ym:s:date", frozenset({"ym:s:date"}))
AT = datetime(2026, 11, 1, tzinfo=UTC)


def night(account: Account) -> AccountReport:
    """A whole contact, history included."""
    return refresh_account(VENDOR, account, refresh_id="r", budget=timedelta(minutes=2), say=lambda _: None)


def landed(resource: str) -> list[dict[str, Any]]:
    """The documents of a resource, in the order of their loads."""
    files = sorted((lake.root() / VENDOR.dataset / resource).glob("*.parquet"))
    return [row for file in files for row in pq.read_table(file).to_pylist()]


@pytest.fixture
def four_days(monkeypatch) -> None:
    """A history of four days, so that one contact is enough."""
    monkeypatch.setenv("SOURCES__YANDEX_METRICA__START_DATE", "2026-10-28")


def requests_of(running: Running) -> list[dict[str, Any]]:
    answer = requests.get(f"{running.url}/yandex_metrica/management/v1/counter/{COUNTER_ID}/logrequests",
                          headers={"Authorization": f"OAuth {TOKEN}"}, timeout=10)
    return answer.json()["requests"]


def test_first_load_by_windows_then_four_days_again(serve, account):
    running = serve(rows_per_part=2)
    assert oldest(account) == datetime(2025, 10, 1, tzinfo=UTC)
    report = night(account)
    assert (report.error, report.documents, report.history_left_days) == (
        "", {"visits": 7, "hits": 14, "exported_days": 792, "counters": 1}, 0)
    asked = [(one["source"], one["date1"], one["date2"], one["status"]) for one in requests_of(running)]
    # It is 01:00 of 1 November in the counter's zone: the day that began an hour ago is not asked, and windows meet without a gap.
    assert asked[:4] == [("visits", "2026-10-02", "2026-10-31", "cleaned_by_user"), ("hits", "2026-10-02", "2026-10-31", "cleaned_by_user"),
                         ("visits", "2025-10-07", "2026-10-01", "cleaned_by_user"), ("hits", "2025-10-07", "2026-10-01", "cleaned_by_user")]
    assert {status for *_, status in asked} == {"cleaned_by_user"}
    every = [json.loads(one["payload"]) for one in landed("exported_days")]
    assert sorted(one["date"] for one in every if one["source"] == "hits") == [
        (date(2025, 10, 1) + timedelta(days=number)).isoformat() for number in range(396)]
    keys = [one["document_key"] for one in landed("visits")]
    assert sorted(keys) == ["44147844:2025:6500000000000000001", *(f"{V}000{number}" for number in range(1, 7))]
    bought = json.loads(next(one["payload"] for one in landed("visits") if one["document_key"] == f"{V}0002"))
    # Exact ids, escapes as they came, the model beside the asked name.
    assert bought["ym:s:clientID"] == "17606471059053862401"
    assert bought["ym:s:watchIDs"].startswith("[7500000000000000001,7500000000000000002,")
    assert bought["ym:s:purchaseID"] == r"[\'web-51\']"
    assert bought["ym:s:regionCity"] == r"Санкт-Петербург\tи область"
    assert (bought["ym:s:<attribution>TrafficSource"], bought["attribution"]) == ("email", "cross_device_last_significant")
    assert len({(one["version_at"], one["source_account"], one["operation"]) for one in landed("visits") + landed("exported_days")}) == 1

    before = len(requests_of(running))
    running.sandbox.advance(days=1)
    assert night(account).documents == {"visits": 4, "hits": 12, "exported_days": 8}
    assert [(one["date1"], one["date2"]) for one in requests_of(running)[before:]] == [("2026-10-29", "2026-11-01")] * 2
    # After three nights without us all that was not settled then is read, and no more.
    running.sandbox.advance(days=3)
    night(account)
    assert [(one["date1"], one["date2"]) for one in requests_of(running)[before + 2:]] == [("2026-10-30", "2026-11-04")] * 2


def test_days_of_a_contact():
    moscow, now = ZoneInfo("Europe/Moscow"), datetime(2026, 11, 1, 20, 59, tzinfo=UTC)
    nightly = Contact(now=now, window=None)
    assert days_of(nightly, moscow, "2026-10-30", 4) == (date(2026, 10, 28), date(2026, 10, 31))
    # Ten minutes into a day it may still be yesterday by the counter's clock, which refuses a day that is not over.
    for minutes, last in ((10, date(2026, 10, 31)), (11, date(2026, 11, 1))):
        soon = Contact(now=now + timedelta(minutes=minutes), window=None)
        assert days_of(soon, moscow, "2026-10-31", 4) == (last - timedelta(days=3), last)
    assert days_of(nightly, moscow, "2026-10-31", 4) == (date(2026, 10, 28), date(2026, 10, 31))
    assert days_of(nightly, moscow, "2026-10-01", 4) == (date(2026, 9, 29), date(2026, 10, 31))
    backfill = Window(datetime(2026, 10, 1, 20, 59, tzinfo=UTC), datetime(2026, 10, 3, 21, 0, tzinfo=UTC))
    assert days_of(Contact(now=now, window=backfill), moscow, None, 4) == (date(2026, 10, 1), date(2026, 10, 3))
    assert days_of(Contact(now=now, window=Window(now, now), is_first=True), moscow, None, 4) is None
    begins_later = Window(now + timedelta(days=9), now)
    assert days_of(Contact(now=now, window=begins_later, is_first=True), moscow, None, 4) is None
    # West of UTC: 20:59 UTC is the same day's afternoon, 01:00 UTC the evening of the day before. Windows meet there too.
    west = ZoneInfo("America/New_York")
    assert days_of(nightly, west, "2026-10-30", 4) == (date(2026, 10, 28), date(2026, 10, 31))
    assert days_of(Contact(now=now + timedelta(hours=4), window=None), west, "2026-10-31", 4) == (date(2026, 10, 28), date(2026, 10, 31))
    meet = datetime(2026, 10, 2, 1, 0, tzinfo=UTC)
    older, newer = Window(meet - timedelta(days=2), meet), Window(meet, now)
    assert days_of(Contact(now=now, window=older), west, None, 4) == (date(2026, 9, 29), date(2026, 9, 30))
    assert days_of(Contact(now=now, window=newer, is_first=True), west, None, 4) == (date(2026, 10, 1), date(2026, 10, 31))


def test_a_full_storage_splits_the_days_and_leftovers_of_ours_are_cleaned(serve, account):
    # Room for about one visit with its fields.
    running = serve(storage_bytes=2 * 22 * 14)
    url = f"{running.url}/yandex_metrica/management/v1/counter/{COUNTER_ID}/logrequests"
    day = {"date1": "2026-10-28", "date2": "2026-10-28", "source": "visits"}
    for fields in (",".join(VISITS), "ym:s:clientID"):
        requests.post(url, params={**day, "fields": fields}, headers={"Authorization": f"OAuth {TOKEN}"}, timeout=10)
    running.sandbox.set_clock(datetime(2026, 10, 30, 22, tzinfo=UTC))
    report = night(account)
    assert "not even 2026-10-29 may be exported, for the counter's storage for logs is full (0.00 GB are prepared" in report.error
    mine, others, *rest = requests_of(running)
    assert (mine["status"], others["status"], {one["status"] for one in rest}) == ("canceled", "created", {"cleaned_by_user"})

    roomy = serve(storage_bytes=4 * 22 * 14)
    report = night(account)
    assert (report.error, report.documents["visits"]) == ("", 7)
    assert {one["status"] for one in requests_of(roomy)} == {"cleaned_by_user"}
    # Room for four visits or a dozen hits: visits up to the 29th leave it for a few hits, and each goes on when the other has given back.
    assert [(one["source"], one["date1"], one["date2"]) for one in requests_of(roomy)][:4] == [
        ("visits", "2026-10-02", "2026-10-29"), ("hits", "2026-10-02", "2026-10-28"), ("visits", "2026-10-30", "2026-10-31"),
        ("hits", "2026-10-29", "2026-10-31")]


class _Crowded:
    """An API of a counter whose room others fill: `room` is how many days fit, one evaluation after another, then none."""

    def __init__(self, *room: int) -> None:
        self.room, self.asked, self.given_back = list(room), [], []

    def who(self, source: str) -> str:
        return f"acme {source}"

    def requests(self) -> list[LogRequest]:
        return []

    def possible_days(self, source: str, since: date, until: date, fields: tuple[str, ...]) -> int:
        return min(self.room.pop(0) if self.room else 0, (until - since).days + 1)

    def create(self, source: str, since: date, until: date, fields: tuple[str, ...], attribution: str) -> LogRequest:
        self.asked.append((source, since.day, until.day))
        return self.request(len(self.asked), source)

    def request(self, request_id: int, source: str) -> LogRequest:
        return LogRequest(request_id, source, "processed", (), (0,), "", 1)

    def part(self, *which: object) -> bytes:
        return b"header\n"

    def clean(self, request_id: int, source: str) -> None:
        self.given_back.append(request_id)


def test_a_source_in_its_turn_takes_the_room_of_the_other(serve, account):
    serve()
    # Visits get two of three days and hits one; somebody else takes what the visits give back.
    crowded = _Crowded(2, 1, 0, 1, 3)
    logs = Logs(crowded, account, {"visits": ("a",), "hits": ("b",)})
    logs.begin(date(2026, 10, 1), date(2026, 10, 3))
    assert [len(list(logs.parts(source))) for source in ("visits", "hits")] == [2, 1]
    assert crowded.asked == [("visits", 1, 2), ("hits", 1, 1), ("visits", 3, 3), ("hits", 1, 3)]
    assert crowded.given_back == [1, 2, 3, 4]
    full = _Crowded(2, 1)
    logs = Logs(full, account, {"visits": ("a",), "hits": ("b",)})
    logs.begin(date(2026, 10, 1), date(2026, 10, 3))
    with pytest.raises(VendorError, match="acme visits: not even 2026-10-03 may be exported, for the counter's storage for logs is full"):
        list(logs.parts("visits"))


def test_a_counter_met_on_its_first_day_loses_none_when_the_next_night_is_late(serve, account, monkeypatch):
    running = serve()
    monkeypatch.setenv("SOURCES__YANDEX_METRICA__START_DATE", "2026-10-24T03:00:00+03:00")
    running.sandbox.set_clock(datetime(2026, 10, 24, 10, tzinfo=UTC))
    assert (night(account).error, requests_of(running)) == ("", [])
    running.sandbox.set_clock(datetime(2026, 10, 31, 22, tzinfo=UTC))
    assert (night(account).error, {(one["date1"], one["date2"]) for one in requests_of(running)}) == ("", {("2026-10-21", "2026-10-31")})


@pytest.mark.parametrize(("options", "sentence"), [
    ({"ends_as": "processing_failed"}, "ended as 'processing_failed'"),
    ({"ends_as": "cleaned_automatically_as_too_old"}, "ended as 'cleaned_automatically_as_too_old'"),
    ({"looks_until_processed": -1}, "is still 'created' after 0 minutes and was taken back"),
    ({"requests_per_day": 0}, "the day's quota is spent (quota_requests_by_uid)")], ids=["failed", "too old", "never", "quota"])
def test_a_log_that_does_not_come_is_a_sentence_and_nothing_stays_behind(serve, account, four_days, monkeypatch, options, sentence):
    running = serve(**options)
    monkeypatch.setenv("SOURCES__YANDEX_METRICA__PATIENCE_MINUTES", "0.001")
    report = night(account)
    assert sentence in report.error
    assert "Nothing of this load was kept" in report.error
    assert (report.documents, landed("visits")) == ({}, [])
    if "requests_per_day" not in options:
        assert {one["status"] for one in requests_of(running)} <= {"canceled", "processing_failed", "cleaned_automatically_as_too_old"}


def test_what_waits_is_waited_for(serve, account, four_days):
    serve(retried=3, looks_until_processed=4)
    assert night(account).documents["visits"] == 5


@pytest.mark.parametrize(("kind", "path"), [
    ("truncated_without_length", "part/0"), ("html", "part/0"), ("slow", "clean"), ("truncated", "clean"), ("reset", "clean")], ids=str)
def test_a_log_is_read_whole_and_given_back_whatever_breaks(serve, account, four_days, kind, path):
    running = serve()
    running.sandbox.faults.plant(Fault("yandex_metrica", path=path, kind=kind, seconds=0.05))
    report = night(account)
    assert (report.error, report.documents["visits"], report.documents["hits"]) == ("", 5, 12)
    assert running.sandbox.faults.met >= 1
    assert {one["status"] for one in requests_of(running)} == {"cleaned_by_user"}


def test_a_quota_of_seconds_passes(serve, account, four_days):
    running = serve()
    body = '{"errors":[{"error_type":"quota_parallel_requests","message":"-"}],"code":429,"message":"-"}'
    running.sandbox.faults.plant(Fault("yandex_metrica", kind="status", status=429, body=body, times=3))
    assert night(account).error == ""


def test_a_poisoned_line_lands_and_the_others_too(serve, account, four_days):
    running = serve()
    running.sandbox.tampering.plant(Poison("yandex_metrica", "visits", "6500000000000000003", set={"ym:s:startURL": "a\tb"}))
    running.sandbox.tampering.plant(Poison("yandex_metrica", "visits", "6500000000000000002", find="область".encode(), raw=b"\xff"))
    report = night(account)
    assert (report.error, report.documents["visits"]) == ("", 5)
    [line] = [one for one in landed("visits") if one["document_key"].startswith("sha256:")]
    assert json.loads(line["payload"])["line"].split("\t")[:2] == ["6500000000000000003", "44147844"]
    [city] = [json.loads(one["payload"])["ym:s:regionCity"] for one in landed("visits") if one["document_key"] == f"{V}0002"]
    assert city == "Санкт-Петербург\\tи \\xff"


def test_a_part_of_tsv():
    def read(*lines: str, header: str = "ym:s:date\tym:s:counterID\tym:s:visitID\tym:s:lastsignTrafficSource") -> list[tuple[Any, ...]]:
        body = "".join(f"{line}\n" for line in (header, *lines)).encode()
        table = documents_of(body, SHAPE, account="main", asked_at=AT, attribution="LASTSIGN")
        return [(one["document_key"], one["cursor"], json.loads(one["payload"])) for one in table.to_pylist()]

    told = {"ym:s:date": "2026-10-29", "ym:s:counterID": "1", "ym:s:visitID": "18446744073709551615"}
    asked = "ym:s:<attribution>TrafficSource"
    # NULL, quotes, backslashes and control characters are texts like any other.
    for value in ("", "NULL", 'a "b"', r"o\'hara \\ \t", "\x01", "é😀", "[,,,telegram]"):
        assert read(f"2026-10-29\t1\t18446744073709551615\t{value}") == [
            ("1:2026:18446744073709551615", "2026-10-29", {**told, asked: value, "attribution": "lastsign"})]
    assert read() == []
    short, lacks = read("2026-10-29\t1", "2026-10-29\t1\t\tad")[::-1]
    assert (short[1:], short[0][:7], lacks[0][:7]) == ((None, {"line": "2026-10-29\t1"}), "sha256:", "sha256:")
    kept = "ym:s:date\tym:s:counterID\tym:s:visitID\tym:s:<attribution>TrafficSource"
    assert read("2026-10-29\t1\t2\tad", header=kept)[0][2]["attribution"] == "lastsign"
    with pytest.raises(NotALog, match="the header is '<html>'"):
        read(header="<html>")


def test_settings_that_make_no_sense(serve, account, four_days, monkeypatch):
    serve()
    monkeypatch.setenv("SOURCES__YANDEX_METRICA__EXTRA_FIELDS", "ym:s:referer, ym:pv:URL")
    assert {source: shape.fields for source, shape in shapes_of(account).items()} == {
        "visits": (*VISITS, "ym:s:referer"), "hits": (*HITS, "ym:pv:URL")}
    monkeypatch.setenv("SOURCES__YANDEX_METRICA__EXTRA_FIELDS", "referer")
    with pytest.raises(SettingError, match="names referer; a field of visits begins with ym:s:"):
        shapes_of(account)
    monkeypatch.setenv("SOURCES__YANDEX_METRICA__EXTRA_FIELDS", ",".join(f"ym:s:field{number}" for number in range(300)))
    with pytest.raises(SettingError, match="longer than the 3000 characters"):
        shapes_of(account)
    serve(time_zone="UTC")
    monkeypatch.delenv("SOURCES__YANDEX_METRICA__EXTRA_FIELDS")
    assert night(account).error == ""
