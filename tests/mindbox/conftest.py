"""A retailer of a few hand-made people behind Mindbox's stand-in, so that every expected value can be read here."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path

import pandas as pd
import pytest

from ingestion.accounts import Account
from ingestion.mindbox import VENDOR
from sandbox import server
from sandbox.server import Running, Sandbox, serve_in_thread
from sandbox.world import SHAPES, World, table

NOW = datetime(2026, 10, 31, 23, 0, tzinfo=UTC)


def at(text: str) -> pd.Timestamp:
    """A time of the hand-made world, naive UTC."""
    return pd.Timestamp(text)


APP = (
    (100, "app_opened", False, "2026-10-12 20:00:00", "2026-10-12 20:00:02"),
    (100, "cart_add", True, "2026-10-12 20:12:00", "2026-10-12 20:12:03"),
    (100, "app_opened", False, "2026-10-12 21:00:00", "2026-10-12 21:00:04"),  # 48 minutes later: another session
    (102, "checkout", False, "2026-10-13 08:00:00", "2026-10-13 08:00:01"),
    # Told a day late: it comes before the second session's first action and joins it.
    (100, "product_viewed", True, "2026-10-12 20:50:00", "2026-11-01 04:00:00"),
)


def hand_made() -> World:
    """Five customers (one merged away on 30 October), two mailings, four messages with a late click, three consents, and use of the app."""
    frames = {name: table(name) for name in SHAPES}
    frames["profiles"] = table("profiles", pd.DataFrame([
        {"system": "mindbox", "record_id": 100, "person_id": "P1", "kind": "person", "created_at": at("2026-10-05 10:00"),
         "first_name": "Анна", "last_name": "Петрова", "email": "anna@example.com", "phone": "+7 (916) 123-45-67",
         "birth_date": at("1990-05-01"), "sex": "female", "city": "Москва", "region": "Москва", "card_number": "7700001",
         "retailcrm_id": 9},
        {"system": "mindbox", "record_id": 101, "person_id": "P2", "kind": "person", "created_at": at("2026-10-06 10:00"),
         "first_name": "Ivan", "email": "ivan@example.com", "phone": "позвонить"},
        {"system": "mindbox", "record_id": 102, "person_id": "P2", "kind": "person", "created_at": at("2026-10-07 10:00"),
         "phone": "89161112233", "merged_into": 101, "merged_at": at("2026-10-30 12:00")},
        {"system": "mindbox", "record_id": 104, "person_id": "P3", "kind": "person", "created_at": at("2026-11-01 10:00"),
         "email": "tomorrow@example.com"},
        {"system": "mindbox", "record_id": 106, "person_id": "P4", "kind": "person", "created_at": at("2022-01-01 10:00"),
         "email": "old@example.com"},
    ]))
    frames["profile_changes"] = table("profile_changes", pd.DataFrame([
        {"system": "mindbox", "record_id": 100, "changed_at": at("2026-11-01 06:00"), "field": "city", "old_value": "Тверь",
         "new_value": "Москва"},
    ]))
    frames["campaigns"] = table("campaigns", pd.DataFrame([
        {"campaign_id": 1, "name": "Осень", "system_name": "autumn", "type": "mass", "channel": "email", "topic": "promo", "brand": "Omni",
         "created_at": at("2026-10-01 08:00"), "changed_at": at("2026-10-02 08:00"), "utm_source": "mindbox", "utm_medium": "email",
         "utm_campaign": "autumn"},
        {"campaign_id": 2, "name": "Чек", "system_name": "receipt", "type": "transactional", "channel": "sms", "brand": "Omni",
         "created_at": at("2026-10-01 09:00")},
    ]))
    frames["messages"] = table("messages", pd.DataFrame([
        {"message_id": 11, "campaign_id": 1, "person_id": "P1", "mindbox_id": 100, "sent_at": at("2026-10-10 09:00")},
        {"message_id": 12, "campaign_id": 1, "person_id": "P2", "mindbox_id": 102, "sent_at": at("2026-10-10 09:00")},
        {"message_id": 13, "campaign_id": 2, "person_id": "P1", "mindbox_id": 100, "sent_at": at("2026-10-20 09:00")},
        {"message_id": 14, "campaign_id": 1, "person_id": "P2", "mindbox_id": 101, "sent_at": at("2026-10-25 09:00")},
    ]))
    events = [
        (11, "sent", "2026-10-10 09:00", "2026-10-10 09:00"), (11, "delivered", "2026-10-10 09:01", "2026-10-10 09:01"),
        (11, "opened", "2026-10-10 10:00", "2026-10-10 10:00"), (12, "sent", "2026-10-10 09:00", "2026-10-10 09:00"),
        (12, "hard_bounced", "2026-10-10 09:02", "2026-10-10 09:02"), (13, "sent", "2026-10-20 09:00", "2026-10-20 09:00"),
        (13, "delivered", "2026-10-20 09:01", "2026-10-20 09:01"), (14, "not_sent", "2026-10-25 09:00", "2026-10-25 09:00"),
        # The late one: clicked on the 30th, told on 1 November.
        (11, "clicked", "2026-10-30 21:00", "2026-11-01 05:00"),
    ]
    frames["message_events"] = table("message_events", pd.DataFrame([
        {"event_id": number, "message_id": message, "event": event, "happened_at": at(happened), "created_at": at(created)}
        for number, (message, event, happened, created) in enumerate(events)
    ]))
    frames["consent_events"] = table("consent_events", pd.DataFrame([
        {"mindbox_id": 100, "channel": "email", "topic": "promo", "brand": "Omni", "contact_point": "anna@example.com",
         "is_subscribed": True, "changed_at": at("2026-10-05 10:00"), "created_at": at("2026-10-05 10:00")},
        {"mindbox_id": 101, "channel": "sms", "topic": "promo", "brand": "Omni", "contact_point": "", "is_subscribed": True,
         "changed_at": pd.NaT, "created_at": at("2026-10-06 10:00")},
        {"mindbox_id": 100, "channel": "email", "topic": "promo", "brand": "Omni", "contact_point": "anna@example.com",
         "is_subscribed": False, "changed_at": at("2026-10-31 20:00"), "created_at": at("2026-10-31 20:00")},
    ]))
    frames["products"] = table("products", pd.DataFrame([
        {"product_id": 1, "external_code": "P000001", "name": "Ваза", "price_kop": 129900, "created_at": at("2026-09-01")},
    ]))
    frames["app_actions"] = table("app_actions", pd.DataFrame([
        {"action_id": number + 1, "mindbox_id": customer, "device_id": f"device-{customer}", "happened_at": at(happened),
         "created_at": at(created), "action": action, **({"product_id": 1, "quantity": 2, "price_kop": 129900} if has else {})}
        for number, (customer, action, has, happened, created) in enumerate(APP)
    ]))
    return World(begins_at=at("2026-10-01").to_pydatetime(), until=at("2026-10-31 23:00").to_pydatetime(),
                 ends_at=at("2026-11-30").to_pydatetime(), **frames)


@pytest.fixture
def serve(own_data: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Running]]:
    """`serve(option=text, …)`: Mindbox's stand-in with these options, its settings in the environment, quick to retry."""
    monkeypatch.setattr(server, "VENDORS", ("mindbox",))
    with ExitStack() as stack:
        def start(**options: str) -> Running:
            sandbox = Sandbox(world=hand_made(), clock_file=own_data / "sandbox" / "clock", rate=100.0,
                              options={f"mindbox.{name}": str(value) for name, value in options.items()})
            sandbox.set_clock(NOW)
            running = stack.enter_context(serve_in_thread(sandbox))
            quick = {"SOURCES__MINDBOX__RETRY_PAUSE_SECONDS": "0.01", "SOURCES__MINDBOX__POLL_SECONDS": "0.001"}
            for name, value in {**running.environment(vendors=("mindbox",)), **quick}.items():
                monkeypatch.setenv(name, value)
            return running
        yield start


@pytest.fixture
def account() -> Account:
    """The account whose settings stand in the environment."""
    return Account(VENDOR.name)
