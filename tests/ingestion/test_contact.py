"""A night's contact: newest month first, resumable, all resources or none, and a line in the book either way."""

import json
import threading
from datetime import UTC, datetime, timedelta

import dlt
import pyarrow.parquet as pq
import pytest

from ingestion import backfill, contact, documents, lake
from ingestion.accounts import Account, accounts_of, missing, read_env_file
from ingestion.http import VendorError
from ingestion.vendor import Resource, Vendor, Window

NOW = datetime(2026, 10, 31, 23, tzinfo=UTC)
OLDEST = datetime(2024, 11, 1, tzinfo=UTC)
ACME = Account("acme")
LONG, NONE = timedelta(minutes=5), timedelta(0)


@pytest.fixture
def acme(monkeypatch, tmp_path):
    """A vendor with two resources; `asked` notes every contact, `fail_at` makes the second resource of that contact fail."""
    (tmp_path / "clock").write_text(NOW.isoformat())
    monkeypatch.setenv("OMNIMART_CLOCK", str(tmp_path / "clock"))
    book = {"asked": [], "fail_at": None}

    def source(account, asked):
        number = len(book["asked"])
        book["asked"].append(asked)

        @dlt.source(name="acme")
        def acme_source():
            @dlt.resource(name="orders", write_disposition="append")
            def orders():
                order = documents.Record(f"{account.name}-{number}", None, '{"id":1}')
                yield documents.table([order], account=account.name, asked_at=asked.now)

            @dlt.resource(name="customers", write_disposition="append")
            def customers():
                if number == book["fail_at"]:
                    raise VendorError("acme/main customers: answered 503, 6 times in a row.")
                dlt.current.source_state()["seen"] = number
                yield documents.table([documents.Record("c", None, "{}")], account=account.name, asked_at=asked.now)

            return orders, customers

        return acme_source()

    resources = (Resource("orders", "changes", ""), Resource("customers", "changes", ""))
    vendor = Vendor("acme", "Acme", "crm", "", resources, source, (), lambda account: OLDEST)
    monkeypatch.setattr(lake, "vendors", lambda: (vendor,))
    lake.prepare()
    book["vendor"] = vendor
    return book


def night(acme, *, budget=LONG, account=ACME):
    return contact.refresh_account(acme["vendor"], account, refresh_id="r", budget=budget, say=lambda line: None)


def landed(resource):
    """(document key, load id) of finished loads, as staging believes them."""
    books = (lake.root() / "raw_acme" / "_dlt_loads").glob("*.jsonl")
    finished = [json.loads(line) for path in books for line in path.read_text().splitlines()]
    good = {row["load_id"] for row in finished if row["status"] == 0}
    table = pq.read_table(lake.root() / "raw_acme" / resource).to_pylist()
    return sorted((row["document_key"], row["_dlt_load_id"]) for row in table if row["_dlt_load_id"] in good)


def test_a_load_of_the_state_alone_waits_for_no_job(acme, monkeypatch):
    """The job of the state is done before it begins and tells nobody; dlt would look after it a second later."""
    waited = []
    acquire = threading.BoundedSemaphore.acquire

    def timed(semaphore, blocking=True, timeout=None):
        waited.append(timeout)
        return acquire(semaphore, blocking, timeout)

    monkeypatch.setattr(threading.BoundedSemaphore, "acquire", timed)
    assert night(acme).status == "success"
    timeouts = [timeout for timeout in waited if timeout is not None]
    assert timeouts
    assert set(timeouts) == {lake.LOOKED_AFTER_SECONDS}


def test_the_first_load_goes_newest_month_first_and_covers_all_of_history_without_a_gap(acme):
    report = night(acme)
    asked = acme["asked"]
    assert asked[0].is_first
    assert asked[0].window == Window(NOW - timedelta(days=30), NOW)
    assert [before.window.since for before in asked[:-1]] == [after.window.until for after in asked[1:]]
    assert asked[-1].window.since == OLDEST
    assert not any(other.is_first for other in asked[1:])
    assert (report.status, report.history_left_days, report.documents["orders"]) == ("success", 0.0, len(asked))


def test_without_budget_the_newest_month_alone_is_read_and_the_next_run_goes_on(acme):
    first = night(acme, budget=NONE)
    assert len(acme["asked"]) == 1
    assert first.history_left_days == pytest.approx((NOW - timedelta(days=30) - OLDEST) / timedelta(days=1))
    assert first.history_eta_seconds > 0
    second = night(acme)
    assert acme["asked"][1].window is None
    assert acme["asked"][2].window.until == NOW - timedelta(days=30)
    assert second.history_left_days == 0.0


def test_later_nights_ask_for_changes_only(acme):
    night(acme)
    asked = len(acme["asked"])
    night(acme)
    assert [one.window for one in acme["asked"][asked:]] == [None]


def test_a_failing_resource_lands_nothing_of_its_load_and_the_next_run_asks_again(acme):
    acme["fail_at"] = 1
    failed = night(acme)
    assert (failed.status, failed.error) == ("failed", "acme/main customers: answered 503, 6 times in a row.")
    assert [key for key, _ in landed("orders")] == ["main-0"]
    assert failed.history_left_days > 0
    acme["fail_at"] = None
    assert night(acme).history_left_days == 0.0
    assert acme["asked"][3].window.until == acme["asked"][1].window.until


def test_every_contact_stands_in_the_book_also_the_failed_one(acme):
    night(acme)
    acme["fail_at"] = len(acme["asked"])
    night(acme)
    rows = [json.loads(path.read_text()) for path in sorted((lake.root() / "contacts").glob("2*.jsonl"))]
    assert [(row["source_system"], row["status"]) for row in rows] == [("acme", "success"), ("acme", "failed")]
    assert rows[1]["data_through_at"] == NOW.isoformat()


def test_two_accounts_keep_their_own_place_in_one_dataset(acme):
    night(acme, budget=NONE)
    night(acme, budget=NONE, account=Account("acme", "second"))
    assert [one.is_first for one in acme["asked"]] == [True, True]
    assert [key for key, _ in landed("orders")] == ["main-0", "second-1"]


def test_a_backfill_leaves_the_nightlys_place_alone(acme):
    night(acme, budget=NONE)
    window = Window(NOW - timedelta(days=400), NOW - timedelta(days=390))
    asked = backfill.Wanted(acme["vendor"], (ACME,), window.since.date(), window.until.date(), window, ("orders", "customers"))
    done = backfill.backfill(asked, refresh_id="b", say=lambda line: None)
    assert (acme["asked"][1].window, acme["asked"][1].is_backfill, done.errors) == (window, True, [])
    night(acme, budget=LONG)
    assert acme["asked"][3].window.until == NOW - timedelta(days=30)


def test_of_a_backfill_whose_vendor_breaks_off_the_windows_before_stay_and_the_rest_is_told(acme):
    night(acme, budget=NONE)
    acme["fail_at"] = 2
    window = Window(NOW - timedelta(days=400), NOW - timedelta(days=10))
    asked = backfill.Wanted(acme["vendor"], (ACME,), window.since.date(), window.until.date(), window, ("orders", "customers"))
    done = backfill.backfill(asked, refresh_id="b", say=lambda line: None)
    assert done.errors == ["acme/main customers: answered 503, 6 times in a row."]
    assert done.documents == {"orders": 1, "customers": 1}
    assert [key for key, _ in landed("orders")] == ["main-0", "main-1"]
    assert backfill.backfilled_loads(acme["vendor"]) == frozenset(done.load_ids)
    assert len(done.load_ids) == 1
    assert acme["asked"][1].window == Window(window.until - timedelta(days=30), window.until)


def test_every_row_carries_its_load(acme):
    night(acme)
    assert all(load_id for _, load_id in landed("orders"))
    assert len(landed("orders")) == len(acme["asked"])


def test_the_lake_is_its_owners_alone(acme):
    night(acme)
    assert [path.stat().st_mode & 0o777 for path in (lake.root(), lake.data_root() / "dlt")] == [0o700, 0o700]


def test_half_a_configuration_is_a_mistake_with_a_sentence(monkeypatch):
    monkeypatch.setenv("SOURCES__ACME__BASE_URL", "http://127.0.0.1")
    required = ("base_url", "api_key")
    assert accounts_of("acme", required) == (ACME,)
    assert missing(ACME, required) == ("acme/main is half configured: SOURCES__ACME__API_KEY is missing. "
                                       "Set it, or unset the rest to switch it off.")


def test_accounts_come_from_the_environment_and_the_file(monkeypatch, tmp_path):
    outlet_settings = '[sources.acme.outlet]\nbase_url="http://127.0.0.1"\napi_key="b"\n'
    (tmp_path / "secrets.toml").write_text('[sources.acme]\nbase_url="http://127.0.0.1"\n' + outlet_settings)
    monkeypatch.setenv("OMNIMART_SECRETS", str(tmp_path / "secrets.toml"))
    monkeypatch.setenv("SOURCES__ACME__API_KEY", "a")
    main, outlet = accounts_of("acme", ("base_url", "api_key"))
    assert (main.name, main.setting("api_key"), outlet.name, outlet.setting("api_key")) == ("main", "a", "outlet", "b")
    assert "a" not in repr(main).split("name=")[1].replace("main", "")


def test_the_env_file_fills_in_what_the_environment_does_not_say(monkeypatch, tmp_path):
    (tmp_path / "settings.env").write_text("SOURCES__ACME__BASE_URL=http://file\nSOURCES__ACME__API_KEY='of the file'\n")
    monkeypatch.setenv("OMNIMART_ENV_FILE", str(tmp_path / "settings.env"))
    monkeypatch.setenv("SOURCES__ACME__BASE_URL", "http://environment")
    monkeypatch.setenv("SOURCES__ACME__API_KEY", "")
    monkeypatch.delenv("SOURCES__ACME__API_KEY")
    read_env_file()
    [main] = accounts_of("acme", ("base_url", "api_key"))
    assert (main.setting("base_url"), main.setting("api_key")) == ("http://environment", "of the file")
