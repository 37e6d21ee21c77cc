"""The drop folder through staging: translation over formats and zones, two files with one row, a broken file and its mending."""

import json
import os
from collections import Counter
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import duckdb
from drop_nights import Drop, contact

from dbt_project.plugins.functions import keyed_hash
from dbt_project.plugins.lend_to_duckdb import register
from ingestion import lake
from ingestion.file_drop import VENDOR, reading
from ingestion.file_drop.tables import BY_NAME
from ingestion.file_drop.values import Manner
from orchestration.dbt import run_dbt
from orchestration.exports import warehouse
from sandbox.faults import Poison

MAIN = "source_account = 'main'"
OPEN_OF = ("select document_key, problem, problem_column from stg_file_drop__verdicts as v where not is_accepted and not exists ("
        "select 1 from stg_file_drop__verdicts as a where a.is_accepted and a.document_key = v.document_key "
        "and a.resource = v.resource and a.version_at >= v.version_at) and source_account =")


class Staging:
    """The staging models of the drop folder alone, over the lake of the test."""

    def build(self, refresh_id: str) -> list[str]:
        lake.prepare()
        outcome = run_dbt(["build", "--select", "path:models/staging/file_drop", "value_mappings"], refresh_id=refresh_id)
        assert outcome.success, (outcome.error, outcome.failed)
        return [node.unique_id.split(".")[2] for node in outcome.warned]


def rows(sql: str) -> list[tuple[Any, ...]]:
    """What staging holds."""
    with duckdb.connect(str(warehouse()), read_only=True) as connection:
        register(connection)
        return connection.sql(f"set search_path = 'staging'; {sql}").fetchall()


def drop_with_other_manners(root: Path) -> None:
    """A second account's folder: the same rows in several files and lines."""
    folder = Drop(root, print, [])
    head = "cost_on,channel,campaign,cost\n"
    old = folder.write("channel_costs/a.csv", f"{head}2026-10-01,sms,x,1\n2026-10-01,SMS,x,2\n2026-10-02,sms,x,3\n")
    os.utime(old, (1_790_000_000, 1_790_000_000))
    folder.write("channel_costs/b.csv", f"{head}2026-10-01,sms,x,10\n2026-10-01,sms,x,20\n")
    answer = '{"answer_id":"a","survey_type":"CSAT","score":%d,"answered_at":"2026-10-01 03:00"}\n'
    folder.write("survey_answers/z.jsonl", answer % 1 + answer % 2)
    folder.write("wifi_visits/w.csv", "store,mac,entered_at\nm,AA-BB-CC-00-11-22,2026-10-01\nm,aa:bb:cc:00:11:22,2026-10-01\n")
    # A visit nobody knows by name, in two halls of one event.
    folder.write("event_visits/msk.csv", "event,attended_at\nДегустация,2026-10-01\nДегустация,2026-10-01\n")
    folder.write("event_visits/spb.csv", "event,attended_at,by\nДегустация,2026-10-01,spb\n")
    old = folder.write("store_entrants/old.csv", "store,counted_at,entrants\nm,2026-10-01,7\nm,2026-10-02,8\n")
    os.utime(old, (1_790_000_000, 1_790_000_000))
    folder.write("store_entrants/new.csv", "store,counted_at,entrants\nm,2026-10-01,40\nm,2026-10-01,60\n")
    # Two dumps of a loyalty programme: the newer tells one account and one movement again.
    old = folder.write("loyalty_accounts/old.csv", "account_id,card,phone,enrolled_at\n1,29001,89161234567,2026-01-05\n2,,,2026-01-06\n")
    os.utime(old, (1_790_000_000, 1_790_000_000))
    folder.write("loyalty_accounts/new.csv", "account_id,card,email,full_name,status,enrolled_at,closed_at,balance\n"
                                             "1,29001,a@example.com,Анна,Active,2026-01-05,,80\n3,29003,,,,2026-01-07,2026-02-01,0\n")
    old = folder.write("loyalty_operations/old.csv",
                       "operation_id,account_id,operation_type,points,occurred_at\no1,1,earned,100,2026-03-01\n")
    os.utime(old, (1_790_000_000, 1_790_000_000))
    folder.write("loyalty_operations/new.jsonl", "".join(f"{json.dumps(one)}\n" for one in (
        {"operation_id": "o1", "account_id": "1", "operation_type": "Earned", "points": 110, "occurred_at": "2026-03-01",
         "available_on": "2099-03-15", "order_number": "7A"},
        {"operation_id": "o2", "account_id": "2", "operation_type": "cancelled", "cancels_type": "redeemed", "points": 30.5,
         "occurred_at": "2026-03-02 10:00"},
        # Given back before anything expired, and after it.
        {"operation_id": "o3", "account_id": "1", "operation_type": "cancelled", "cancels_type": "Expired", "points": 5,
         "occurred_at": "2026-03-03"},
        {"operation_id": "o4", "account_id": "1", "operation_type": "expired", "points": -7, "occurred_at": "2026-03-04"},
        {"operation_id": "o5", "account_id": "1", "operation_type": "cancelled", "cancels_type": "Expired", "points": 7,
         "occurred_at": "2026-03-05"})))


# Values at the edges of every kind; those that the door leaves out for the sake of the tables behind staging stand below.
EDGES: dict[str, tuple[str, tuple[Any, ...]]] = {
    "integer": ("app_sessions.screens", (
        0, -0, 5.0, 1e1, "5.", "+5", "-5.000", "5.5", "1e3", "", " 7 ", "\t7", "٣", "1_000", "12,000", "0" * 60 + "5",
        "5." + "0" * 60, 2_147_483_647)),
    "number": ("survey_answers.importance", (
        9, "+9", "9.", ".5", ".", "1e", "1E+2", "1e-400", "1e308", "nan", "inf", "0x1", "1,5", 1e17, 1e-7, 12345678901234567890123,
        "9\n")),
    "money": ("promotions.budget", (
        "1e14", "999999999999999.999", "-.5e1", "1e-10", "0." + "1" * 60, 0.1, 1e14, 123456789012345.67, "1 000")),
    "flag": ("app_sessions.is_new_device", (True, False, "TRUE", "0", 1, 0, "yes", 2, " true ", "\ttrue")),
    "date": ("promotions.starts_on", (
        "1899-12-31", "1900-01-01", "2031-12-31", "2032-01-01", "2099-12-31", "2026-02-29", "2028-02-29", "2026-10-31T10:00", "20261031",
        "2026-10-31 99:99", "0001-01-01", "31.10.2026", " 2026-10-31 ")),
    "open_date": ("promotions.ends_on", ("1899-12-31", "1900-01-01", "2099-12-31", "9999-12-31", "0001-01-01", "2099-02-29", "for ever")),
    "time": ("survey_answers.answered_at", (
        "2026-10-20 10:00Z", "2026-10-20T10:00+03", "2026-10-20 10:00:00 Z", "2026-10-20 10:00 +0300", "2026-10-20 10:00:00+03:00",
        "2026-10-20T10:00:00.123456789+03", "2026-10-20 10:00:00.123456789012", "2026-10-20 10:00:00.1Z", "2026-10-20 10:00:60",
        "2026-10-20 10:60", "2026-10-20 9:00", "2026-10-20  10:00", "2026-10-20", "2026-10-20T", "2026-02-30 10:00",
        "2026-10-20 10:00:00-15:30", "1900-01-01", "1900-01-01 03:00", "1900-01-01 00:00Z",
        "2031-12-31", "2031-12-31 00:00Z", "2031-12-31 00:01Z", "2031-12-31 03:01",
        "2032-01-01 00:30+03:00", "2031-12-30 23:59-01:00", "2099-12-31 10:00", "0001-01-01 00:00", "9999-12-31 23:59-05:00")),
    "text": ("survey_answers.order_number", (
        "x\u0000y", 9007199254740993, 1.5, "[abc", "{", "\u00a0", " ", "", "null", [], {}, "'; --", "🙂")),
}
BASE: dict[str, dict[str, Any]] = {
    "app_sessions": {"session_id": "s", "device_id": "d", "started_at": "2026-10-01"},
    "survey_answers": {"answer_id": "a", "survey_type": "nps", "score": 9, "answered_at": "2026-10-01"},
    "promotions": {"promotion_id": "p", "name": "n", "starts_on": "2026-10-01"},
}
NARROWER: dict[str, tuple[Any, ...]] = {
    "integer": (2_147_483_648, "7\u00a0"), "number": ("\u00a09", "1e400"), "money": ("1e15",), "text": (True,),
    "time": ("2026-10-20 24:00", "2026-10-20 10:00:00+24:00"),
}


def drop_edges(root: Path) -> dict[str, bool]:
    """A third account: every edge value in a file of its own, by the door's own judgement as JSON lines; file -> the door took it."""
    folder, took, dialect = Drop(root, print, []), {}, reading.Dialect(manner=Manner(ZoneInfo("Europe/Moscow")))
    for kind, (place, values) in EDGES.items():
        dataset, _, column = place.partition(".")
        for number, value in enumerate((*values, *NARROWER.get(kind, ()))):
            name = f"{dataset}/{kind}-{number:02}.jsonl"
            file = folder.write(name, json.dumps({**BASE[dataset], column: value, "n": number}) + "\n")
            try:
                took[name] = bool(list(reading.rows(file, name, BY_NAME[dataset], dialect)))
            except reading.Broken:
                took[name] = False
    return took


# Which way points cannot go, by docs/file-drop.md: what happened, what it cancels, points.
WRONG_SIGNS = {("earned", None, -5), ("redeemed", None, 5), ("expired", None, 5), ("cancelled", "earned", 5), ("cancelled", "redeemed", -5),
               ("cancelled", "expired", -5)}


def drop_signs(root: Path) -> dict[str, tuple[str, str | None, int]]:
    """Every kind of movement with every sign, a file each; file -> what it holds. The door's judgement is asserted."""
    folder, held, dialect = Drop(root, print, []), {}, reading.Dialect(manner=Manner(ZoneInfo("Europe/Moscow")))
    kinds = [(kind, None) for kind in ("earned", "redeemed", "expired", "adjusted", "cancelled")]
    kinds += [("cancelled", kind) for kind in ("earned", "redeemed", "expired", "adjusted")]
    for number, (kind, cancels, points) in enumerate((*kind, points) for kind in kinds for points in (-5, 0, 5)):
        name = f"loyalty_operations/signs-{number:02}.jsonl"
        row = {"operation_id": f"s{number}", "account_id": "1", "operation_type": kind.upper(), "cancels_type": cancels, "points": points,
               "occurred_at": "2026-10-01"}
        file = folder.write(name, json.dumps(row) + "\n")
        held[name] = (kind, cancels, points)
        try:
            took = bool(list(reading.rows(file, name, BY_NAME["loyalty_operations"], dialect)))
        except reading.Broken:
            took = False
        assert took is (held[name] not in WRONG_SIGNS), held[name]
    return held


def written(name: str) -> Any:
    """The value in a file of edges."""
    kind, number = Path(name).stem.rsplit("-", 1)
    return kind, (*EDGES[kind][1], *NARROWER.get(kind, ()))[int(number)]


def test_two_nights_are_translated(served, parsed, tmp_path, monkeypatch):
    monkeypatch.setattr(lake, "vendors", lambda: (VENDOR,))
    staging = Staging()
    drop_with_other_manners(tmp_path / "second")
    monkeypatch.setenv("SOURCES__FILE_DROP__SECOND__FOLDER", str(tmp_path / "second"))
    monkeypatch.setenv("SOURCES__FILE_DROP__SECOND__TIMEZONE", "Asia/Omsk")
    assert contact("r1", "second").error == ""
    # The third account's files go past the door, so that staging judges alone what the door has judged.
    took, held = drop_edges(tmp_path / "third"), drop_signs(tmp_path / "third")
    monkeypatch.setenv("SOURCES__FILE_DROP__THIRD__FOLDER", str(tmp_path / "third"))
    with monkeypatch.context() as open_door:
        open_door.setattr(reading, "_value", lambda column, value, *rest, **more: value)
        open_door.setattr(reading, "_judge", lambda *rest: None)
        assert contact("r1", "third").documents == {**Counter(name.partition("/")[0] for name in (*took, *held)), "settings": 1}
    # A file of the first account, the sandbox's, is broken on the first night and mended on the second.
    served.sandbox.tampering.plant(Poison("file_drop", "channel_costs", "1", set={"cost": "много"}))
    assert contact("r1").error == ""
    staging.build("r1")
    judged = {key.rpartition(":")[0]: is_accepted for key, is_accepted in rows(
        "select document_key, is_accepted from stg_file_drop__verdicts where source_account = 'third' and resource <> 'settings'")}
    assert {held[name] for name in held if not judged[name]} == WRONG_SIGNS
    assert [problem for (problem,) in rows("select distinct problem from stg_file_drop__verdicts where resource = 'loyalty_operations' "
                                           "and not is_accepted order by 1")] == [
        "points: what cancels something earned goes out and is below zero",
        "points: what cancels something redeemed or expired comes in and is above zero",
        "points: what is earned comes in and is above zero", "points: what is redeemed or expired goes out and is below zero"]
    assert [written(name) for name in took if took[name] and not judged[name]] == []
    refused = [written(name) for name in took if judged[name] and not took[name]]
    assert sorted(refused, key=repr) == sorted(((kind, value) for kind, values in NARROWER.items() for value in values), key=repr)
    assert rows(f"{OPEN_OF} 'main'") == [
        ("channel_costs/costs-2026-10.csv", "cost: the value in line 2 is no number (a number of money is expected). "
                           "No row of the file was loaded.", "cost")]
    costs = ("select cost_on::text, raw_channel, campaign_name, utm_campaign, impressions, clicks, cost "
             f"from stg_file_drop__channel_costs where {MAIN} order by 1")
    september = ("2026-09-30", "paid_search", "Осень; поиск", "autumn", 12000, 300, Decimal("12345.50"))
    assert rows(costs) == [september]
    assert rows("select source_record_id, survey_type, raw_channel, question, score, scale_min, scale_max, importance, answered_at::text, "
                f"contact_email, order_number, store_reference from stg_file_drop__survey_answers where {MAIN} order by 1") == [
        ("a1", "nps", "email", None, 9.0, 0.0, 10.0, None, "2026-10-30 21:30:00", "anna@example.com", "7A", None),
        ("a2:Вежливость", "csi", "store", "Вежливость", 4.0, 1.0, 10.0, 8.0, "2026-10-20 10:00:00", None, None, "msk-1")]
    assert rows(f"select store_reference, counted_at::text, entrants from stg_file_drop__store_traffic where {MAIN}") == [
        ("msk-1", "2026-10-29 21:00:00", 210)]
    assert rows("select source_record_id, store_reference, entered_at::text, left_at::text "
                f"from stg_file_drop__wifi_visits where {MAIN}") == [
        ("wifi_visits/2026/2026-10.csv.gz:1", "msk-1", "2026-10-30 10:00:00", "2026-10-30 10:20:00")]
    assert rows(f"select event_name, store_reference, attended_at::text, contact_email from stg_file_drop__event_visits where {MAIN}") == [
        ("Дегустация", "msk-1", "2026-10-25 16:00:00", "anna@example.com")]
    assert rows("select source_record_id, session_kind, client_id, started_at::text, ended_at::text, raw_device, pageviews, is_new_visitor "
                f"from stg_file_drop__sessions where {MAIN}") == [
        ("1", "app", "d-1", "2026-10-30 08:00:00", "2026-10-30 08:10:00", "ios", 6, True)]
    assert rows("select device_type, session_record_id, evidence_type, identifier_type, identifier_namespace, identifier_value "
                f"from stg_file_drop__device_evidence where {MAIN} order by 1") == [
        ("app", "1", "login", "source_record", "customer_id", "c-100"),
        ("wifi", "wifi_visits/2026/2026-10.csv.gz:1", "wifi_login", "phone", None, "+79161234567")]
    assert rows(f"select * exclude (source_system, source_account) from stg_file_drop__campaigns where {MAIN}") == [
        ("messenger:привет", "Привет", "trigger", "Первая покупка", "messenger", rows("select timestamp '2026-10-30 09:00'")[0][0])]
    events = (f"select message_record_id, event, happened_at::text, contact_point, channel from stg_file_drop__message_events where {MAIN} "
              "order by 1, 3, 2 desc")
    first = [("m1", "sent", "2026-10-30 09:00:00", "+79161234567", "messenger"),
             ("m1", "delivered", "2026-10-30 09:01:00", "+79161234567", "messenger"),
             ("m1", "opened", "2026-10-30 10:00:00", "+79161234567", "messenger")]
    second = [("m2", "sent", "2026-10-30 09:00:00", "+79160000000", "messenger"),
              ("m2", "hard_bounced", "2026-10-30 09:00:00", "+79160000000", "messenger")]
    assert rows(events) == first + second
    assert rows("select name, promo_code, discount_type, raw_channel, starts_on::text, ends_on::text, budget "
                f"from stg_file_drop__promotions where {MAIN}") == [
        ("Осень", "AUTUMN", "promo_code", "email", "2026-10-01", "2026-10-31", Decimal("100000.00"))]
    key = rows(f"select device_key from stg_file_drop__wifi_visits where {MAIN}")[0][0]

    served.sandbox.tampering.clear()
    served.sandbox.advance(days=1)
    contact("r2")
    warned = staging.build("r2")
    assert rows(f"{OPEN_OF} 'main'") == []
    assert rows(costs) == [september, ("2026-10-30", "sms", "Чёрная пятница", None, 500, 20, Decimal("999.00")),
                           ("2026-10-31", "sms", "Чёрная пятница", None, 400, 10, Decimal("50.00"))]
    assert rows(events) == [*first, ("m1", "clicked", "2026-11-01 07:00:00", "+79161234567", "messenger"), *second]
    # The hash is of the address in small letters without separators, and no view shows the address itself.
    assert key == keyed_hash("aabbcc001122")
    assert rows("select table_name from information_schema.columns where column_name in ('mac', 'address')") == [
        ("base_file_drop__wifi_visits",)]
    # The second account. Lines of all files count, but for one store's day, of which the newest file counts; Omsk is six hours from UTC.
    def there(columns: str, model: str) -> list[tuple[Any, ...]]:
        return rows(f"select {columns} from stg_file_drop__{model} where source_account = 'second' order by all")

    assert there("cost_on::text, raw_channel, cost", "channel_costs") == [
        ("2026-10-01", "sms", Decimal("1.00")), ("2026-10-01", "sms", Decimal("2.00")), ("2026-10-01", "sms", Decimal("10.00")),
        ("2026-10-01", "sms", Decimal("20.00")), ("2026-10-02", "sms", Decimal("3.00"))]
    assert there("survey_type, score, scale_min, scale_max, answered_at::text", "survey_answers") == [
        ("csat", 2.0, 1.0, 5.0, "2026-09-30 21:00:00")]
    assert there("device_key, entered_at::text", "wifi_visits") == [(key, "2026-09-30 18:00:00")]
    assert there("event_name", "event_visits") == [("Дегустация",)] * 3
    assert there("counted_at::text, entrants", "store_traffic") == [
        ("2026-09-30 18:00:00", 40), ("2026-09-30 18:00:00", 60), ("2026-10-01 18:00:00", 8)]
    assert there("source_record_id, profile_record_id, card_number, status, enrolled_at::text, vendor_balance", "loyalty_accounts") == [
        ("1", "1", "29001", "active", "2026-01-04 18:00:00", 80.0), ("2", None, None, "active", "2026-01-05 18:00:00", None),
        ("3", "3", "29003", "inactive", "2026-01-06 18:00:00", 0.0)]
    assert there("source_record_id, loyalty_account_record_id, profile_record_id, operation_type, cancels_type, points, is_pending, "
                 "order_number", "loyalty_operations") == [
        ("o1", "1", "1", "earned", None, 110.0, True, "7A"), ("o2", "2", None, "cancelled", "redeemed", 30.5, False, None),
        ("o3", "1", "1", "cancelled", None, 5.0, False, None), ("o4", "1", "1", "expired", None, -7.0, False, None),
        ("o5", "1", "1", "cancelled", "expired", 7.0, False, None)]
    assert there("source_record_id, identifier_type, identifier_value", "identifiers") == [
        ("1", "email", "a@example.com"), ("1", "loyalty_card", "29001"), ("3", "loyalty_card", "29003")]
    assert there("source_record_id, full_name", "profiles") == [("1", "Анна"), ("3", None)]
    # What two files tell is warned about, by what it is and where it stands.
    assert warned == ["two_files_tell_the_same_thing"]
    assert there("dataset, left(told, 19), files, first_file, last_file", "told_twice") == [
        ("channel_costs", "2026-10-01 sms x", 2, "channel_costs/a.csv", "channel_costs/b.csv"),
        ("event_visits", "Дегустация 2026-09-", 2, "event_visits/msk.csv", "event_visits/spb.csv"),
        ("store_entrants", "m 2026-09-30 18:00:", 2, "store_entrants/new.csv", "store_entrants/old.csv")]
