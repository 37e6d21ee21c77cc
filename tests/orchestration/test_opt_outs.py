"""Messages after an opt-out are told through a real webhook until it has carried them, and then no more."""

import json
from datetime import UTC, datetime, timedelta

import duckdb
import pytest

from orchestration import alerts, audits, gate, opt_outs, publish
from orchestration.audits import Finding

NOW = datetime(2026, 11, 1, 2, tzinfo=UTC)
YESTERDAY, LONG_AGO = (NOW.replace(tzinfo=None) - timedelta(days=days) for days in (1, 40))


@pytest.fixture
def night(warehouse, clock_at):
    """night(number, messages) publishes: (id, vendor, channel, customer, campaign, sent at, is after an opt-out); `sold` is what else
    changes, `failed` an audit that keeps the gate shut."""
    clock_at(NOW)

    def run(number, messages, *, sold=None, failed=""):
        path = warehouse([("o1", 10.0 + (sold or number))], refresh_id=f"night-{number}")
        with duckdb.connect(str(path)) as connection:
            connection.execute(
                "create table marts.messages (message_id varchar, source_system varchar, channel varchar, customer_id varchar, "
                "campaign_id varchar, sent_at timestamp, is_after_opt_out boolean)"
            )
            connection.executemany("insert into marts.messages values (?, ?, ?, ?, ?, ?, ?)", messages)
        if failed:
            audits.record([Finding(failed, gate.DBT, False, sentence=failed)])
        return publish.publish(f"night-{number}")

    return run


def texts(webhook):
    """What was taken so far, as (run, text)."""
    return [(told["run_id"], told["text"]) for told in webhook]


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
        "nobody_is_written_to_after_opting_out; select * from marts.messages where is_after_opt_out order by sent_at desc."
    )
    assert webhook[0]["about"] == [
        {"vendor": "mindbox", "asset": "marts/messages", "rows": "2 by e-mail to 1 people"},
        {"vendor": "mindbox", "asset": "marts/messages", "rows": "1 by SMS to 1 people"},
    ]
    assert webhook[0]["next_step"] == (
        "Take these people off the campaigns at the vendor, and see in marts.consents which of its lists has not heard their word. "
        "docs/operations.md, “Messages went to people who had opted out”.")


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


def test_what_cannot_be_found_out_is_told_and_the_version_stays_published(night, webhook, own_data, monkeypatch):
    def broken(*_):
        raise duckdb.IOException("the file cannot be read")

    with monkeypatch.context() as patch:
        patch.setattr(opt_outs, "untold", broken)
        outcome = night(1, FIRST)
    assert outcome.flipped
    assert "could not be found out" in outcome.alert
    assert "the file cannot be read" in outcome.alert
    memory = own_data / "published" / "told_opt_outs.json"
    memory.write_text("{", encoding="utf-8")
    outcome = night(2, FIRST)
    assert outcome.flipped
    assert outcome.alert.endswith(f"{memory} is damaged. Remove it: all of the last 30 days is told once more.")
    assert webhook == []
    memory.unlink()
    told = night(3, FIRST, sold=2).alert  # nothing else changed
    assert texts(webhook) == [("night-3", told)]


def test_what_no_way_could_carry_is_sent_again_until_one_did_and_then_no_more(night, webhook):
    webhook.status = 503
    said = night(1, FIRST[:3]).alert
    assert said.endswith("Neither webhook nor e-mail could carry it, so the next refresh sends this alert again.")
    assert night(2, FIRST[:3], sold=1).alert == said  # a night without any change tries too
    assert webhook == []
    webhook.status = 204
    more = [*FIRST[:3], ("m6", "dashamail", "email", "c9", None, YESTERDAY, True)]
    told = night(3, more).alert
    assert texts(webhook) == [("night-3", told)]
    assert "dashamail: 1 e-mail message to 1 person (campaigns no campaign); mindbox: 2 e-mail messages to 1 person" in told
    assert [night(4, more, sold=3).alert, night(5, more).alert] == [None, None]
    assert len(webhook) == 1


def test_what_could_not_be_carried_is_not_forgotten_when_it_is_older_than_the_check_looks_back(night, webhook, own_data, clock_at):
    webhook.status = 503
    night(1, FIRST)
    webhook.status = 204
    clock_at(NOW + timedelta(days=45))
    assert "mindbox: 2 e-mail messages to 1 person (campaigns spring, winter); mindbox: 1 SMS" in night(2, FIRST).alert  # m5 is history
    new = ("m6", "dashamail", "email", "c9", None, YESTERDAY + timedelta(days=44), True)
    assert "sent. dashamail: 1 e-mail message to 1 person (campaigns no campaign). They" in night(3, [*FIRST, new]).alert
    remembered = json.loads((own_data / "published" / "told_opt_outs.json").read_text(encoding="utf-8"))
    assert remembered == {"told": {"m6": "2026-12-14T02:00:00"}, "untold": []}  # the others are older than anybody asks for


def test_a_night_that_the_gate_refuses_sends_it_too(night, webhook):
    webhook.status = 503
    night(1, FIRST)
    webhook.status = 204
    with pytest.raises(publish.Refused):
        night(2, FIRST, failed="test.omnimart.unique_orders")
    assert [run for run, _ in texts(webhook)] == ["night-2"]


def test_one_way_of_two_is_enough(night, webhook, monkeypatch):
    webhook.status = 503
    monkeypatch.setattr(alerts, "_email", lambda _: True)
    assert "could carry" not in night(1, FIRST).alert
    assert night(2, FIRST).alert is None


def test_without_webhook_and_e_mail_the_log_is_enough(night, caplog):
    night(1, FIRST)
    assert night(2, FIRST).alert is None
    assert [message.partition(":")[0] for message in caplog.messages] == [f"refresh_warehouse {opt_outs.CHECK} (run night-1)"]


def test_who_dies_before_sending_has_told_nobody(night, webhook, monkeypatch):
    def killed(_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(alerts, "send", killed)
        with pytest.raises(KeyboardInterrupt):
            night(1, FIRST)
    told = night(2, FIRST, sold=1).alert
    assert texts(webhook) == [("night-2", told)]


def test_what_was_sent_and_could_not_be_remembered_is_sent_again(night, webhook, monkeypatch):
    def full(_):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(opt_outs, "_remember", full)
        outcome = night(1, FIRST)
    assert outcome.flipped
    assert outcome.alert.endswith("told_opt_outs.json could not be written (OSError), so the next refresh sends this alert again.")
    night(2, FIRST, sold=1)
    assert night(3, FIRST).alert is None
    assert [run for run, _ in texts(webhook)] == ["night-1", "night-2"]


def test_a_rollback_tells_nothing_again(night, webhook):
    night(1, FIRST[3:])
    night(2, FIRST)
    publish.versions.roll_back()
    assert night(3, FIRST).alert is None
    assert len(webhook) == 1
