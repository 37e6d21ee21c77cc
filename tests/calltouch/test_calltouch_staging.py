"""From the lake through staging. The expected figures are the hand-made site's own, but for what is written over them here."""

import shutil
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest
import tracker

from orchestration.dbt import run_dbt
from sandbox.faults import Poison

GONE = Poison.GONE
NOT_TOLD = "<не указано>"
# Name -> what is written over one of the site's calls or leads.
SPOILED_CALLS: dict[str, dict[str, Any]] = {
    "keyless": {"callId": GONE},
    "dateless": {"date": None},
    "month_first": {"date": "10/13/2026 1:00:00"},
    "year_one": {"date": "01/01/0001 0:00:00"},
    "maybe": {"successful": "maybe"},
    "no_rows": {"orders": "none"},
    "number_of_two": {"callerNumber": {"home": "79160000001"}},
}
SPOILED_LEADS: dict[str, dict[str, Any]] = {
    "keyless": {"requestId": None},
    "seconds": {"date": 1793379600},
    "far_future": {"date": 99999999999999},
    "no_object": {"client": "Анна"},
    "no_rows": {"client.phones": {"phoneNumber": "79160000001"}},
}
PECULIAR_CALLS: dict[str, dict[str, Any]] = {
    "evening": {"date": "30/10/2026 23:59:59"},
    "one_digit": {"date": "31/10/2026 0:00:00"},
    "hidden": {"callerNumber": "anonymous"},
    "of_eight": {"callerNumber": "89160000001", "successful": True, "waitingConnect": 5, "duration": 30},
    "odd_talk": {"duration": "about a minute", "successful": True, "waitingConnect": -1},
    "untold_success": {"successful": None, "duration": 30, "waitingConnect": 5, "statusDetails": None},
    "bare_digits": {"yaClientId": 16571136466034985619},
    "two_orders": {"orders": [{"orderNumber": "B2"}, {"orderNumber": "A1"}]},
    "marked": {"medium": "cpc", "utmSource": "yandex", "utmMedium": "cpc", "utmCampaign": "brand"},
    "unmarked": {"medium": NOT_TOLD, "utmSource": NOT_TOLD, "utmMedium": "", "utmCampaign": None},
}
PECULIAR_LEADS: dict[str, dict[str, Any]] = {
    "evening": {"date": 1793393999000},
    "midnight": {"date": 1793394000000},
    "nobody": {"client": {"clientId": 77, "fio": "Аноним", "phones": [], "contacts": [{"contactType": "TELEGRAM", "contactValue": "@a"}]}},
    "two_phones": {"client": {"clientId": 78, "fio": "Вера", "phones": [{"phoneNumber": "+7 916 2"}, {"phoneNumber": "+7 916 1"}],
                              "contacts": [{"contactType": "EMAIL", "contactValue": "vera@post.example"}]}},
    "the_same_vera": {"client": {"clientId": 78, "fio": "Вера Ким", "phones": [{"phoneNumber": "+7 916 1"}], "contacts": []}},
    "clientless": {"client": None, "session": None},
}


@pytest.fixture
def named(site) -> dict[str, dict[str, str]]:
    """Which call and lead was spoiled how, by name."""
    found = {}
    for resource, first, kinds in (("calls", 600_001, {**SPOILED_CALLS, **{f"ok {n}": m for n, m in PECULIAR_CALLS.items()}}),
                                   ("leads", 310_001, {**SPOILED_LEADS, **{f"ok {n}": m for n, m in PECULIAR_LEADS.items()}})):
        found[resource] = {name: str(first + place) for place, name in enumerate(kinds)}
        for name, members in kinds.items():
            site.sandbox.tampering.plant(Poison("calltouch", resource, found[resource][name], set=members))
    found["calls"] |= {"surrogate": "600050", "bytes": "600049"}
    phase = b'"callphase":"'
    site.sandbox.tampering.plant(Poison("calltouch", "calls", "600050", find=phase, raw=phase + b"\\ud83d "))
    site.sandbox.tampering.plant(Poison("calltouch", "calls", "600049", find=phase, raw=b'"note":"\xcf\xf0\xe8",' + phase))
    return found


@pytest.fixture
def rows(named, night, own_data: Path, parsed_project: Path):
    """The account landed and staged; a question to the warehouse."""
    shutil.copytree(parsed_project / "dbt" / "target", own_data / "dbt" / "target", dirs_exist_ok=True)
    assert night().error == ""
    outcome = run_dbt(["build", "--select", "path:models/staging/calltouch"], refresh_id="night")
    assert (outcome.error, [node.message for node in outcome.failed]) == (None, [])

    def ask(question: str) -> list[tuple]:
        with duckdb.connect(str(own_data / "warehouse.duckdb"), read_only=True) as connection:
            return connection.execute(question).fetchall()

    return ask


def test_a_night_in_staging(rows, named, tracked_world):
    poison_is_set_aside_with_its_reason(rows, named)
    peculiar_calls_are_understood(rows, {key: name for name, key in named["calls"].items()})
    peculiar_leads_are_understood(rows, {key: name for name, key in named["leads"].items()})
    clients_are_those_who_can_be_reached(rows, named)
    the_rest_of_the_calls_is_what_happened(rows, set(named["calls"].values()), tracked_world)
    the_rest_of_the_leads_is_what_happened(rows, set(named["leads"].values()), tracked_world)


def poison_is_set_aside_with_its_reason(rows, named):
    question = "select document_key, problem from staging.stg_calltouch__verdicts where resource = '{}' and not is_accepted"
    calls, leads = (dict(rows(question.format(resource))) for resource in ("calls", "leads"))
    assert {name: calls.get(named["calls"][name]) for name in SPOILED_CALLS if name != "keyless"} == {
        "dateless": "began_at: missing", "month_first": "began_at: not a time", "year_one": "began_at: impossible date",
        "maybe": "is_successful: not a boolean", "no_rows": "orders: not rows", "number_of_two": "caller_number: not text",
    }
    assert {name: leads.get(named["leads"][name]) for name in SPOILED_LEADS if name != "keyless"} == {
        "seconds": "left_at: not a time", "far_future": "left_at: impossible date", "no_object": "client: not an object",
        "no_rows": "phones: not rows",
    }
    assert [problem for key, problem in calls.items() if key.startswith("sha256:")] == ["call_id: missing"]
    assert [problem for key, problem in leads.items() if key.startswith("sha256:")] == ["lead_id: missing"]
    # What is no text of its encoding is set aside or kept without loss; it never stops the vendor and is never lost.
    accepted = {key for (key,) in rows("select source_record_id from staging.stg_calltouch__calls")}
    assert {named["calls"]["surrogate"], named["calls"]["bytes"]} <= set(calls) | accepted
    keys = "select resource, count(distinct document_key) from staging.stg_calltouch__{} group by 1 order by 1"
    assert rows(keys.format("receipts")) == rows(keys.format("verdicts")) == [("calls", 59), ("leads", 30), ("settings", 1)]


def peculiar_calls_are_understood(rows, names):
    columns = ("moment", "phone", "answered", "wait", "talk", "lasted", "result", "browser", "order", "source", "utm")
    found = rows("""
        select source_record_id, strftime(started_at, '%d %H:%M:%S'), customer_phone, is_answered, wait_seconds, talk_seconds,
               date_diff('second', started_at, ended_at), raw_result, client_id, order_number, raw_traffic_source,
               concat_ws('/', utm_source, utm_medium, utm_campaign)
        from staging.stg_calltouch__calls""")
    told = {names[key].removeprefix("ok "): dict(zip(columns, values, strict=True)) for key, *values in found if key in names}
    expected: dict[str, dict[str, Any]] = {
        "evening": {"moment": "30 20:59:59"},
        "one_digit": {"moment": "30 21:00:00"},
        "hidden": {"phone": None},
        "of_eight": {"phone": "+79160000001", "answered": True, "wait": 5.0, "talk": 30.0, "lasted": 35},
        "odd_talk": {"answered": True, "wait": None, "talk": None, "lasted": None},
        "untold_success": {"answered": True, "talk": 30.0, "lasted": 35, "result": "answered"},
        "bare_digits": {"browser": tracker.CLIENT_ID},
        "two_orders": {"order": "A1", "answered": False, "talk": None, "result": "no answer"},
        "marked": {"source": "cpc", "utm": "yandex/cpc/brand"},
        "unmarked": {"source": None, "utm": ""},
    }
    assert {name: {column: told[name][column] for column in values} for name, values in expected.items()} == expected


def peculiar_leads_are_understood(rows, names):
    columns = ("moment", "client", "email", "phone", "browser", "source")
    found = rows("""
        select source_record_id, strftime(happened_at, '%d %H:%M:%S'), profile_record_id, contact_email, contact_phone, client_id,
               raw_traffic_source
        from staging.stg_calltouch__leads""")
    told = {names[key].removeprefix("ok "): dict(zip(columns, values, strict=True)) for key, *values in found if key in names}
    expected: dict[str, dict[str, Any]] = {
        "evening": {"moment": "30 20:59:59"},
        "midnight": {"moment": "30 21:00:00"},
        "nobody": {"client": None, "email": None, "phone": None},
        "two_phones": {"client": "78", "email": "vera@post.example", "phone": "+7 916 1"},
        "the_same_vera": {"client": "78", "email": None, "phone": "+7 916 1"},
        "clientless": {"client": None, "email": None, "phone": None, "browser": None, "source": None},
    }
    assert {name: {column: told[name][column] for column in values} for name, values in expected.items()} == expected


def clients_are_those_who_can_be_reached(rows, named):
    profiles = {key: (name, created, changed) for key, name, created, changed in rows(
        "select source_record_id, full_name, created_at, changed_at from staging.stg_calltouch__profiles")}
    moments = dict(rows("select source_record_id, happened_at from staging.stg_calltouch__leads"))
    first, last = moments[named["leads"]["ok two_phones"]], moments[named["leads"]["ok the_same_vera"]]
    assert profiles["78"] == ("Вера Ким", first, last)
    assert "77" not in profiles
    told = rows("""select identifier_type, identifier_value, first_seen_at, last_seen_at from staging.stg_calltouch__identifiers
                   where source_record_id = '78' order by 1, 2""")
    assert told == [("email", "vera@post.example", first, first), ("phone", "+7 916 1", first, last), ("phone", "+7 916 2", first, first)]
    named_by_leads = rows("select distinct profile_record_id from staging.stg_calltouch__leads where profile_record_id is not null")
    assert {key for (key,) in named_by_leads} == set(profiles)


def the_rest_of_the_calls_is_what_happened(rows, spoiled: set[str], world):
    """Every tracked call that has ended, with the site's own figures, to the second."""
    expected = {}
    for row in world.rows("calls"):
        key, start, answer = str(row["call_id"]), row["tracked_at"], row["answered_at"]
        if not row["is_tracked"] or row["ended_at"] > tracker.NOW or key in spoiled:
            continue
        wait = timedelta(seconds=int(((answer or row["ended_at"]) - row["started_at"]).total_seconds()))
        talk = row["ended_at"] - answer if answer else timedelta()
        expected[key] = (
            "in", row["customer_phone"], row["tracking_number"], start, start + wait if answer else None, start + wait + talk,
            answer is not None, wait.total_seconds(), talk.total_seconds() if answer else None, row["client_id"],
            row["utm_medium"] or "organic", row["utm_source"], row["utm_medium"])
    found = rows("""
        select source_record_id, direction, customer_phone, own_phone, started_at, answered_at, ended_at, is_answered, wait_seconds,
               talk_seconds, client_id, raw_traffic_source, utm_source, utm_medium
        from staging.stg_calltouch__calls""")
    told = {key: tuple(values) for key, *values in found if key not in spoiled}
    assert {key: (told.get(key), call) for key, call in expected.items() if told.get(key) != call} == {}
    assert (set(told), len(expected)) == (set(expected), 59 - len(SPOILED_CALLS) - len(PECULIAR_CALLS) - 2)


def the_rest_of_the_leads_is_what_happened(rows, spoiled: set[str], world):
    expected: dict[str, tuple[str | None, datetime, str | None, str | None, str | None]] = {}
    for row in world.rows("leads"):
        key = str(row["lead_id"])
        if row["created_at"] <= tracker.NOW and key not in spoiled:
            is_reachable = row["email"] or row["phone"]
            expected[key] = (str(row["record_id"]) if is_reachable else None, row["created_at"], row["email"], row["phone"],
                             row["client_id"])
    found = rows("""select source_record_id, profile_record_id, happened_at, contact_email, contact_phone, client_id
                    from staging.stg_calltouch__leads""")
    assert {key: tuple(values) for key, *values in found if key not in spoiled} == expected
    assert len(expected) == 30 - len(SPOILED_LEADS) - len(PECULIAR_LEADS)
