"""Mindbox's documents through staging: translation, quarantine, and whom a message went to."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import duckdb

from ingestion.accounts import Account
from ingestion.contact import refresh_account
from ingestion.mindbox import VENDOR
from orchestration.dbt import DbtOutcome, run_dbt
from orchestration.exports import warehouse
from sandbox.faults import Poison

SESSIONS = ("select source_record_id, profile_record_id, session_kind, strftime(started_at, '%H:%M'), strftime(ended_at, '%H:%M'), "
            "pageviews from staging.stg_mindbox__sessions order by 1")
MATCHING = ("select messages, told_by_status, found_by_action, unmatched_messages, unmatched_share "
            "from staging.stg_mindbox__message_matching")
SELECTED = ["--select", "path:models/staging/mindbox", "value_mappings"]


def night(refresh_id: str) -> DbtOutcome:
    """Load, then build Mindbox's staging."""
    report = refresh_account(VENDOR, Account("mindbox"), refresh_id=refresh_id, budget=timedelta(minutes=2), say=lambda _: None)
    assert report.error == ""
    outcome = run_dbt(["build", *SELECTED], refresh_id=refresh_id)
    assert outcome.success, (outcome.error, outcome.failed)
    return outcome


def rows(sql: str) -> list[tuple[Any, ...]]:
    """What staging holds."""
    with duckdb.connect(str(warehouse()), read_only=True) as connection:
        return connection.sql(sql).fetchall()


def test_two_nights_are_translated(serve, parsed):
    running = serve()
    night("r1")
    assert rows("select source_record_id, first_name, sex, city, region from staging.stg_mindbox__profiles order by 1") == [
        ("100", "Анна", "female", "Тверь", "Москва"), ("101", "Ivan", None, None, None), ("102", None, None, None, None),
        ("106", None, None, None, None)]
    assert rows("select source_record_id, identifier_type, identifier_namespace, identifier_value "
                "from staging.stg_mindbox__identifiers where source_record_id = '100' order by 2") == [
        ("100", "email", None, "anna@example.com"), ("100", "loyalty_card", None, "7700001"), ("100", "phone", None, "+79161234567"),
        ("100", "source_record", "crmId", "9")]
    assert rows("select source_record_id, merged_record_id, strftime(merged_at, '%Y-%m-%d %H:%M') "
                "from staging.stg_mindbox__profile_merges") == [
        ("101", "102", "2026-10-30 12:00")]
    assert rows("select source_record_id, message_type, trigger_name, channel, topic, brand "
                "from staging.stg_mindbox__campaigns order by 1") == [
        ("1", "mass", None, "email", "promo", "Omni"), ("2", "transactional", "Чек", "sms", None, "Omni")]
    # The state without a date stands only where no dated action says the same.
    assert rows("select source_record_id, channel, is_subscribed, strftime(changed_at, '%Y-%m-%d %H:%M') "
                "from staging.stg_mindbox__consents order by 1, 4") == [
        ("100", "email", True, "2026-10-05 10:00"), ("100", "email", False, "2026-10-31 20:00"),
        ("101", "sms", True, None)]
    # Without the customer in the status export every message that went out finds him through its sending's action.
    assert rows(MATCHING) == [(3, 0, 3, 0, 0.0)]
    in_app = [("10000000001", "100", "app", "20:00", "20:12", 1), ("10000000003", "100", "app", "21:00", "21:00", 1),
              ("10000000004", "101", "app", "08:00", "08:00", 0)]
    assert rows(SESSIONS) == in_app
    running.sandbox.advance(days=1)
    night("r2")
    # An action that is told late, of an earlier minute, begins the session and leaves its name.
    assert rows(SESSIONS) == [in_app[0], ("10000000003", "100", "app", "20:50", "21:00", 2), in_app[2]]
    assert rows("select source_record_id, session_record_id, event, product_reference, quantity, amount "
                "from staging.stg_mindbox__session_events order by 1") == [
        ("10000000001", "10000000001", "page_view", None, None, None),
        ("10000000002", "10000000001", "cart_add", "P000001", 2.0, Decimal("2598.00")),
        ("10000000003", "10000000003", "page_view", None, None, None),
        ("10000000004", "10000000004", "checkout", None, None, None),
        ("10000000005", "10000000003", "product_view", "P000001", 2.0, Decimal("2598.00"))]
    assert rows("select message_record_id, campaign_record_id, profile_record_id, event, strftime(happened_at, '%Y-%m-%d %H:%M') "
                "from staging.stg_mindbox__message_events order by 1, 5, 4") == [
        ("11", "1", "100", "sent", "2026-10-10 09:00"), ("11", "1", "100", "delivered", "2026-10-10 09:01"),
        ("11", "1", "100", "opened", "2026-10-10 10:00"), ("11", "1", "100", "clicked", "2026-10-30 21:00"),
        ("12", "1", "101", "sent", "2026-10-10 09:00"), ("12", "1", "101", "hard_bounced", "2026-10-10 09:02"),
        ("13", "2", "100", "sent", "2026-10-20 09:00"), ("13", "2", "100", "delivered", "2026-10-20 09:01"),
        ("14", "1", None, "not_sent", "2026-10-25 09:00")]
    assert rows("select city from staging.stg_mindbox__profiles where source_record_id = '100'") == [("Москва",)]


def test_a_status_that_carries_its_customer_needs_no_action(serve, parsed):
    serve(statuses_with_customer="true")
    outcome = night("r1")
    assert rows(MATCHING) == [(3, 3, 0, 0, 0.0)]
    assert outcome.warned == ()
    assert rows("select count(*) from staging.stg_mindbox__message_events where profile_record_id is null") == [(0,)]


def test_poison_goes_to_quarantine_and_an_unmatched_message_is_told(serve, parsed):
    running = serve()
    plant = running.sandbox.tampering.plant
    plant(Poison("mindbox", "mailing_statuses", "0", set={"ids": Poison.GONE}))
    plant(Poison("mindbox", "mailing_statuses", "1", set={"dateTimeUtc": "0001-01-01T00:00:00Z"}))
    plant(Poison("mindbox", "mailing_statuses", "2", set={"mailingStatus.ids.systemName": "Teleported"}))
    plant(Poison("mindbox", "mailing_statuses", "3", set={"mailing": [1]}))
    plant(Poison("mindbox", "customers", "100", find="Анна".encode(), raw="Анна".encode("cp1251")))
    plant(Poison("mindbox", "customers", "101", set={"subscriptions": [{"isSubscribed": "maybe"}]}))
    plant(Poison("mindbox", "mailings", "1", find="Осень".encode(), raw=b"\\ud83d"))
    plant(Poison("mindbox", "mailings", "2", set={"news": {"of": "the vendor"}}))
    plant(Poison("mindbox", "customer_actions", "26", set={"customer.ids.mindboxId": Poison.GONE}))
    plant(Poison("mindbox", "customer_actions", "10000000001", set={"actionTemplate.ids.systemName": "AppTilted"}))
    plant(Poison("mindbox", "customer_actions", "10000000002", set={"products": {"of": "another shape"}}))
    outcome = night("r1")
    assert rows("select resource, problem, rejected_payload is not null from staging.stg_mindbox__verdicts "
                "where not is_accepted order by 1, 2") == [
        ("customer_actions", "customer_id: missing", True), ("customers", "payload: cannot be read as JSON", True),
        ("customers", "subscriptions[].is_subscribed: not a boolean", True), ("mailing_statuses", "happened_at: impossible date", True),
        ("mailing_statuses", "mailing: not an object", True), ("mailing_statuses", "status_id: missing", True),
        ("mailings", "payload: cannot be read as JSON", True)]
    assert rows("select name from staging.stg_mindbox__campaigns") == [("Чек",)]
    assert rows("select event from staging.stg_mindbox__message_events where source_record_id = '2'") == [("unknown",)]
    unmatched = "no customer: add customer.ids.mindboxId to the export of mailing statuses"
    assert rows("select field, raw_value, records from staging.stg_mindbox__seen_values "
                "where raw_value in ('Teleported', 'AppTilted') or field = 'message_customer' order by 1") == [
        ("message_customer", unmatched, 1), ("message_event", "Teleported", 1), ("session_event", "AppTilted", 1)]
    # A template without a mapping is no step; products of another shape cost the product and not the step.
    assert rows("select source_record_id, event, product_reference from staging.stg_mindbox__session_events order by 1 limit 1") == [
        ("10000000002", "cart_add", None)]
    assert [node.unique_id.split(".")[2] for node in outcome.warned] == [
        "messages_without_customer__add_customer_ids_mindboxid_to_the_status_export"]
    # Served clean in her next version, she comes in.
    running.sandbox.tampering.clear()
    running.sandbox.advance(days=1)
    night("r2")
    assert rows("select first_name from staging.stg_mindbox__profiles where source_record_id = '100'") == [("Анна",)]
