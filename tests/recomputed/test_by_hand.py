"""Recomputations against the rows that the unit tests of the models tell by hand: what no night of the simulated retailer has.

    models/**/*.yml (given, expect) ──►  Tables of these rows  ──►  the recomputation gives what is expected of the model
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pandas as pd
import pytest
import yaml

from orchestration import register
from orchestration.business_rules import parameters
from orchestration.rules import BusinessRules
from tests.recomputed import tickets, touches
from tests.recomputed.opt_outs import sent_after_opt_out
from tests.recomputed.people import by_a_member
from tests.recomputed.subscriptions import first_subscriptions
from tests.recomputed.tables import Tables
from tests.recomputed.telephone import judged_calls

MODELS = register.PROJECT / "models"
# Of the marks in a call's link: the first rule that fits, whatever stands after it, and none of another system.
TRAFFIC_RULES = [
    {"priority": 3, "source_system": "*", "traffic_source": "a%", "traffic_channel": "direct"},
    {"priority": 3, "source_system": "ct", "utm_medium": "cpc", "traffic_channel": "paid_search"},
    {"priority": 2, "source_system": "ct", "traffic_source": "a_", "traffic_channel": "paid_search"},
    {"priority": 2, "source_system": "ct", "traffic_source": "te%", "traffic_channel": "sms"},
    {"priority": 1, "source_system": "other", "traffic_source": "ad", "traffic_channel": "display"},
    {"priority": 1, "source_system": "ct", "traffic_source": "ad", "utm_medium": "cpa", "traffic_channel": "cpa"},
]
TRAFFIC_WORDS = [
    {"field": "traffic_source", "source_system": "ct", "value": "flyer", "mapped_to": "referral"},
    {"field": "traffic_source", "source_system": "other", "value": "flyer", "mapped_to": "display"},
    {"field": "payment_method", "source_system": "ct", "value": "flyer", "mapped_to": "cash"},
]
DURATIONS = ("first_response", "first_response_business", "first_resolution_business", "resolution", "resolution_business")
OPENINGS = [(1, "09:00", "18:00"), *((day, *part) for day in (2, 3) for part in (("09:00", "13:00"), ("14:00", "18:00")))]
OPEN = [
    {"schedule": "contact_centre", "weekday": day, "opens_at": opens, "closes_at": closes, "valid_from": "2000-01-01", "valid_to": None}
    for day, opens, closes in OPENINGS
]


class Given:
    """What a recomputation asks of `Tables`, from rows by name; a column that no row tells is empty."""

    def __init__(self, rows: dict[str, list[dict]], columns: dict[str, list[str]]) -> None:
        self.rules = {row["name"]: yaml.safe_load(row["value"]) for row in parameters(BusinessRules())}
        self._frames = {name: _frame(rows.get(name, []), columns.get(name, [])) for name in {*rows, *columns}}

    def facts(self, name: str) -> pd.DataFrame:
        return self._frames[name.partition(".")[2]]

    business_date = Tables.business_date

    def __getattr__(self, name: str) -> pd.DataFrame:
        if name.startswith("_"):
            raise AttributeError(name)
        return self._frames[name]


def _frame(rows: list[dict], columns: list[str]) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=list(dict.fromkeys([*(name for row in rows for name in row), *columns])), dtype=object)
    for name in frame:
        if name.startswith("valid_") or (name.endswith("_at") and name not in ("opens_at", "closes_at")):
            frame[name] = pd.to_datetime(frame[name])
        elif name.startswith("is_"):
            frame[name] = frame[name].astype("boolean")
    return frame


@cache
def _unit_tests(file: Path) -> dict[str, dict]:
    return {test["name"]: test for test in yaml.load(file.read_text(), register.FAST).get("unit_tests", ())}


def given(file: str, name: str, **columns: list[str]) -> tuple[Given, list[dict]]:
    """The tables that a unit test gives, with columns it does not tell, and the rows that it expects."""
    test = _unit_tests(MODELS / file)[name]
    expected = test["expect"]["rows"]
    rows = {each["input"].split("'")[1]: each["rows"] for each in test["given"]}
    rows = {"value_mappings": TRAFFIC_WORDS} | rows | {"traffic_rules": TRAFFIC_RULES, "touchpoints": expected}
    rows |= {name.removeprefix("int_"): told for name, told in rows.items() if name in ("int_orders", "int_tickets")}
    if "int_calls__united" in rows:
        told = {row["call_key"]: row for row in rows["int_calls__united"]}
        rows["calls"] = [{**told[row["call_id"]], **row, "is_called_back": None, "is_about_order": None} for row in expected]
    if "int_tickets__united" in rows:
        told = {row["ticket_id"]: row for row in rows["int_tickets__united"]}
        rows |= {"business_hours": OPEN, "tickets": [{"is_created_by_agent": False, **told[row["ticket_id"]], **row} for row in expected]}
    if "int_messages" in rows:
        rows["int_message_events"] = [
            {"message_id": row["message_id"], "event": "unsubscribed", "happened_at": row["unsubscribed_at"]}
            for row in rows["int_messages"] if row["unsubscribed_at"]
        ]
    return Given(rows, columns), expected


def test_an_opt_out_is_judged_at_the_moment_of_sending():
    tables, expected = given("intermediate/messaging/_messages__unit_tests.yml", "an_opt_out_is_judged_at_the_moment_of_sending")
    assert sent_after_opt_out(tables) == {row["message_id"] for row in expected}


@pytest.mark.parametrize("name", ["the_latest_dated_consent_wins", "an_undated_opt_in_of_a_new_record_is_dated_by_who_first_saw_it"])
def test_first_subscriptions(name):
    tables, expected = given(
        "marts/customer_360/_customer_360__unit_tests.yml", name,
        int_lake_contacts=["source_system", "source_account", "contacted_at"],
        int_profiles=["profile_id", "source_system", "source_account", "created_at"],
    )
    found = first_subscriptions(tables).set_index("customer_id").first_subscribed_at
    assert found.to_dict() == {
        row["customer_id"]: pd.Timestamp(row["first_subscribed_at"]) for row in expected if row["first_subscribed_at"]
    }


def test_what_is_a_touch(monkeypatch):
    """Which calls are about an order and what a store was visited by the model is told; a visit to a store is not told here."""
    tables, expected = given(
        "marts/core/_behaviour__models.yml", "a_touch_is_counted_once_and_only_when_it_is_one", touchpoints=touches.COLUMNS,
        orders=["customer_id", "is_counted", "sales_channel", "store_id", "ordered_on"],
        wifi_visits=["wifi_visit_id", "customer_id", "store_id", "entered_at", "entered_on"],
        int_calls=["utm_medium", "utm_source"], traffic_rules=["utm_medium", "utm_source"],
    )
    monkeypatch.setattr(touches, "judged_calls", lambda tables: tables.facts("intermediate.int_calls"))
    found = touches.touchpoints(tables)[touches.COLUMNS]
    wanted = pd.DataFrame([row for row in expected if row["touch_type"] != "store_visit"])[touches.COLUMNS]
    wanted["occurred_at"] = pd.to_datetime(wanted.occurred_at)
    assert _rows(found) == _rows(wanted)


def test_what_is_said_of_a_call():
    tables, expected = given("intermediate/service/_calls__models.yml", "a_call_is_told_by_whom_we_believe")
    tables.calls.update(tables.calls[["is_answered", "is_ivr_only"]].fillna(False))
    said = ["call_id", "is_called_back", "is_about_order"]
    assert _rows(judged_calls(tables)[said]) == sorted(tuple(row[column] for column in said) for row in expected)


def test_what_is_said_of_a_ticket(monkeypatch):
    """How each went is taken from the rows; who was open when, from what they say of the calendar."""
    tables, expected = given(
        "intermediate/service/_tickets__models.yml", "business_minutes_count_what_was_open", holidays=["schedule"],
        survey_answers=["survey_type", "ticket_id", "is_on_scale", "answered_at", "scale_min", "scale_max", "score"],
    )
    tables.rules["business.timezone"], tables.as_of = "UTC", pd.Timestamp("2026-01-05 14:00:00")
    course = tables.facts("intermediate.int_ticket_times").rename(columns={"first_client_comment_at": "client_wrote_at"})
    course = course.set_index("ticket_id")
    done = tables.tickets.set_index("ticket_id").status == "solved"
    course["waits"] = [[] for _ in course.index]
    course = course.assign(resolved_at=course.resolved_at.where(done), is_bot_resolved=course.is_bot_resolved & done)
    monkeypatch.setattr(tickets, "_course", lambda tables, counted: course.loc[counted.index])
    said = ["ticket_id", *(f"{name}_minutes" for name in DURATIONS), "sla_first_response_met", "sla_resolution_met"]
    wanted = sorted(tuple(row[column] for column in said) for row in expected if row["is_counted"])
    assert _rows(tickets.counted_tickets(tables)[said]) == wanted


def test_membership_is_from_the_day_of_enrolment_until_the_day_before_the_account_was_closed():
    accounts = [
        {"customer_id": "ann", "enrolled_at": "2026-01-10 20:59:59", "closed_at": "2026-03-01 10:00:00", "is_member": False},
        {"customer_id": "ann", "enrolled_at": "2026-03-05 21:00:00", "closed_at": None, "is_member": True},
        {"customer_id": "bob", "enrolled_at": "2026-01-10 10:00:00", "closed_at": None, "is_member": False},
        {"customer_id": "eve", "enrolled_at": "2026-01-10 10:00:00", "closed_at": None, "is_member": True},
    ]
    people = [{"customer_id": name, "is_employee": name == "eve", "is_b2b": False} for name in ("ann", "bob", "eve")]
    tables = Given({"loyalty_accounts": accounts, "customer_360": people}, {})
    asked = {
        ("ann", "2026-01-09"): False, ("ann", "2026-01-10"): True, ("ann", "2026-02-28"): True, ("ann", "2026-03-01"): False,
        ("ann", "2026-03-05"): False, ("ann", "2026-03-06"): True, ("bob", "2026-02-01"): False, ("eve", "2026-02-01"): False,
        (None, "2026-02-01"): False,
    }
    names, days = zip(*asked, strict=True)
    assert by_a_member(tables, pd.Series(names), pd.to_datetime(pd.Series(days))).tolist() == list(asked.values())


def _rows(frame: pd.DataFrame) -> list[tuple]:
    return sorted(frame.astype(object).where(frame.notna(), None).itertuples(index=False, name=None))
