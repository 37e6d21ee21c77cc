"""Alerts reach a webhook, and carry no secret."""

from orchestration import alerts


def test_the_log_is_told_always(caplog):
    assert alerts.send(alerts.Alert("run-1", "refresh_warehouse", "published", "Not published.")) == ["log"]
    assert caplog.messages == ["refresh_warehouse published (run run-1): Not published."]


def test_the_webhook_gets_the_sentence(webhook):
    assert alerts.send(alerts.Alert("run-1", "refresh_warehouse", "published", "Not published.")) == ["log", "webhook"]
    assert webhook == [
        {"project": "omnimart", "run_id": "run-1", "job": "refresh_warehouse", "step": "published", "text": "Not published."}
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
