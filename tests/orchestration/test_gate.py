"""How long the marts may go out without a vendor's answer."""

from datetime import UTC, datetime, timedelta

import pytest

from ingestion.vendors import NAMES
from orchestration import contacts, gate, publish

NIGHT = datetime(2026, 10, 31, 23, 0, tzinfo=UTC)
SHOP, MAIL = NAMES[0], NAMES[2]
SETTINGS = {"BASE_URL": "http://127.0.0.1:1", "API_KEY": "k", "SECRET_KEY": "k", "ENDPOINT_ID": "e", "TOKEN": "t"}


@pytest.fixture
def switched_on(monkeypatch, clock_at):
    """Two vendors are on, the clock stands at NIGHT."""
    for vendor in (SHOP, MAIL):
        for name, value in SETTINGS.items():
            monkeypatch.setenv(f"SOURCES__{vendor.upper()}__{name}", value)
    clock_at(NIGHT)


@pytest.fixture
def rules(tmp_path, monkeypatch):
    """rules(text) writes business rules of the test's own."""

    def write(text):
        (tmp_path / "rules.yml").write_text(text, encoding="utf-8")
        monkeypatch.setenv("OMNIMART_BUSINESS_RULES", str(tmp_path / "rules.yml"))

    write("vendors: {publish_without_for_hours: 36}")
    return write


def refused():
    return [sentence.split(" is stale")[0].split(" has never")[0] for sentence in gate.too_old(contacts.standings())]


def test_everybody_answered(switched_on, rules, contact):
    contact(SHOP, NIGHT)
    contact(MAIL, NIGHT)
    assert refused() == []


def test_one_missed_night_is_published_without(switched_on, rules, contact):
    contact(SHOP, NIGHT)
    contact(MAIL, NIGHT - timedelta(hours=24))
    contact(MAIL, NIGHT, status="failed", error=f"{MAIL}/main: mailings answered 503 five times.")
    assert refused() == []
    stale = [standing.sentence() for standing in contacts.standings() if standing.is_stale]
    assert stale == [f"{MAIL}/main is stale, its data goes through 2026-10-30 23:00 UTC: mailings answered 503 five times"]


def test_two_missed_nights_are_not(switched_on, rules, contact, warehouse):
    contact(SHOP, NIGHT)
    contact(MAIL, NIGHT - timedelta(hours=48))
    contact(MAIL, NIGHT, status="failed", error=f"{MAIL}/main: mailings answered 503 five times.")
    assert refused() == [f"{MAIL}/main"]
    warehouse()
    with pytest.raises(
        publish.Refused, match=rf"{MAIL}/main is stale, its data goes through 2026-10-29 23:00 UTC.*without it for 36 hours"
    ):
        publish.publish("night-1")


def test_a_vendor_that_never_answered_is_waited_for(switched_on, rules, contact):
    contact(SHOP, NIGHT)
    contact(MAIL, NIGHT, status="failed", error="503")
    assert refused() == [f"{MAIL}/main"]


def test_a_vendor_whose_absence_corrupts_others_is_not_published_without(switched_on, rules, contact):
    rules(f"vendors: {{publish_without_for_hours_by_vendor: {{{SHOP}: 0}}}}")
    contact(MAIL, NIGHT)
    contact(SHOP, NIGHT)
    assert refused() == []
    contact(SHOP, NIGHT, status="failed", error="503")
    assert refused() == [f"{SHOP}/main"]


def test_a_vendor_that_nobody_asks_any_more_is_stale_too(switched_on, rules, contact):
    contact(SHOP, NIGHT)
    contact(MAIL, NIGHT - timedelta(days=3))
    assert refused() == [f"{MAIL}/main"]


def test_a_vendor_that_is_off_keeps_nobody_waiting(clock_at, rules, contact):
    clock_at(NIGHT)
    contact(SHOP, NIGHT - timedelta(days=30))
    assert refused() == []


def test_a_required_vendor_must_be_switched_on(switched_on, rules, contact, warehouse):
    contact(SHOP, NIGHT)
    contact(MAIL, NIGHT)
    rules(f"vendors: {{required: [{SHOP}, {NAMES[1]}]}}")
    warehouse()
    assert gate.reasons_to_refuse() == [
        f"{NAMES[1]} is required (vendors.required in business_rules.yml) and is not switched on: set its credentials."
    ]
