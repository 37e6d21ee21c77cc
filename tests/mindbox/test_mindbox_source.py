"""Contacts with Mindbox over real HTTP: first load, later nights, faults on the way. Expected values: the people of conftest.py."""

import base64
import json
from datetime import timedelta
from typing import Any

import duckdb
import pytest

from ingestion import lake
from ingestion.accounts import Account, SettingError
from ingestion.contact import AccountReport, refresh_account
from ingestion.mindbox import VENDOR, expectations, oldest
from ingestion.mindbox.source import FINGERPRINT_BYTES
from sandbox.faults import Fault, Poison

OPERATIONS = "/mindbox/v3/operations"
FILES = "/mindbox/files/"


def contact(refresh_id: str = "r1") -> AccountReport:
    """One night."""
    return refresh_account(VENDOR, Account("mindbox"), refresh_id=refresh_id, budget=timedelta(minutes=2), say=lambda _: None)


def keys(resource: str) -> list[str]:
    """The keys that lie in the lake, in order of landing."""
    files = f"{lake.root()}/raw_mindbox/{resource}/*.parquet"
    landed = duckdb.sql(f"select document_key from read_parquet('{files}', union_by_name = true) order by _dlt_load_id, document_key")
    return [key for (key,) in landed.fetchall()]


def payload(resource: str, key: str) -> dict[str, Any]:
    """The newest document of a key."""
    files = f"{lake.root()}/raw_mindbox/{resource}/*.parquet"
    (text,) = duckdb.execute(f"select payload from read_parquet('{files}', union_by_name = true) where document_key = ? "
                             "order by version_at desc limit 1", [key]).fetchone()
    return json.loads(text)


def test_the_first_contact_reads_all_of_history_newest_first(serve):
    serve()
    report = contact()
    assert (report.status, report.error, report.history_left_days) == ("success", "", 0.0)
    assert report.documents == {"customers": 3, "mailings": 2, "mailing_statuses": 8, "customer_actions": 9, "customer_merges": 1}
    # 106 has not changed since 2022, before the three years that are read without a start_date.
    assert keys("customers") == ["100", "101", "106"]
    assert keys("customer_merges") == ["101:2026-10-30 12:00:00.000"]


def test_a_night_without_news_lands_nothing(serve):
    serve()
    contact("r1")
    again = contact("r2")
    assert (again.status, again.documents) == ("success", {})


def test_the_next_day_brings_what_was_created_since_late_events_included(serve):
    running = serve()
    contact("r1")
    running.sandbox.advance(days=1)
    report = contact("r2")
    # The click of 30 October reached Mindbox on 1 November; so did a look at a vase; Anna moved, and one customer is new.
    assert report.documents == {"mailing_statuses": 1, "customers": 2, "customer_actions": 1}
    assert payload("mailing_statuses", "8")["dateTimeUtc"] == "2026-10-30T21:00:00.000Z"
    assert payload("customers", "100")["customFields"] == {"city": "Москва"}
    assert contact("r3").documents == {}


def test_fingerprints_of_a_contact_are_kept_for_the_next(serve):
    serve()
    contact()
    state = lake.pipeline_for(VENDOR, Account("mindbox")).state["sources"]["mindbox"]
    assert state["read_to"] == {
        "customers": "2026-10-31T23:00:00+00:00", "mailings": "2026-10-31T23:00:00+00:00", "mailing_statuses": "2026-10-31T23:00:00+00:00",
        "customer_actions": "2026-10-31T23:00:00+00:00", "customer_merges": "2026-10-31T22:40:00+00:00",
    }
    assert len(base64.b64decode(state["fingerprints"]["mailing_statuses"])) == 8 * FINGERPRINT_BYTES


def test_many_parts_and_pages_are_read_whole(serve, monkeypatch):
    monkeypatch.setenv("SOURCES__MINDBOX__MERGES_PER_PAGE", "1")
    serve(rows_per_file=1, gzip_every=2)
    assert contact().documents["mailing_statuses"] == 8


def test_an_account_begins_where_its_start_date_says(serve, monkeypatch, account):
    monkeypatch.setenv("SOURCES__MINDBOX__START_DATE", "2026-10-15")
    serve()
    assert oldest(account).isoformat() == "2026-10-15T00:00:00+00:00"
    report = contact()
    # Customers and mailings of any age are customers and mailings; statuses and actions begin at the date.
    assert report.documents == {"customers": 3, "mailings": 2, "mailing_statuses": 3, "customer_actions": 2, "customer_merges": 1}
    monkeypatch.setenv("SOURCES__MINDBOX__START_DATE", "long ago")
    with pytest.raises(SettingError, match="SOURCES__MINDBOX__START_DATE is 'long ago'"):
        oldest(account)


@pytest.mark.parametrize("fault", [
    Fault("mindbox", FILES, kind="html"), Fault("mindbox", FILES, kind="truncated_without_length"), Fault("mindbox", FILES, kind="empty"),
], ids=lambda fault: f"{fault.kind}-{fault.status}-{'file' if fault.path == FILES else 'operation'}")
def test_a_packed_file_that_is_spoiled_is_asked_for_again(serve, fault):
    running = serve(gzip_every=1)
    running.sandbox.faults.plant(fault)
    report = contact()
    assert (running.sandbox.faults.met, report.status, report.documents["mailing_statuses"]) == (1, "success", 8)


def test_an_expired_link_is_asked_for_again(serve):
    serve(dead_links=2)
    assert contact().documents["customers"] == 3


@pytest.mark.parametrize(("fault", "said"), [
    (Fault("mindbox", OPERATIONS, status=503, times=1000), "answered 503"),
    (Fault("mindbox", "operation=Omnimart.ExportMailings", kind="html", times=1000), "mindbox/main mailings: answered 200 with text/html"),
    (Fault("mindbox", "ExportMailingStatuses", status=200, times=1000,
           body='{"status":"ProtocolError","errorMessage":"Операция не найдена.","errorId":"1","httpStatusCode":400}'),
     "the operation was refused with ProtocolError (HTTP 200): Операция не найдена."),
    (Fault("mindbox", FILES, kind="html", times=1000), "is not the file it should be"),
    (Fault("mindbox", FILES, kind="truncated_without_length", times=1000), "times in a row"),
])
def test_what_does_not_pass_becomes_a_sentence_and_the_next_night_catches_up(serve, fault, said):
    running = serve()
    running.sandbox.faults.plant(fault)
    report = contact("r1")
    assert (report.status, said in report.error, report.documents) == ("failed", True, {}), report.error
    assert "Nothing of this load was kept" in report.error
    running.sandbox.faults.clear()
    assert contact("r2").documents["mailing_statuses"] == 8


def test_an_export_that_is_never_ready_ends_with_its_budget(serve, monkeypatch):
    serve(polls_until_ready=-1)
    monkeypatch.setenv("SOURCES__MINDBOX__EXPORT_BUDGET_MINUTES", "0.005")
    report = contact()
    assert "was not ready after 0.005 minutes (last state NotReady)" in report.error
    assert "raise SOURCES__MINDBOX__EXPORT_BUDGET_MINUTES" in report.error


def test_a_cancelled_export_is_told_with_its_reason(serve):
    serve(cancelled="mailing_statuses")
    report = contact()
    assert report.error.startswith("mindbox/main mailing_statuses: Mindbox cancelled the export ")
    assert "Экспорт отменён администратором." in report.error


def test_links_that_stay_dead_are_told(serve):
    serve(links_live_seconds=-1)
    assert "has a link that is no longer honoured, 4 times in a row" in contact().error


def test_a_wrong_key_and_an_operation_of_another_name_are_told(serve, monkeypatch):
    serve()
    monkeypatch.setenv("SOURCES__MINDBOX__SECRET_KEY", "wrong")
    refused = contact("r1").error
    assert "ProtocolError (HTTP 401): Неверный секретный ключ." in refused
    assert "wrong" not in refused
    monkeypatch.setenv("SOURCES__MINDBOX__SECRET_KEY", "sandbox-mindbox-secret")
    monkeypatch.setenv("SOURCES__MINDBOX__EXPORT_CUSTOMERS_OPERATION", "Website.Customers")
    assert "Операция Website.Customers не найдена." in contact("r2").error


def test_repeated_pages_of_merges_are_no_endless_list(serve, monkeypatch):
    monkeypatch.setenv("SOURCES__MINDBOX__MERGES_PER_PAGE", "1")
    running = serve()
    running.sandbox.faults.plant(Fault("mindbox", "GetCustomerMerges", kind="repeat", after=1, times=1000))
    assert "pages 1 and 2 of Omnimart.GetCustomerMerges are the same, so the list has no end." in contact().error


def test_poison_lands_beside_the_rest(serve):
    running = serve()
    running.sandbox.tampering.plant(Poison("mindbox", "mailing_statuses", "0", set={"ids": Poison.GONE}))
    running.sandbox.tampering.plant(Poison("mindbox", "customers", "100", find="Анна".encode(), raw="Анна".encode("cp1251")))
    running.sandbox.tampering.plant(Poison("mindbox", "mailings", "1", find="Осень".encode(), raw=b"\\ud83d"))
    report = contact()
    assert (report.status, report.documents["mailing_statuses"], report.documents["customers"], report.documents["mailings"]) == (
        "success", 8, 3, 2)
    assert [key[:7] for key in keys("mailing_statuses")] == ["1", "2", "3", "4", "5", "6", "7", "sha256:"]


def test_every_resource_has_its_promise():
    assert sorted(expectations.SUITES) == sorted(resource.name for resource in VENDOR.resources)
