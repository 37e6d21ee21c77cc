"""What is told goes without credentials, however a vendor spells them when it says them back."""

import base64
import json
import logging
import random
import time
from html import escape
from itertools import product
from urllib.parse import quote, quote_plus

import pytest

from ingestion.accounts import Account
from ingestion.http import Transient, VendorError
from ingestion.redaction import _of_settings, guard_logs, keep_out, printable, redact

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


ODD = 'k"y\\/ö&=< %\'q7\n😀Zk'


def in_json(text, *, ascii_only=True):
    return json.dumps(text, ensure_ascii=ascii_only)[1:-1]


def in_a_page(text):
    """As Go, PHP and .NET write JSON that stands in a page."""
    return "".join(f"\\u{ord(sign):04X}" if sign in "&=<>'+" else f"\\{sign}" if sign == "/" else in_json(sign) for sign in text)


def in_numbers(text):
    return "".join(sign if sign.isalnum() and sign.isascii() else f"&#{ord(sign)};" for sign in text)


@pytest.mark.parametrize("spelled", [
    in_json(in_json(ODD)), in_json(in_json(ODD, ascii_only=False)), in_json(in_json(in_json(ODD))), in_json(in_a_page(ODD)),
    in_a_page(in_a_page(ODD)), quote(quote(ODD)), quote(quote(quote(ODD, safe=""), safe=""), safe=""), quote_plus(quote_plus(ODD)),
    quote(quote(ODD, safe=""), safe="").replace("%25C3%25B6", "%25c3%25b6"), escape(escape(ODD)), escape(in_numbers(ODD)),
    in_a_page(escape(ODD)), escape(in_json(ODD)), in_json(escape(in_json(ODD))), quote(in_json(ODD), safe=""), in_json(quote(ODD)),
    quote(escape(ODD), safe=""), quote(escape(escape(ODD)), safe=""), escape(quote(ODD)), repr(ODD.encode())[2:-1].replace("\\'", "'"),
    quote(ODD.replace("😀", "").encode("latin-1")), ODD,
    ODD.encode().hex().upper(), ODD.encode().hex(), quote(base64.b64encode(ODD.encode()).decode(), safe=""),
    base64.urlsafe_b64encode(ODD.encode()).decode(), in_a_page(base64.b64encode(ODD.encode()).decode()),
])
def test_every_spelling_within_another_goes(monkeypatch, spelled):
    monkeypatch.setenv("SOURCES__SHOP__API_KEY", ODD)
    monkeypatch.setenv("SOURCES__SHOP__TOKEN", ODD.replace("😀", ""))
    assert redact(f"401 for {spelled} at noon") == "401 for … at noon"


@pytest.mark.parametrize("secret", ["s3cr3t", "s3cr3t-", "s3cr3t-0", "k>>y??ö0123", "x" * 300 + "q7Zk"])
def test_base64_of_a_longer_text_keeps_no_bit_of_a_secret(monkeypatch, secret):
    monkeypatch.setenv("SOURCES__SHOP__API_KEY", secret)
    befores, afters = (b"", b"a", b"an", b"ann:", b'{"user": "ann", "key": "'), (b"", b"}", b'"}', b", and more")
    for write, before, after in product((base64.b64encode, base64.urlsafe_b64encode), befores, afters):
        begun, ended = len(before), len(before) + len(secret.encode())
        packed = write(before + secret.encode() + after).decode().rstrip("=")
        rest = packed[-(-ended * 4 // 3):] if ended - begun < 100 else ""
        assert redact(f"<{packed}>") == f"<{packed[:begun * 4 // 3]}…{rest}>"


def test_the_shortest_secret_stands_in_no_text_by_chance(monkeypatch):
    monkeypatch.setenv("SOURCES__SHOP__API_KEY", "s3cr3t")
    monkeypatch.setenv("SOURCES__SHOP__TOKEN", "manage")
    monkeypatch.setenv("SOURCES__SHOP__PASSWORD", "12345")
    drawn = random.Random(7).randbytes(150_000)
    for told in (base64.b64encode(drawn).decode(), drawn.hex(), "the manager, 12345 of MTIzNDU= and 3132333435"):
        assert redact(told).replace("the …r", "the manager") == told


def test_a_long_run_of_what_begins_an_escape_is_read_in_time(monkeypatch):
    monkeypatch.setenv("SOURCES__SHOP__API_KEY", 'a\\\\"%%&&\\"b')
    began = time.process_time()
    for run in ("\\", "%25", "&amp;", "%5C", "a\\", 'a\\\\"%25%25&amp;'):
        assert redact(run * 2_000) == run * 2_000
    assert time.process_time() - began < 5


def test_spellings_are_made_once_and_anew_when_a_setting_is_another(monkeypatch):
    monkeypatch.setenv("SOURCES__SHOP__API_KEY", SECRET)
    assert redact(SECRET) == "…"
    made = _of_settings.cache_info().misses
    assert (redact(f"{SECRET} again"), _of_settings.cache_info().misses) == ("… again", made)
    monkeypatch.setenv("SOURCES__SHOP__API_KEY", "an0ther-0123")
    assert redact(f"{SECRET} an0ther-0123") == f"{SECRET} …"


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
    for code in ("utf-8", "cp1251"):
        assert redact("Basic " + base64.b64encode("Выгрузка:pass-0123".encode(code)).decode()) == "Basic …"
        assert redact(f"Выгрузка%3Apass-0123 {quote('Выгрузка'.encode(code))}:pass-0123") == "… …"


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
