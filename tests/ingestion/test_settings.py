"""Every setting of every vendor: what has not its form is refused at once, in one sentence that names it, and nobody is asked."""

import ast
import json
import re
from datetime import timedelta
from pathlib import Path

import pytest

from ingestion import contact, lake, settings
from ingestion.accounts import Account
from ingestion.vendors import NAMES, vendors

HOUSE = Path(settings.__file__).resolve().parent
VENDORS = {vendor.name: vendor for vendor in vendors()}
READS = {"number": settings.Number, "moment": settings.Moment, "zone": settings.Zone}
EXAMPLES = {settings.Zone: "Asia/Omsk", settings.Address: "https://api.example.com/v1", settings.Moment: "2024-02-01",
            settings.Options: '{"key": "k"}'}
WRONG_ADDRESSES = ("api.example.ru", "api.example.ru:443", "https://", "http:///v1", "ftp://api.example.ru", "https://api.example .ru", " ",
                   "https://api.example.ru\n", "https://me:word@api.example.ru", "https://api.example.ru/?key=1", "https://api..example.ru",
                   "https://api.example.ru:port", "https://api.example.ru:99999", "//api.example.ru", "https:api.example.ru", "https://[::1",
                   "file:///etc/passwd", "https://api.example.ru/a b", "https://" + "a" * 64 + ".ru", "https://api.example.ru\\v1")
WRONG = {
    settings.Moment: ("01.02.2024", "2024-13-01", "2024-02-30", "yesterday", "1899-01-01", "0001-01-01", "2999-01-01", " ", "1706745600"),
    settings.Zone: ("Moscow", "+03:00", "../../etc/passwd", "Europe/", " ", "a" * 300),
    settings.Address: WRONG_ADDRESSES,
    settings.Options: ("{", "[]", "null", "key=1", '"', "[" * 100_000),
    settings.Text: ("two\nlines", " ends with a space ", "\t", "bad\udcff"),
}
# What the vendor's own code judges has its own wrong values; a setting of that kind that stands not here fails the test below.
TOLD = {
    ("usedesk", "channels"): "66235",
    ("yandex_metrica", "extra_fields"): "referer",
    ("file_drop", "encoding"): "undefined",
    ("file_drop", "delimiter"): "two",
    ("file_drop", "decimal"): "point",
    ("one_c", "cost_field"): "Cost",
    ("abm_loyalty", "info_path"): "/info",
    ("abm_loyalty", "history_path"): "/history",
    ("abm_loyalty", "ask_by"): "name",
}


def wrong_values(vendor: str, key: str, form: settings.Form) -> tuple[str, ...]:
    match form:
        case settings.Number(least=least, most=most, is_whole=is_whole):
            beyond = ("abc", "nan", "inf", "-inf", "1e999", "1,5", " ", str(least - 1), str(most * 2 + 1), "0x10")
            return (*beyond, str(least + 0.5)) if is_whole else beyond
        case settings.OneOf(words=words):
            return ("maybe", f"{words[0]} ", " ")
        case settings.Told():
            return (TOLD[vendor, key],)
        case _:
            return WRONG[type(form)]


def forms_of(vendor: str) -> dict[str, settings.Form]:
    return {**settings.OF_ALL, **VENDORS[vendor].settings}


def good(form: settings.Form) -> str:
    if isinstance(form, settings.Text):
        return next(text for text in ("word", "7") if form.fits(text))
    return EXAMPLES[type(form)]


@pytest.fixture
def set_up(monkeypatch):
    """Switch a vendor's account on with settings as they should be; further ones may be given."""
    def switch_on(vendor: str, **more: str) -> Account:
        account = Account(vendor)
        for wanted in VENDORS[vendor].required_settings:
            key = wanted if isinstance(wanted, str) else wanted[0]
            monkeypatch.setenv(account.variable(key), good(VENDORS[vendor].settings[key]))
        for key, value in more.items():
            monkeypatch.setenv(account.variable(key), value)
        return account

    return switch_on


@pytest.mark.parametrize("vendor", NAMES)
def test_a_value_of_another_form_is_refused_in_a_sentence_that_names_the_setting(set_up, monkeypatch, vendor):
    account = set_up(vendor)
    assert VENDORS[vendor].refused(account) == ""
    taken = {}
    for key, form in forms_of(vendor).items():
        for value in wrong_values(vendor, key, form):
            with monkeypatch.context() as patch:
                # An environment cannot hold every text that a TOML file can.
                patch.setattr("ingestion.accounts._settings", lambda name, key=key, value=value, was=_of(vendor): {
                    "main": was | {key: value}})
                said = VENDORS[vendor].refused(account)
            if not said.startswith(f"{vendor}/main: {account.variable(key)} ") or "\n" in said:
                taken[key, value] = said
    assert taken == {}


def _of(vendor: str) -> dict[str, str]:
    from ingestion import accounts

    return accounts._settings(vendor).get("main", {})


@pytest.mark.parametrize("vendor", NAMES)
def test_every_setting_that_the_code_reads_has_its_form(vendor):
    """Read as a number, it is a Number; read as a text, it is anything declared. Keys that are put together are seen by their pattern."""
    declared, strange = forms_of(vendor), []
    for path in (HOUSE / vendor).glob("*.py"):
        for call in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Attribute):
                continue
            pattern = _pattern(call) if call.func.attr in ("setting", *READS) else ""
            found = [form for key, form in declared.items() if re.fullmatch(pattern, key)]
            if pattern and (not found or not all(isinstance(form, READS.get(call.func.attr, object)) for form in found)):
                strange.append(f"{path.name}:{call.lineno} {pattern}")
    assert strange == []


def _pattern(call: ast.Call) -> str:
    """The key as a pattern; empty for a name, behind which a constant or a table of keys stands."""
    if not call.args:
        return "timezone" if call.func.attr == "zone" else ""
    key = call.args[0]
    if isinstance(key, ast.Constant):
        return re.escape(str(key.value))
    if isinstance(key, ast.JoinedStr):
        return "".join(re.escape(str(part.value)) if isinstance(part, ast.Constant) else r"\w+" for part in key.values)
    return ""


def test_every_setting_that_the_example_and_the_docstrings_name_has_its_form():
    example = (HOUSE.parent / ".env.example").read_text(encoding="utf-8")
    told = {(vendor, key.lower()) for vendor in NAMES for key in re.findall(rf"SOURCES__{vendor.upper()}__(\w+)=", example)}
    for vendor in NAMES:
        described = (HOUSE / vendor / "__init__.py").read_text(encoding="utf-8").split('"""')[1].partition("Settings:")[2]
        told |= {(vendor, key.lower()) for key in re.findall(r"__([A-Z][A-Z_]+)\b(?!_*<)", described) if not key.endswith("_")}
    assert len(told) > 60
    assert sorted((vendor, key) for vendor, key in told if key not in forms_of(vendor) and not key.startswith(vendor)) == []


def test_what_looks_odd_and_is_right_is_taken(set_up, monkeypatch):
    account = set_up("one_c")
    for address in ("https://1с.магазин.рф/Торговля/odata/standard.odata", "http://127.0.0.1:8080/x", "http://[::1]:80", "HTTPS://a_b.local/"):
        monkeypatch.setenv(account.variable("base_url"), address)
        assert VENDORS["one_c"].refused(account) == ""
    for moment in ("2024-02-01T09:00:00+03:00", "20240201", "2024-02-01 09:00"):
        monkeypatch.setenv(account.variable("start_date"), moment)
        assert VENDORS["one_c"].refused(account) == ""
    monkeypatch.setenv(account.variable("page_size"), "1e3")
    monkeypatch.setenv(account.variable("password"), "пароль с пробелом")
    assert VENDORS["one_c"].refused(account) == ""


def test_no_secret_stands_in_the_sentence(set_up):
    for vendor in NAMES:
        for key, form in forms_of(vendor).items():
            if re.search(r"(^|_)(client_id|client_api_id|key|token|secret|password|options|login|username)$", key):
                assert form.quotes is False, f"{vendor} {key}"
                said = VENDORS[vendor].refused(set_up(vendor, **{key: "planted-93 \n"}))
                assert "planted-93" not in said


@pytest.mark.parametrize(("vendor", "key", "value"), [
    ("retailcrm", "start_date", "01.02.2024"), ("retailcrm", "base_url", "api.example.ru"), ("mindbox", "largest_answer_mb", "nan"),
    ("abm_loyalty", "history_path", "/history"), ("telphin", "client_secret", ""),
])
def test_a_vendor_run_by_hand_refuses_it_once_and_asks_nobody(set_up, monkeypatch, capsys, vendor, key, value):
    def asked(*args, **kwargs):
        raise AssertionError("a vendor was asked")

    account = set_up(vendor, **{key: value})
    monkeypatch.setattr("requests.Session.request", asked)
    assert contact.load_alone(VENDORS[vendor]) == 1
    [said] = capsys.readouterr().err.splitlines()
    assert account.variable(key) in said
    assert said.startswith(f"{vendor}/main")
    [row] = [row for path in (lake.root() / "contacts").glob("[!.]*.jsonl") if (row := json.loads(path.read_text()))["refresh_id"]]
    assert (row["status"], row["error"]) == ("failed", said)


def test_a_setting_that_only_the_source_finds_wrong_is_a_failure_of_that_account(set_up, tmp_path):
    account = set_up("abm_loyalty", customers_file=str(tmp_path / "nobody.csv"))
    lake.prepare()
    report = contact.refresh_account(VENDORS["abm_loyalty"], account, refresh_id="r", budget=timedelta(0), say=print)
    assert report.status == "failed"
    assert account.variable("customers_file") in report.error


@pytest.mark.parametrize("told", ['sources = 3', '[sources]\nretailcrm = "key"', '[sources', '\xff'])
def test_a_file_of_settings_that_is_none_is_a_sentence(monkeypatch, tmp_path, capsys, told):
    (tmp_path / "secrets.toml").write_bytes(told.encode("latin-1"))
    monkeypatch.setenv("OMNIMART_SECRETS", str(tmp_path / "secrets.toml"))
    assert contact.load_alone(VENDORS["retailcrm"]) == 2
    assert "secrets.toml" in capsys.readouterr().err
