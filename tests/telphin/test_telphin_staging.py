"""From the lake through staging. The expected figures are the simulated retailer's own, and for one call those of a recorded answer."""

import shutil
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest

from ingestion import lake
from ingestion.contact import refresh_account
from ingestion.telphin import VENDOR
from orchestration.dbt import run_dbt
from sandbox.faults import Poison

GONE = Poison.GONE
LEG = {"extension_type": "phone", "flow": "in", "init_time_gmt": "2026-10-01 09:00:10.5", "start_time_gmt": "2026-10-01 09:00:20",
       "hangup_time_gmt": "2026-10-01 09:01:00", "duration": 40, "extension_name": "01111*0541@sipproxy.telphin.ru"}
MENU = {**LEG, "extension_type": "ivr", "result": "answered", "extension_name": "01111*9000@sipproxy.telphin.ru"}
MENU_BEFORE = {**MENU, "init_time_gmt": "2026-10-01 09:00:00.3", "hangup_time_gmt": "2026-10-01 09:00:05"}
QUEUE = {**LEG, "extension_type": "queue", "result": "answered"}
PLAIN = {"flow": "in", "result": "bridged", "init_time_gmt": "2026-10-01 09:00:00", "bridged_time_gmt": "2026-10-01 09:00:20",
         "hangup_time_gmt": "2026-10-01 09:01:00", "bridged_duration": 40, "from_username": "79160000001", "did_number": "78123092854",
         "bridged_username": "01111*0541", "cdr": [{**LEG, "result": "answered"}]}
NOBODY = {"bridged_time_gmt": GONE, "bridged_duration": GONE, "bridged_username": GONE}
# A recorded answer: xdimedrolx/telphin-go-sdk, testdata/get_call_history_200_1.json (a call back, ordered by a program).
RECORDED = {
    "flow": "out", "result": "bridged", "init_time_gmt": "2021-01-01 16:29:38", "start_time_gmt": "2021-01-01 16:29:39",
    "bridged_time_gmt": "2021-01-01 16:29:52", "hangup_time_gmt": "2021-01-01 16:30:16", "duration": 37, "bridged_duration": 24,
    "from_username": "100*0111", "to_username": "+71111111111", "bridged_username": "+71111111111", "did_number": None,
    "cdr": [{"extension_type": "phone", "flow": "out", "result": "answered", "duration": 24, "init_time_gmt": "2021-01-01 16:29:38.76",
             "start_time_gmt": "2021-01-01 16:29:52", "hangup_time_gmt": "2021-01-01 16:30:16", "dest_number": "+71111111111",
             "to_username": "+71111111111", "ani_number": "79666660435", "extension_name": "100*0111@sipproxy.telphin.ru"}],
}
# Name -> what is written over one of the retailer's calls.
SPOILED: dict[str, dict[str, Any]] = {
    "keyless": {"call_uuid": GONE},
    "flowless": {"flow": GONE},
    "year_zero": {"init_time_gmt": "0000-00-00 00:00:00"},
    "year_one": {"hangup_time_gmt": "0001-01-01 00:00:00"},
    "no_rows": {"cdr": "none"},
    "leg_time": {"cdr": [{**LEG, "init_time_gmt": "soon"}]},
}
PECULIAR: dict[str, dict[str, Any]] = {
    "recorded": RECORDED,
    "midnight": {**PLAIN, "init_time_gmt": "2026-10-30 21:00:00"},
    "minute_before": {**PLAIN, "init_time_gmt": "2026-10-30 20:59:59"},
    "odd_talk": {**PLAIN, "bridged_duration": "about a minute", "duration": ""},
    "negative_talk": {**PLAIN, "bridged_duration": -5},
    "internal": {**PLAIN, "flow": "out", "from_username": "01111*0541", "to_username": "544", "did_number": None,
                 "cdr": [{**LEG, "flow": "out", "result": "answered", "dest_number": "544"}]},
    "withheld": {**PLAIN, "from_username": "anonymous"},
    "through_the_menu": {**PLAIN, "bridged_username": "+79990000001",
                         "cdr": [{**MENU, "flow": "transfer", "dest_number": "+79990000001"}, MENU]},
    "mailbox": {**PLAIN, **NOBODY, "result": "bridged", "cdr": [{**LEG, "result": "voicemail"}, MENU]},
    "menu_only": {**PLAIN, **NOBODY, "result": "answered", "cdr": [MENU]},
    "queue_only": {**PLAIN, **NOBODY, "result": "answered", "cdr": [{**LEG, "extension_type": "queue", "result": "answered"}, MENU]},
    # 9:00:00 the menu, :05 its end; queues at :06.2 and :08.9; a menu that asks how it was after the talk
    "asked_afterwards": {**PLAIN, "cdr": [{**MENU, "init_time_gmt": "2026-10-01 09:00:50", "hangup_time_gmt": "2026-10-01 09:01:00"},
                                          {**LEG, "result": "answered"}]},
    "two_queues": {**PLAIN, "cdr": [
        {**LEG, "result": "answered"},
        {**QUEUE, "init_time_gmt": "2026-10-01 09:00:08.9", "extension_name": "01111*0542@sipproxy.telphin.ru"},
        {**QUEUE, "init_time_gmt": "2026-10-01 09:00:06.2"}, MENU_BEFORE]},
    "after_the_menu": {**PLAIN, "cdr": [{**LEG, "result": "answered"}, MENU_BEFORE]},
    "legless": {**PLAIN, **NOBODY, "result": "answered", "extension_type": "phone", "cdr": []},
    "elsewhere": {**PLAIN, "cdr": [{**LEG, "result": "answered elsewhere", "extension_name": "01111*0544@x"},
                                   {**LEG, "result": "answered"}]},
    "handed_over": {**PLAIN, "bridged_duration": None, "cdr": [
        {**LEG, "flow": "transfer", "result": "answered", "extension_name": "01111*0544@x", "start_time_gmt": "2026-10-01 09:00:40",
         "init_time_gmt": "2026-10-01 09:00:40.1", "duration": 20},
        {**LEG, "result": "answered", "duration": 20}]},
}


@pytest.fixture
def named(retailer, small_world) -> dict[str, str]:
    """Which call was spoiled how: the retailer's oldest calls, by name."""
    own = [row for row in small_world.rows("calls") if not row["is_external"]]
    keys = [row["uuid"].replace("-", "").upper() for row in own]
    found = dict(zip([*SPOILED, *PECULIAR, "surrogate", "bytes"], keys, strict=False))
    for name, members in {**SPOILED, **PECULIAR}.items():
        retailer.sandbox.tampering.plant(Poison("telphin", "calls", found[name], set=members))
    cause = b'"hangup_cause":"'
    retailer.sandbox.tampering.plant(Poison("telphin", "calls", found["surrogate"], find=cause, raw=cause + b"\\ud83d "))
    retailer.sandbox.tampering.plant(Poison("telphin", "calls", found["bytes"], find=cause, raw=b'"note":"\xcf\xf0\xe8",' + cause))
    return found


@pytest.fixture
def rows(named, own_data: Path, parsed_project: Path):
    """The account landed and staged; a question to the warehouse."""
    shutil.copytree(parsed_project / "dbt" / "target", own_data / "dbt" / "target", dirs_exist_ok=True)
    lake.prepare()
    (account,) = VENDOR.accounts()
    report = refresh_account(VENDOR, account, refresh_id="night", budget=timedelta(minutes=5), say=lambda _: None)
    assert report.error == ""
    outcome = run_dbt(["build", "--select", "path:models/staging/telphin"], refresh_id="night")
    assert (outcome.error, [node.message for node in outcome.failed]) == (None, [])

    def ask(question: str) -> list[tuple]:
        with duckdb.connect(str(own_data / "warehouse.duckdb"), read_only=True) as connection:
            return connection.execute(question).fetchall()

    return ask


def test_a_night_in_staging(rows, named, retailer, small_world):
    poison_is_set_aside_with_its_reason(rows, named)
    peculiar_calls_are_understood(rows, {key: name for name, key in named.items()})
    days_are_moscows(rows, named)
    the_rest_is_what_happened(rows, set(named.values()), small_world, retailer.sandbox.now().replace(tzinfo=None))
    sets_are_named_after_those_who_speak(rows, small_world)


def poison_is_set_aside_with_its_reason(rows, named):
    problems = dict(rows("select document_key, problem from staging.stg_telphin__verdicts where not is_accepted"))
    assert {name: problems.get(named[name]) for name in SPOILED if name != "keyless"} == {
        "flowless": "flow: missing",
        "year_zero": "initiated_at: not a time",
        "year_one": "hung_up_at: impossible date",
        "no_rows": "legs: not rows",
        "leg_time": "legs[].initiated_at: not a time",
    }
    assert [problem for key, problem in problems.items() if key.startswith("sha256:")] == ["call_id: missing"]
    accepted = {key for (key,) in rows("select source_record_id from staging.stg_telphin__calls")}
    # What is no text of its encoding is set aside or kept without loss; it never stops the vendor and is never lost.
    assert {named["surrogate"], named["bytes"]} <= set(problems) | accepted
    keys = "select count(distinct document_key) from staging.stg_telphin__{} where resource = 'calls'"
    assert rows(keys.format("receipts")) == rows(keys.format("verdicts"))


def peculiar_calls_are_understood(rows, names):
    found = rows("""select source_record_id, direction, customer_phone, own_phone, queue, employee_reference, is_answered, is_ivr_only,
                           wait_seconds, talk_seconds from staging.stg_telphin__calls""")
    told = {names[key]: tuple(values) for key, *values in found if key in names}
    caller, ours, anna = "+79160000001", "+78123092854", "01111*0541"
    spoken = ("in", caller, ours, None, anna, True, False, 20.0, 40.0)
    assert {name: told[name] for name in PECULIAR if name not in ("midnight", "minute_before")} == {
        "recorded": ("out", "+71111111111", "+79666660435", None, "100*0111", True, False, 14.0, 24.0),
        "odd_talk": spoken,
        "negative_talk": spoken,
        "internal": ("internal", None, None, None, anna, True, False, 20.0, 40.0),
        "withheld": ("in", None, ours, None, anna, True, False, 20.0, 40.0),
        "through_the_menu": ("in", caller, ours, None, None, True, False, 20.0, 40.0),
        "asked_afterwards": spoken,
        "two_queues": ("in", caller, ours, "0542", anna, True, False, 12.0, 40.0),
        "after_the_menu": ("in", caller, ours, None, anna, True, False, 15.0, 40.0),
        "mailbox": ("in", caller, ours, None, None, False, False, 10.0, None),
        "menu_only": ("in", caller, ours, None, None, False, True, None, None),
        "queue_only": ("in", caller, ours, "0541", None, False, False, 50.0, None),
        "legless": ("in", caller, ours, None, None, True, False, None, None),
        "elsewhere": spoken,
        "handed_over": spoken,
    }


def days_are_moscows(rows, named):
    found = rows("""select source_record_id, strftime(started_at, '%Y-%m-%d %H:%M:%S'),
                           cast(timezone('Europe/Moscow', timezone('UTC', started_at)) as date) from staging.stg_telphin__calls""")
    told = {key: (moment, day) for key, moment, day in found}
    assert told[named["midnight"]] == ("2026-10-30 21:00:00", date(2026, 10, 31))
    assert told[named["minute_before"]] == ("2026-10-30 20:59:59", date(2026, 10, 30))
    fractions = rows("select initiated_at from staging.stg_telphin__call_legs where initiated_at <> date_trunc('second', initiated_at)")
    assert len(fractions) > 100


def the_rest_is_what_happened(rows, spoiled: set[str], world, now: datetime):
    """Every call that the exchange knows, with the retailer's own figures, to the second; waiting begins in the queue or after the menu."""
    queued, menu_left = ({row["call_id"]: row[moment] for row in world.rows("call_legs") if row["kind"] == kind}
                         for kind, moment in (("queue", "started_at"), ("ivr", "ended_at")))
    expected = {}
    for row in world.rows("calls"):
        key = row["uuid"].replace("-", "").upper()
        if row["is_external"] or row["ended_at"] > now or key in spoiled:
            continue
        start, answer, end = (row[name] and row[name].replace(microsecond=0) for name in ("started_at", "answered_at", "ended_at"))
        since = (queued.get(row["call_id"]) or menu_left.get(row["call_id"]) or row["started_at"]).replace(microsecond=0)
        expected[key] = (
            row["direction"], row["customer_phone"], row["own_phone"], row["queue"], row["queue"],
            row["extension"] and f"01111*{row['extension']}", start, answer, end, row["result"] == "answered", row["result"] == "ivr_only",
            _waited(row["result"], since, answer or end), answer and (row["ended_at"] - row["answered_at"]).total_seconds() // 1,
            row["result"] == "voicemail")
    found = rows("""select source_record_id, direction, customer_phone, own_phone, queue, store_reference,
                           case when is_answered then employee_reference end, started_at, answered_at, ended_at, is_answered, is_ivr_only,
                           wait_seconds, talk_seconds, raw_result = 'voicemail' from staging.stg_telphin__calls""")
    told = {key: tuple(values) for key, *values in found if key not in spoiled}
    assert {key: (told.get(key), call) for key, call in expected.items() if told.get(key) != call} == {}
    assert set(told) == set(expected)
    assert len(expected) > 200


def _waited(result: str, since: datetime, until: datetime) -> float | None:
    """In line, in seconds: not for the menu, and no time for a mailbox, which takes the call as the menu ends."""
    return {"ivr_only": None, "voicemail": 0.0}.get(result, (until - since).total_seconds())


def sets_are_named_after_those_who_speak(rows, world):
    names = {f"01111*{row['extension']}": row["employee_id"] for row in world.rows("call_legs") if row["extension"]}
    staff = {row["employee_id"]: row["name"] for row in world.rows("employees")}
    assert dict(rows("select source_record_id, name from staging.stg_telphin__employees")) == {
        extension: staff[who] for extension, who in names.items()}
