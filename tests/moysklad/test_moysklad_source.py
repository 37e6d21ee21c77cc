"""The source against the sandbox over real HTTP: first load, nights, the bin, long papers, faults."""

import json
from datetime import timedelta

import pytest

from ingestion import lake
from ingestion.contact import refresh_account
from ingestion.moysklad import VENDOR
from sandbox.faults import Fault
from sandbox.moysklad import methods
from sandbox.moysklad.papers import MISTAKE_EVERY
from tests.moysklad.balances import balances

LONG = timedelta(minutes=5)


@pytest.fixture
def night(retailer):
    """night() -> the report of one refresh of the account."""
    lake.prepare()
    (account,) = VENDOR.accounts()

    def refresh(**options):
        return refresh_account(VENDOR, account, refresh_id="night", budget=options.get("budget", LONG), say=lambda _: None)

    return refresh


def receipts_until(world, moment):
    return {row["uuid"] for row in world.rows("orders") if row["kind"] == "receipt" and row["created_at"] + timedelta(seconds=90) <= moment}


def now_of(retailer):
    return retailer.sandbox.now().replace(tzinfo=None)


def test_the_first_load_brings_everything_and_the_second_nothing(night, retailer, small_world, landed):
    first = night()
    assert (first.status, first.error, first.history_left_days) == ("success", "", 0.0)
    live = {row["document_key"] for row in landed("retail_demands") if row["operation"] == "upsert"}
    assert live == receipts_until(small_world, now_of(retailer))
    known = small_world.profiles_at("moysklad", retailer.sandbox.now())
    assert {row["document_key"] for row in landed("counterparties")} == set(known["record_id"])
    days = {row["document_key"].rsplit(":", 1)[1] for row in landed("stock")}
    assert days == {"2026-11-01"}  # 23:00 UTC on 31 October is 02:00 in Moscow
    second = night()
    assert (second.status, sum(second.documents.values())) == ("success", 0)


def test_a_mistaken_receipt_lies_in_the_bin_and_is_a_tombstone(night, small_world, landed):
    mistakes = [row for row in small_world.rows("orders") if row["kind"] == "receipt" and row["order_id"] % MISTAKE_EVERY == 7]
    night()
    gone = {row["document_key"] for row in landed("retail_demands") if row["operation"] == "delete"}
    live = {row["document_key"] for row in landed("retail_demands") if row["operation"] == "upsert"}
    assert gone.isdisjoint(live)
    assert len(gone) == len([row for row in mistakes if row["uuid"] in live])


def test_the_next_day_brings_only_what_changed(night, retailer, small_world, landed):
    night()
    before = now_of(retailer)
    counts = {name: len(landed(name)) for name in ("retail_demands", "customer_orders", "stock")}
    retailer.sandbox.advance(days=1)
    night()
    fresh = {row["document_key"] for row in landed("retail_demands")[counts["retail_demands"]:] if row["operation"] == "upsert"}
    assert fresh == receipts_until(small_world, now_of(retailer)) - receipts_until(small_world, before)
    milestones = ("created_at", "confirmed_at", "shipped_at", "received_at", "cancelled_at", "paid_at")
    moved = {row["uuid"] for row in small_world.rows("orders") if row["kind"] == "online"
             and any(row[name] and before < row[name] + timedelta(seconds=0) <= now_of(retailer) for name in milestones)}
    changed = {row["document_key"] for row in landed("customer_orders")[counts["customer_orders"]:]}
    assert changed >= moved
    assert len(changed - moved) <= 2  # an order of the last seconds before midnight, written down after it
    assert {row["document_key"].rsplit(":", 1)[1] for row in landed("stock")[counts["stock"]:]} == {"2026-11-02"}


def test_balances_follow_operations_though_their_buyers_do_not_change(night, retailer, small_world, landed):
    night()
    seen = len(landed("counterparties"))
    for _ in range(3):
        now = retailer.sandbox.advance(days=5)
        assert night().error == ""
    told = {row["document_key"]: json.loads(row["payload"])["bonusPoints"] for row in landed("counterparties")}
    assert told == balances(small_world, now)
    assert len(landed("counterparties")) - seen < len(told)  # not all of them again
    again = night()
    assert again.documents.get("counterparties", 0) == 0


def test_what_goes_to_the_bin_later_becomes_a_tombstone(night, retailer, landed, ask):
    night()
    key = next(row["document_key"] for row in landed("retail_demands") if row["operation"] == "upsert")
    retailer.sandbox.advance(hours=5)
    assert ask(f"/entity/retaildemand/{key}/trash", method="POST").status_code == 200
    night()
    assert [row["operation"] for row in landed("retail_demands") if row["document_key"] == key] == ["upsert", "delete"]
    again = night()
    assert again.documents.get("retail_demands", 0) == 0


def test_a_shipment_in_the_bin_is_a_tombstone_too(night, retailer, landed, ask):
    night()
    key = next(row["document_key"] for row in landed("demands"))
    before = len(landed("demands"))
    retailer.sandbox.advance(hours=5)
    assert ask(f"/entity/demand/{key}/trash", method="POST").status_code == 200
    night()
    assert [row["operation"] for row in landed("demands") if row["document_key"] == key] == ["upsert", "delete"]
    shipments = [json.loads(row["payload"]) for row in landed("demands")]
    assert len(shipments) > before
    assert all("rows" not in paper["positions"] for paper in shipments)  # nobody asks for their positions


def test_a_long_paper_is_completed_by_its_positions(night, landed, monkeypatch):
    monkeypatch.setattr(methods, "EXPANDED_POSITIONS", 1)
    night()
    papers = [json.loads(row["payload"]) for row in landed("retail_demands") if row["operation"] == "upsert"]
    assert any(paper["positions"]["meta"]["size"] > 1 for paper in papers)
    assert all(len(paper["positions"]["rows"]) == paper["positions"]["meta"]["size"] for paper in papers)
    assert all("cost" in position["stock"] for paper in papers for position in paper["positions"]["rows"])


PASSING_FAULTS = {
    "of the network": (
        Fault("moysklad", status=429, headers={"X-Lognex-Retry-After": "40"}, path="retaildemand", after=1, times=2),
        Fault("moysklad", status=503, path="salesreturn", after=1, times=2),
        Fault("moysklad", status=500, path="counterparty", times=2),
        Fault("moysklad", kind="html", path="customerorder", times=2),
        Fault("moysklad", kind="truncated", path="product", times=1),
        Fault("moysklad", kind="truncated_without_length", path="retaildemand.*offset=100", times=1),
        Fault("moysklad", kind="reset", path="bonustransaction", times=1),
        Fault("moysklad", kind="empty", path="employee", times=1),
    ),
    "a repeated page": (Fault("moysklad", kind="repeat", path="retaildemand.*offset=100", times=1),),
    "a list that moved": (
        Fault("moysklad", status=200, body='{"meta":{"size":9999,"limit":100,"offset":100},"rows":[]}', path="retaildemand.*offset=100"),
    ),
}


@pytest.mark.parametrize("faults", PASSING_FAULTS.values(), ids=PASSING_FAULTS)
def test_a_passing_fault_loses_nothing(night, retailer, small_world, landed, faults):
    for fault in faults:
        retailer.sandbox.faults.plant(fault)
    report = night()
    assert retailer.sandbox.faults.met == sum(fault.times for fault in faults)
    assert (report.status, report.error) == ("success", "")
    live = {row["document_key"] for row in landed("retail_demands") if row["operation"] == "upsert"}
    assert live == receipts_until(small_world, now_of(retailer))


def test_a_lasting_fault_fails_with_a_sentence_and_the_next_run_catches_up(night, retailer, small_world, landed):
    night()
    retailer.sandbox.advance(days=1)
    retailer.sandbox.faults.plant(Fault("moysklad", status=503, path="retaildemand", times=100))
    failed = night()
    assert failed.status == "failed"
    assert failed.error.startswith("moysklad/main retail_demands: answered 503")
    assert "the next run catches up" in failed.error
    assert failed.documents.get("customer_orders", 0) == 0  # all resources of a load or none
    retailer.sandbox.faults.clear()
    assert night().status == "success"
    live = {row["document_key"] for row in landed("retail_demands") if row["operation"] == "upsert"}
    assert live == receipts_until(small_world, now_of(retailer))


def test_a_page_that_never_moves_on_is_named(night, retailer):
    retailer.sandbox.faults.plant(Fault("moysklad", kind="repeat", path="retaildemand.*offset=100", times=100))
    report = night()
    assert report.status == "failed"
    assert "moysklad/main retail_demands" in report.error
    assert "a repeated page" in report.error


def test_the_credentials_are_read_when_used_and_never_told(night, monkeypatch):
    monkeypatch.setenv("SOURCES__MOYSKLAD__TOKEN", "a-secret-that-is-wrong")
    report = night()
    assert report.status == "failed"
    assert "401" in report.error
    assert "a-secret-that-is-wrong" not in report.error
