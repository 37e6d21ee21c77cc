"""What is told goes without credentials, however a vendor spells them when it says them back."""

import base64
import json
import logging
from html import escape
from urllib.parse import quote, quote_plus

import pytest

from ingestion.accounts import Account
from ingestion.http import Transient, VendorError
from ingestion.redaction import guard_logs, keep_out, printable, redact

SECRET = "k+y/ö&=<q7Zkq7Zk"


@pytest.mark.parametrize("spelled", [
    SECRET, quote(SECRET), quote(SECRET, safe=""), quote_plus(SECRET), json.dumps(SECRET)[1:-1], escape(SECRET), SECRET.encode().hex(),
    base64.b64encode(SECRET.encode()).decode(), base64.b64encode(SECRET.encode("latin-1")).decode(), repr(SECRET)[1:-1],
    SECRET.replace("/", "\\/"), quote(SECRET, safe="").lower().replace("q7zkq7zk", "q7Zkq7Zk"),
    SECRET.replace("&", "&#38;").replace("/", "&#x2F;"),
    SECRET.replace("&", "\\u0026").replace("=", "\\u003D").replace("<", "\\u003c"),
])
def test_every_spelling_goes(monkeypatch, spelled):
    monkeypatch.setenv("SOURCES__SHOP__API_KEY", SECRET)
    assert redact(f"401 for {spelled} at noon") == "401 for … at noon"


@pytest.mark.parametrize(("name", "value", "told"), [
    ("SOURCES__SHOP__CLIENT_ID", "a-client-0123", "a-client-0123"),
    ("SOURCES__SHOP__STORAGE_OPTIONS", '{"key": "AKIA0123456", "client": {"secret": ["s3cr3t-0123"]}}', "s3cr3t-0123"),
    ("SOURCES__SHOP__FOLDER", "ftp://ann:pass-0123@files.test/drop", "pass-0123"),
    ("SOURCES__SHOP__FOLDER", "https://files.test/drop?sig=abc-0123", "sig=abc-0123"),
    ("OMNIMART_ALERT_WEBHOOK", "https://hooks.test/T0P-0123", "https://hooks.test/T0P-0123"),
    ("SOURCES__SHOP__FOLDER", "ftp://ann:pass%2F0123@files.test/drop", "pass/0123"),
    ("SOURCES__SHOP__API_KEY", "Bearer s3cr3t-0123", "s3cr3t-0123"),
    ("SOURCES__SHOP__API_KEY", "Basic " + base64.b64encode(b"ann:pass-0123").decode(), "pass-0123"),
    ("HTTPS_PROXY", "http://ann:pass-0123@proxy.test:8080", "pass-0123"),
])
def test_a_credential_is_known_by_its_setting(monkeypatch, name, value, told):
    monkeypatch.setenv(name, value)
    assert redact(f"it said <{told}>") == "it said <…>"


def test_a_user_with_a_password_goes_as_the_header_that_both_make(monkeypatch):
    monkeypatch.setenv("SOURCES__SHOP__USERNAME", "Выгрузка")
    monkeypatch.setenv("SOURCES__SHOP__PASSWORD", "pass-0123")
    assert redact("Basic " + base64.b64encode("Выгрузка:pass-0123".encode()).decode()) == "Basic …"


@pytest.mark.parametrize(("user", "password"), [("USERNAME", "password"), ("Username", "Password"), ("LOGIN", "PASSWORD")])
def test_a_user_of_the_environment_goes_with_a_password_of_the_file(tmp_path, monkeypatch, user, password):
    (tmp_path / "secrets.toml").write_text(f'[sources.shop]\n{user} = "file"\n{password} = "pass-0123"\n', encoding="utf-8")
    monkeypatch.setenv("OMNIMART_SECRETS", str(tmp_path / "secrets.toml"))
    monkeypatch.setenv("SOURCES__SHOP__USERNAME", "ann")
    told = " ".join(base64.b64encode(f"{name}:pass-0123".encode()).decode() for name in ("ann", "file"))
    assert redact(told) == "… …"


def test_the_key_of_the_hashes_and_the_secrets_file_are_read_when_they_are_there(own_data, tmp_path, monkeypatch):
    assert redact("made-0123 of-file-0123") == "made-0123 of-file-0123"
    (own_data / "secrets").mkdir(parents=True)
    (own_data / "secrets" / "hash_key").write_text("made-0123\n", encoding="utf-8")
    (tmp_path / "secrets.toml").write_text('[sources.shop.second]\ntoken = "of-file-0123"\n', encoding="utf-8")
    monkeypatch.setenv("OMNIMART_SECRETS", str(tmp_path / "secrets.toml"))
    assert redact("made-0123 of-file-0123") == "… …"


def test_what_an_account_reads_in_the_secrets_file_is_kept_out_with_a_byte_order_mark_before_it_too(tmp_path, monkeypatch):
    (tmp_path / "secrets.toml").write_text('[sources.shop]\ntoken = "of-file-0123"\n', encoding="utf-8-sig")
    monkeypatch.setenv("OMNIMART_SECRETS", str(tmp_path / "secrets.toml"))
    assert redact(Account("shop").setting("token")) == "…"


def test_words_are_left_where_nothing_is_set():
    assert redact("the key to the door") == "the key to the door"


def test_a_vendors_error_and_a_fault_that_may_pass_carry_none(monkeypatch):
    monkeypatch.setenv("SOURCES__SHOP__API_KEY", SECRET)
    assert [str(kind(f"no such key {SECRET}.")) for kind in (VendorError, Transient)] == ["no such key …."] * 2


def test_no_log_record_carries_one_nor_does_its_traceback(monkeypatch, caplog):
    monkeypatch.setenv("SOURCES__SHOP__API_KEY", SECRET)
    guard_logs()
    try:
        raise ValueError(f"{SECRET} was refused")
    except ValueError:
        logging.getLogger("a.library").exception("asked with %s", SECRET)
    assert SECRET not in caplog.text
    assert caplog.text.count("…") == 2
    assert "Traceback" in caplog.text


def test_what_was_obtained_at_run_time_is_kept_out_and_only_the_last_of_a_kind():
    for number in range(6):
        keep_out("shop/main token", f"tok3n-{number:04d}")
    keep_out("shop/main link", "sig=abc-0123")
    assert redact("tok3n-0005 tok3n-0002 tok3n-0001 sig=abc-0123") == "… … tok3n-0001 …"


def test_a_name_of_a_vendors_file_begins_no_line_in_a_log_of_ours(caplog):
    guard_logs()
    logging.getLogger("ingestion.file_drop.source").warning("the file %s was not read", "a\n\x1b[31mGreen after 3 s.csv")
    logging.getLogger("dagster").warning("two\nlines")
    assert caplog.messages == [r"the file a\x0a\x1b[31mGreen after 3 s.csv was not read", "two\nlines"]


def test_a_record_made_of_nothing_is_made_as_dagster_makes_it():
    guard_logs()
    assert logging.makeLogRecord({}).getMessage() == ""
    assert logging.getLogRecordFactory()("ingestion.x", 40, "", 0, None, None, True).getMessage() == "None"
    assert logging.getLogRecordFactory()(None, 40, "", 0, {"a": 1}, (), None).msg == {"a": 1}


class Unspeakable:
    def __str__(self):
        raise RuntimeError("no text")


@pytest.mark.parametrize(("message", "arguments"), [("%s and %s", (SECRET,)), ("%(a)s", ({"b": SECRET},)), (f"{SECRET} %d", (SECRET,)),
                                                    ("%s %s", (SECRET, Unspeakable())), (Unspeakable(), ())])
def test_a_record_whose_parts_do_not_fit_is_told_without_them(monkeypatch, caplog, capsys, message, arguments):
    monkeypatch.setenv("SOURCES__SHOP__API_KEY", SECRET)
    guard_logs()
    logging.getLogger("a.library").warning(message, *arguments)
    assert "its arguments do not fit" in caplog.text
    assert SECRET not in caplog.text + capsys.readouterr().err


def test_a_traceback_obeys_no_sign_and_keeps_its_lines(caplog):
    guard_logs()
    try:
        raise ValueError("a\x1b[31m.csv")
    except ValueError:
        logging.getLogger("omnimart.extraction").exception("not read")
    assert caplog.records[0].exc_text.splitlines()[-1] == r"ValueError: a\x1b[31m.csv"


def test_nothing_that_a_screen_obeys_is_left(monkeypatch):
    told = "red \x1b[31m, bell \x07, over\rwritten, next\nline, \u202egnp.exe, \x9b2J, zero\u200bwidth, Иван 5\u00a0000 ₽"
    assert printable(told) == (r"red \x1b[31m, bell \x07, over\x0dwritten, next\x0aline, \u202egnp.exe, \x9b2J, zero\u200bwidth, "
                               "Иван 5\u00a0000 ₽")
    assert str(VendorError(f"shop/main: answered 400 {told[:9]}.")) == r"shop/main: answered 400 red \x1b[31m."
