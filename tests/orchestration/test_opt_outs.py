"""Messages after an opt-out are told once, through a real webhook, when they are first published."""

from datetime import UTC, datetime, timedelta

import duckdb
import pytest

from orchestration import opt_outs, publish

NOW = datetime(2026, 11, 1, 2, tzinfo=UTC)
YESTERDAY, LONG_AGO = (NOW.replace(tzinfo=None) - timedelta(days=days) for days in (1, 40))


@pytest.fixture
def night(warehouse, clock_at):
    """night(number, messages) publishes: (id, vendor, channel, customer, campaign, sent at, is after an opt-out)."""
    clock_at(NOW)

    def run(number, messages):
        path = warehouse([("o1", 10.0 + number)], refresh_id=f"night-{number}")
        with duckdb.connect(str(path)) as connection:
            connection.execute(
                "create table marts.messages (message_id varchar, source_system varchar, channel varchar, customer_id varchar, "
                "campaign_id varchar, sent_at timestamp, is_after_opt_out boolean)"
            )
            connection.executemany("insert into marts.messages values (?, ?, ?, ?, ?, ?, ?)", messages)
        return publish.publish(f"night-{number}")

    return run


FIRST = [
    ("m1", "mindbox", "email", "c1", "winter", YESTERDAY, True),
    ("m2", "mindbox", "email", "c1", "spring", YESTERDAY, True),
    ("m3", "mindbox", "sms", "c2", "winter", YESTERDAY, True),
    ("m4", "mindbox", "email", "c3", "winter", YESTERDAY, False),
    ("m5", "mindbox", "email", "c4", "autumn", LONG_AGO, True),
]


def test_one_alert_names_vendor_channel_count_asset_and_the_next_step(night, webhook):
    outcome = night(1, FIRST)
    assert [(told["step"], told["run_id"]) for told in webhook] == [("nobody_is_written_to_after_opting_out", "night-1")]
    assert webhook[0]["text"] == outcome.alert == (
        "Messages went to people who had opted out before they were sent. mindbox: 2 e-mail messages to 1 person (campaigns spring, "
        "winter); mindbox: 1 SMS message to 1 person (campaigns winter). They are published: asset marts/messages, check "
        "nobody_is_written_to_after_opting_out; select * from marts.messages where is_after_opt_out order by sent_at desc. Next step: take "
        "these people off the campaigns at the vendor, and see in marts.consents which of its lists has not heard their word."
    )


def test_the_same_messages_are_not_told_again_and_new_ones_are(night, webhook):
    night(1, FIRST)
    assert night(2, FIRST).alert is None
    # m4 turns out to have come after an opt-out that was told late; m6 is new.
    late = [*FIRST[:3], (*FIRST[3][:-1], True), FIRST[4], ("m6", "dashamail", "email", "c9", None, YESTERDAY, True)]
    assert "dashamail: 1 e-mail message to 1 person (campaigns no campaign); mindbox: 1 e-mail message" in night(3, late).alert
    assert len(webhook) == 2
    night(4, late)
    assert len(webhook) == 2


def test_a_night_without_such_messages_tells_nothing(night, webhook):
    assert night(1, FIRST[3:]).alert is None
    assert webhook == []


def test_what_cannot_be_compared_is_told_and_the_version_stays_published(night, monkeypatch):
    def broken(_):
        raise duckdb.IOException("the file before is gone")

    monkeypatch.setattr(opt_outs, "newly", broken)
    outcome = night(1, FIRST)
    assert outcome.flipped
    assert "could not be found out" in outcome.alert
    assert "the file before is gone" in outcome.alert
