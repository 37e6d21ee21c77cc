"""What a vendor told too late, and what a lake lost, by every vendor's own source over real HTTP; and what is refused."""

import hashlib
from datetime import date, timedelta
from zoneinfo import ZoneInfo

import pytest

from ingestion import backfill, lake
from ingestion.vendors import vendors
from tests.network.lines import UNTIL, demand_success, line

MOSCOW = ZoneInfo("Europe/Moscow")
LAST = UNTIL.astimezone(MOSCOW).date()
MIDDLE, FIRST = LAST - timedelta(days=14), LAST - timedelta(days=1500)
WITH_WINDOWS = [vendor for vendor in vendors() if any(one.window for one in vendor.resources)]
NOTED = "exported_days"  # our own note of days that were read, be they empty
# It compares all versions of 400 days with the lake each night, and heals what the others must be asked for.
NEAR = {"SOURCES__ONE_C__SCAN_DAYS": "1", "SOURCES__ONE_C__OVERLAP_DAYS": "1", "SOURCES__ONE_C__COST_MONTHS": "0"}


@pytest.mark.parametrize("vendor", WITH_WINDOWS, ids=lambda vendor: vendor.name)
def test_a_backfill_brings_what_no_night_asks_for_and_leaves_the_nights_place_alone(vendor, tmp_path, monkeypatch):
    windowed = {one.name for one in vendor.resources if one.window}
    with line(vendor, tmp_path) as one:
        for name, value in NEAR.items():
            monkeypatch.setenv(name, value)
        demand_success(one.contact())
        calm = of(windowed, one.landed())
        lose(vendor, windowed)
        demand_success(one.contact())
        missed = calm.keys() - of(windowed, one.landed()).keys()
        assert {resource for resource, _, _ in missed} == {resource for resource, _, _ in calm}
        place = state_files(vendor)
        assert place
        again(vendor, MIDDLE + timedelta(days=1), LAST)
        half = of(windowed, one.landed())
        assert 0 < len(calm.keys() - half.keys()) < len(missed)
        again(vendor, FIRST, MIDDLE)
        whole = of(windowed, one.landed())
        assert [key for key in calm if calm[key] != whole.get(key)] == []
        assert {resource for resource, _, _ in whole.keys() - calm.keys()} <= {NOTED}
        brought = again(vendor, MIDDLE + timedelta(days=1), LAST)
        assert set(brought.load_ids) <= backfill.backfilled_loads(vendor)
        assert of(windowed, one.landed()) == whole
        assert state_files(vendor) == place


def test_nothing_but_what_was_named_is_read_and_what_belongs_together_comes_together(tmp_path):
    vendor = next(one for one in vendors() if any(resource.name == NOTED for resource in one.resources))
    with line(vendor, tmp_path) as one:
        demand_success(one.contact())
        assert again(vendor, LAST - timedelta(days=3), LAST - timedelta(days=2), "visits").documents.keys() == {"visits", "hits", NOTED}
    vendor = next(one for one in vendors() if one.name == "calltouch")
    with line(vendor, tmp_path) as one:
        demand_success(one.contact())
        assert again(vendor, LAST - timedelta(days=9), LAST, "leads").documents.keys() == {"leads"}


def test_nothing_before_start_date_is_read(tmp_path, monkeypatch):
    vendor = next(one for one in vendors() if one.name == "telphin")
    said = []
    with line(vendor, tmp_path) as one:
        monkeypatch.setenv("SOURCES__TELPHIN__START_DATE", "2026-10-20")
        demand_success(one.contact())
        asked = backfill.wanted(vendors(), vendor.name, FIRST, LAST, zone=MOSCOW)
        backfill.backfill(asked, refresh_id="b", say=said.append)
    assert said[0] == "telphin/main: nothing before SOURCES__TELPHIN__START_DATE is read."
    assert [line.split(": ")[1] for line in said[1:]] == ["2026-10-20 00:00 … 2026-10-31 23:00 UTC again"]


@pytest.mark.parametrize(("vendor", "first", "last", "resources", "account", "sentence"), [
    ("acme", "2026-10-01", "2026-10-02", (), "", r"There is no vendor 'acme'; there are retailcrm, .*\. Nothing was read\."),
    ("telphin", "2026-10-03", "2026-10-02", (), "", r"The first day, 2026-10-03, is after the last, 2026-10-02\. Nothing was read\."),
    ("telphin", "0001-01-01", "2026-10-02", (), "", r"No vendor has days before 1990; 0001-01-01 is asked for\. Nothing"),
    ("telphin", "2026-10-03", "2026-11-02", (), "", r"2026-11-02 is in the future, today is 2026-11-01 \(Europe/Moscow\)\. Nothing"),
    ("telphin", "2026-10-01", "2026-10-02", ("sms",), "", r"Telphin has no resource 'sms'; with windows it has calls\. Nothing was read\."),
    ("telphin", "2026-10-01", "2026-10-02", ("extensions",), "", r"telphin extensions has no windows: every refresh reads it whole"),
    ("moysklad", "2026-10-01", "2026-10-02", ("stock",), "", r"moysklad stock has no windows: the vendor tells today's alone, .* Nothing"),
    ("file_drop", "2026-10-01", "2026-10-02", (), "", r"File drop has no windows: every refresh reads it whole .*`make refresh` reads it"),
    ("abm_loyalty", "2026-10-01", "2026-10-02", (), "", r"ABM Loyalty has no windows: every refresh reads it whole"),
    ("telphin", "2026-10-01", "2026-10-02", (), "outlet", r"Telphin has no account 'outlet'; there is main\. Nothing was read\."),
    ("calltouch", "2026-10-01", "2026-10-02", (), "", r"Calltouch is switched off: its settings \(\.env\.example\) are not there"),
])
def test_what_cannot_be_read_again_is_refused_with_a_sentence(vendor, first, last, resources, account, sentence, switched_on):
    with pytest.raises(backfill.Impossible, match=sentence):
        backfill.wanted(vendors(), vendor, date.fromisoformat(first), date.fromisoformat(last), resources, zone=MOSCOW, account=account)


def test_an_account_that_was_never_read_has_nothing_to_read_again(switched_on):
    asked = backfill.wanted(vendors(), "telphin", date(2026, 10, 1), date(2026, 10, 2), zone=MOSCOW)
    lake.prepare()
    with pytest.raises(backfill.Impossible, match=r"telphin/main was never read: its first refresh reads all of its history"):
        backfill.backfill(asked, refresh_id="b", say=print)


@pytest.fixture
def switched_on(tmp_path, monkeypatch):
    """Telphin's account, and nobody who answers for it."""
    (tmp_path / "clock").write_text(UNTIL.isoformat())
    monkeypatch.setenv("OMNIMART_CLOCK", str(tmp_path / "clock"))
    for name, value in {"BASE_URL": "http://127.0.0.1:1", "CLIENT_ID": "a", "CLIENT_SECRET": "b"}.items():
        monkeypatch.setenv(f"SOURCES__TELPHIN__{name}", value)


def of(resources, landed):
    return {key: said for key, said in landed.documents.items() if key[0] in resources}


def again(vendor, first, last, *resources):
    asked = backfill.wanted(vendors(), vendor.name, first, last, resources, zone=MOSCOW)
    done = backfill.backfill(asked, refresh_id="b", say=print)
    assert done.errors == []
    return done


def lose(vendor, resources):
    """The lake loses every landed file of these resources; the state does not know."""
    for resource in resources:
        for file in (lake.root() / vendor.dataset / resource).glob("*.parquet"):
            if file.name != lake.SHELF_FILE:
                file.unlink()


def state_files(vendor):
    """Name and hash of every file that says where the next contact reads on."""
    folder = lake.root() / vendor.dataset / "_dlt_pipeline_state"
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.iterdir()}
