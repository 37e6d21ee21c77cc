"""What a contact with RetailCRM lands: first the newest month, then the past, then only what changed; faults are met with patience."""

import json
import os
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from crm_nights import landed, night, payloads

from ingestion.accounts import Account
from ingestion.documents import Record
from ingestion.retailcrm import VENDOR
from ingestion.retailcrm.operations import Numbering, Operation
from sandbox.faults import Fault

UNTIL = datetime(2026, 10, 31, 23, 0, tzinfo=UTC)


def online(world, until):
    """The world's orders that the CRM knows by a moment."""
    moment = until.replace(tzinfo=None)
    return world.orders[(world.orders["kind"] == "online") & (world.orders["created_at"] <= moment)]


def test_the_first_load_brings_everything_that_exists(crm, small_world):
    report = night()
    assert (report.status, report.error, report.history_left_days) == ("success", "", 0.0)
    assert {int(key) for (key,) in landed("orders", "document_key")} == set(online(small_world, small_world.until)["order_id"])
    points = sum(json.loads(text)["amount"] for (text,) in landed("bonus_operations", "payload"))
    ledger = small_world.loyalty_operations
    assert points == ledger[ledger["created_at"] <= small_world.until.replace(tzinfo=None)]["points"].sum()
    keys = [key for (key,) in landed("bonus_operations", "document_key")]
    assert len(keys) == len(set(keys))
    for resource in VENDOR.resources:
        assert landed(resource.name), f"{resource.name} is empty"


def test_a_budget_stops_after_the_newest_month_and_the_next_night_goes_on(crm, small_world):
    first = night(budget=timedelta(0))
    assert first.history_left_days > 30
    assert night().history_left_days == 0.0
    assert {int(key) for (key,) in landed("orders", "document_key")} == set(online(small_world, small_world.until)["order_id"])


def test_a_second_night_brings_only_what_changed(crm, small_world):
    night()
    quiet = night()
    assert (quiet.status, sum(quiet.documents.values())) == ("success", 0)
    now = crm.sandbox.advance(days=1)
    report = night()
    since, until = small_world.until.replace(tzinfo=None), now.replace(tzinfo=None)
    orders = online(small_world, now)
    times = orders[["created_at", "confirmed_at", "shipped_at", "received_at", "cancelled_at", "paid_at"]]
    changed = set(orders[((times > since) & (times <= until)).any(axis=1)]["order_id"])
    returned = small_world.returns[(small_world.returns["returned_at"] > since) & (small_world.returns["returned_at"] <= until)]
    brought = {int(key) for (key,) in landed("orders", "document_key", where=f"_dlt_load_id = '{report.load_ids[-1]}'")}
    assert changed <= brought <= changed | set(returned["order_id"])
    operations = small_world.loyalty_operations["created_at"]
    assert report.documents["bonus_operations"] == ((operations > since) & (operations <= until)).sum()
    for quiet_resource in ("settings", "references", "stores", "products"):
        assert quiet_resource not in report.documents


def test_what_changes_while_the_lists_are_read_comes_with_the_next_night(crm, small_world, monkeypatch):
    # The clock moves on after the cursors were taken, as it does while a real list of years is read.
    from ingestion.retailcrm import source

    taken = source.Reading.take_cursors

    def and_then_time_passes(reading):
        already = reading._cursors_taken
        taken(reading)
        if not already:
            crm.sandbox.advance(days=1)

    monkeypatch.setattr(source.Reading, "take_cursors", and_then_time_passes)
    night()
    report = night()
    now = crm.sandbox.now()
    assert {int(key) for (key,) in landed("orders", "document_key")} == set(online(small_world, now)["order_id"])
    assert report.documents["orders"] > 0


def test_deleted_and_combined_records_become_tombstones(serve, small_world):
    orders = online(small_world, small_world.until)
    number = int(orders["order_id"].iloc[-1])
    customer = int(orders["crm_record_id"].iloc[-1])
    day = "2026-11-01T10:00:00+00:00"
    crm = serve(**{"retailcrm.deleted_orders": f"{number}@{day}", "retailcrm.deleted_customers": f"{customer}@{day}"})
    night()
    crm.sandbox.advance(days=1)
    night()
    versions = landed("orders", "operation", where=f"document_key = '{number}' order by version_at")
    assert versions[-1] == ("delete",)
    assert payloads("customers", str(customer))[-1]["deleted"] is True
    profiles = small_world.profiles_at("retailcrm", small_world.until + timedelta(days=40))
    merged = profiles[(profiles["merged_at"] > small_world.until.replace(tzinfo=None))]
    assert not merged.empty, "the small retailer merges nobody in the next forty days"
    crm.sandbox.advance(days=39)
    night()
    told = {(json.loads(text)["customer"]["id"], json.loads(text)["combinedTo"]["id"]) for (text,) in landed("customer_merges", "payload")}
    assert set(zip(merged["record_id"], merged["merged_into"], strict=True)) <= told
    gone = {int(key) for (key,) in landed("customers", "document_key", where="operation = 'delete'")}
    assert set(merged["record_id"]) <= gone


def test_an_account_made_after_the_last_look_by_a_time_before_it_is_not_left_to_the_weekly_sweep(serve, small_world, monkeypatch, tmp_path):
    """The vendor's clock is five minutes behind ours, and nothing but its list of accounts tells of the new one."""
    accounts = small_world.loyalty_accounts
    new = accounts[accounts["enrolled_at"] > UNTIL.replace(tzinfo=None)].iloc[0]
    crm = serve(world=replace(small_world, loyalty_operations=small_world.loyalty_operations.iloc[:0]))
    monkeypatch.setenv("OMNIMART_CLOCK", str(tmp_path / "ours"))

    def at(moment, skew):
        crm.sandbox.set_clock(moment)
        (tmp_path / "ours").write_text((moment + skew).isoformat())
        night()
        return str(new["account_id"]) in {key for (key,) in landed("loyalty_accounts", "document_key")}

    made = new["enrolled_at"].to_pydatetime().replace(tzinfo=UTC)
    assert not at(made - timedelta(minutes=1), timedelta(minutes=5))
    assert at(made + timedelta(hours=1), timedelta(0))


def test_a_long_silence_reads_everything_again(crm, small_world, monkeypatch):
    night()
    monkeypatch.setenv("SOURCES__RETAILCRM__HISTORY_DAYS", "2")
    now = crm.sandbox.advance(days=5)
    report = night()
    brought = landed("orders", "document_key", where=f"_dlt_load_id = '{report.load_ids[-1]}'")
    assert {int(key) for (key,) in brought} == set(online(small_world, now)["order_id"])


def test_two_accounts_are_kept_apart(crm, monkeypatch):
    for name in ("BASE_URL", "RETRY_PAUSE_SECONDS", "REQUESTS_PER_SECOND"):
        monkeypatch.setenv(f"SOURCES__RETAILCRM__SECOND__{name}", os.environ[f"SOURCES__RETAILCRM__{name}"])
    monkeypatch.setenv("SOURCES__RETAILCRM__SECOND__API_KEY", "sandbox-retailcrm-key-2")
    assert [account.name for account in VENDOR.accounts()] == ["main", "second"]
    for account in VENDOR.accounts():
        assert night(account).status == "success"
    counts = landed("orders", "source_account, count(distinct document_key)", where="true group by source_account order by source_account")
    assert [account for account, _ in counts] == ["main", "second"]
    assert counts[0][1] == counts[1][1] > 0


def test_the_account_of_one_shop_asks_for_that_shop_only(crm, monkeypatch):
    monkeypatch.setenv("SOURCES__RETAILCRM__SITE", "nowhere")
    assert night().status == "success"
    assert landed("orders") == []


@pytest.mark.parametrize(
    "fault",
    [
        Fault("retailcrm", path="/orders.*page=2", kind="repeat", times=1),
        Fault("retailcrm", path="/bonus/operations.*cursor", kind="repeat", times=1),
        Fault("retailcrm", path="/orders", kind="status", status=200, body='{"success":false,"errorMsg":"Internal"}', times=1),
    ],
    ids=lambda fault: f"{fault.kind}-{fault.status}-{fault.path}",
)
def test_a_fault_that_passes_costs_nothing(crm, small_world, fault):
    crm.sandbox.faults.plant(fault)
    report = night()
    assert (report.status, report.error, crm.sandbox.faults.met) == ("success", "", fault.times)
    assert {int(key) for (key,) in landed("orders", "document_key")} == set(online(small_world, small_world.until)["order_id"])


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        (Fault("retailcrm", path="/orders", kind="status", status=503, times=1000), ("retailcrm/main orders", "503")),
        (Fault("retailcrm", path="/customers", kind="html", times=1000), ("retailcrm/main customers", "not JSON")),
        (
            Fault("retailcrm", path="/orders.*page=2", kind="repeat", times=1000),
            ("retailcrm/main orders", "asked for page 2", "got page 1"),
        ),
        (Fault("retailcrm", path="/bonus/operations.*cursor", kind="repeat", times=1000), ("retailcrm/main bonus_operations", "cursor")),
        (Fault("retailcrm", path="/segments", kind="truncated_without_length", times=1000), ("retailcrm/main segments", "broke off")),
    ],
    ids=["503", "html", "repeated page", "repeated cursor", "truncated"],
)
def test_a_fault_that_stays_is_a_sentence_and_leaves_nothing_behind(crm, small_world, fault, words):
    crm.sandbox.faults.plant(fault)
    report = night()
    assert report.status == "failed"
    for word in (*words, "Nothing of this load was kept"):
        assert word in report.error
    # The second page of orders is first asked for in an older window: the newest month was a load of its own.
    assert landed("orders") == [] or report.history_left_days > 0
    crm.sandbox.faults.clear()
    assert night().status == "success"
    assert {int(key) for (key,) in landed("orders", "document_key")} == set(online(small_world, small_world.until)["order_id"])


def test_a_wrong_key_is_told_at_once_and_never_shown(crm, monkeypatch):
    monkeypatch.setenv("SOURCES__RETAILCRM__API_KEY", "secret-and-wrong")
    report = night()
    assert report.status == "failed"
    assert "403" in report.error
    assert "secret-and-wrong" not in report.error
    assert crm.sandbox.requests["retailcrm"] == 1


def test_equal_operations_of_one_second_are_told_apart_and_keep_their_keys():
    record = Record(None, None, '{"type":"credit_manual"}')
    operation = Operation(type="credit_manual", createdAt="2026-10-31 10:00:00", amount=5.0)
    whole = Numbering({})
    keys = [whole.key(record, operation) for _ in range(3)]
    assert len(set(keys)) == 3
    # A page boundary between the second and the third: what is kept with the cursor numbers the rest alike.
    before = Numbering({})
    assert [before.key(record, operation) for _ in range(2)] == keys[:2]
    assert Numbering(before.boundary()).key(record, operation) == keys[2]


def test_balances_follow_credits_that_become_spendable(crm, small_world):
    night()
    for _ in range(3):
        now = crm.sandbox.advance(days=4)
        assert night().status == "success"
    ledger = small_world.loyalty_operations
    ledger = ledger[ledger["created_at"] <= now.replace(tzinfo=None)]
    today = (now + timedelta(hours=3)).replace(tzinfo=None)  # the account's day begins in Moscow
    spendable = ledger[~(ledger["pending_until"] > today)]  # what cancels points that wait takes nothing from the others
    astray = small_world.loyalty_accounts.set_index("account_id")["astray_points"]
    expected = {account: points + astray[account] for account, points in spendable.groupby("account_id")["points"].sum().items()}
    told = {}
    for (text,) in landed("loyalty_accounts", "payload", where="true order by version_at"):
        account = json.loads(text)
        told[account["id"]] = account["amount"]
    assert {account: told[account] for account in expected} == expected


def test_the_oldest_moment_is_the_first_creation_in_the_account(crm, small_world):
    moment = small_world.until.replace(tzinfo=None)
    profiles = small_world.profiles_at("retailcrm", small_world.until)
    starts = [
        profiles["created_at"].min(),
        online(small_world, small_world.until)["created_at"].min(),
        small_world.loyalty_accounts["enrolled_at"].min(),
    ]
    first = min(start for start in starts if start <= moment)
    assert VENDOR.oldest(Account("retailcrm")) == first.to_pydatetime().replace(microsecond=0, tzinfo=UTC)


def test_a_start_date_replaces_the_question(crm, monkeypatch):
    monkeypatch.setenv("SOURCES__RETAILCRM__START_DATE", "2026-09-15")
    assert VENDOR.oldest(Account("retailcrm")) == datetime(2026, 9, 15, tzinfo=UTC)
    assert crm.sandbox.requests["retailcrm"] == 0
