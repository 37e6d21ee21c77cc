"""Alerts reach a webhook, say what they are about and what to do, and carry no secret."""

from datetime import UTC, datetime, timedelta

import pytest

from ingestion.accounts import REPOSITORY
from ingestion.vendors import vendors
from orchestration import alerts, audits, gate, promises, subjects
from orchestration.audits import Finding
from orchestration.manifest import manifest

NIGHT = datetime(2026, 10, 31, 23, 0, tzinfo=UTC)


def test_the_log_is_told_always(caplog):
    assert alerts.send(alerts.Alert("run-1", "refresh_warehouse", "published", "Not published.")) == ["log"]
    assert caplog.messages == ["refresh_warehouse published (run run-1): Not published."]


def test_the_webhook_gets_the_sentence(webhook):
    assert alerts.send(alerts.Alert("run-1", "refresh_warehouse", "published", "Not published.")) == ["log", "webhook"]
    assert webhook == [
        {"project": "omnimart", "run_id": "run-1", "job": "refresh_warehouse", "step": "published", "text": "Not published.", "about": [],
         "next_step": ""}
    ]


def test_no_secret_leaves_in_an_alert(webhook, monkeypatch, caplog):
    monkeypatch.setenv("SOURCES__SHOP__API_KEY", "s3cr3t-key")
    alerts.send(alerts.Alert("run-1", "refresh_warehouse", "land", "401 for https://shop.test/api?apiKey=s3cr3t-key"))
    assert webhook[0]["text"] == "401 for https://shop.test/api?apiKey=…"
    assert "s3cr3t-key" not in caplog.text
    assert "T0P-SECRET" not in caplog.text


def test_a_secret_of_the_secrets_file_does_not_leave_either(webhook, monkeypatch, tmp_path):
    (tmp_path / "secrets.toml").write_text('[sources.shop.second]\ntoken = "t0ken-of-file"\n', encoding="utf-8")
    monkeypatch.setenv("OMNIMART_SECRETS", str(tmp_path / "secrets.toml"))
    alerts.send(alerts.Alert("run-1", "refresh_warehouse", "land", "401 with t0ken-of-file"))
    assert webhook[0]["text"] == "401 with …"


def test_a_broken_webhook_hides_nothing(monkeypatch, caplog):
    monkeypatch.setenv("OMNIMART_ALERT_WEBHOOK", "http://127.0.0.1:1/hooks/T0P-SECRET")
    assert alerts.send(alerts.Alert("run-1", "refresh_warehouse", "published", "Not published.")) == ["log"]
    assert caplog.messages[-1] == "The alert could not be sent by webhook: URLError"


def test_a_failed_check_names_the_table_its_rows_and_the_next_step(warehouse, webhook, parsed):
    warehouse([("o1", 1.0), ("o2", 2.0), ("o3", 3.0)])
    orders = next(name for name, node in manifest()["nodes"].items() if node.get("attached_node") == "model.omnimart.orders")
    vendor = vendors()[0]
    audits.record([
        Finding(orders, gate.DBT, False, sentence="dbt test sound_orders: Broken.", numbers={"failures": 2}),
        Finding(f"{vendor.name}.people", promises.KIND, False, sentence="…", numbers={"rows": 1200, "rejected": 7}),
        Finding("test.omnimart.only_odd", gate.DBT, False, blocks=False, numbers={"failures": 1}),
    ])
    alerts.send(alerts.about(subjects.BUILD, "run-1", "refresh_warehouse", "The warehouse did not stand its tests."))
    assert webhook[0]["about"] == [
        {"vendor": "", "asset": "marts/orders", "rows": "2 of 3 rows"},
        {"vendor": vendor.name, "asset": f"raw_{vendor.name}/people", "rows": "1200 rows of its newest loads, 7 rejected"},
    ]
    assert webhook[0]["next_step"] == (
        "Mend the cause, then `make refresh`; yesterday's marts stay published meanwhile. docs/operations.md, “A check failed”.")


def test_a_stale_vendor_is_named_with_what_it_brought(own_data, webhook, clock_at, contact, monkeypatch, caplog):
    clock_at(NIGHT)
    vendor, other = vendors()[:2]
    for one in (vendor, other):
        for setting in one.required_settings:
            monkeypatch.setenv(f"SOURCES__{one.name.upper()}__{(setting if isinstance(setting, str) else setting[0]).upper()}", "http://a.test")
    contact(vendor.name, NIGHT - timedelta(days=1), documents=321)
    contact(vendor.name, NIGHT, status="failed", error=f"{vendor.name}/main: orders answered 503 five times.")
    contact(other.name, NIGHT)
    alerts.send(alerts.about(subjects.ANSWERED, "run-1", "refresh_warehouse", "Published, but not with everybody's news."))
    assert webhook[0]["about"] == [
        {"vendor": f"{vendor.name}/main", "asset": f"raw_{vendor.name}", "rows": "321 documents when it last answered"}]
    assert webhook[0]["next_step"].endswith("docs/operations.md, “A vendor is down”.")
    assert f"{vendor.name}/main raw_{vendor.name}: 321 documents when it last answered." in caplog.text


def test_what_an_alert_is_about_may_not_be_known_and_it_goes_out(own_data, webhook, monkeypatch):
    monkeypatch.setattr(subjects, "subjects", lambda step: 1 / 0)
    alerts.send(alerts.about(subjects.PUBLISHED, "run-1", "refresh_warehouse", "OSError: No space left on device"))
    assert (webhook[0]["about"], webhook[0]["next_step"]) == (
        [], "Make room, then `make refresh`. docs/operations.md, “The disk is filling”.")


@pytest.mark.parametrize("heading", subjects.NEXT)
def test_every_next_step_stands_in_the_documents(heading):
    headings = (REPOSITORY / "docs" / "operations.md").read_text(encoding="utf-8").splitlines()
    assert f"## {heading}" in headings
