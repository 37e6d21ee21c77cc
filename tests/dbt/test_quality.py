"""The quality marts on a lake made by hand: every document accounted for, quarantine and its replays, freshness."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import duckdb
import pytest
from small_project import FIRST_LOAD, ORDERS, Document, SmallProject, order

from orchestration import exports, quarantine, replay

BALANCE = """
    select refresh_id, source_account, received, newly_received, staged, superseded, quarantined, lost_keys, stale_keys, is_balanced
    from marts.load_reconciliation order by refreshed_at, refresh_id, source_account
"""
MODELS = ("--exclude-resource-type", "test")  # the tests of the quality models run in the test that plants defects
QUARANTINE = "select source_record_id, reason, column_name, status from marts.quarantine order by all"


@pytest.fixture(autouse=True)
def _with_quality(orders: SmallProject) -> None:
    """One resource and the real quality models."""
    orders.add_quality()
    orders.write("models/staging/acme/stg_acme__verdicts.sql", "{{ verdicts('acme', ['orders']) }}")
    orders.write("models/staging/acme/stg_acme__receipts.sql", "{{ lake_receipts('acme', ['orders']) }}")


def publish(project: SmallProject) -> None:
    """What publishing leaves for the next refresh."""
    history = project.root / "data" / "published" / "current" / "history"
    history.mkdir(parents=True, exist_ok=True)
    with duckdb.connect(str(project.root / "data" / "warehouse.duckdb"), read_only=True) as connection:
        for name in ("load_reconciliation", "quarantine"):
            connection.execute(f"copy marts.{name} to '{history / name}.parquet' (format parquet)")


def test_every_document_is_accounted_for_and_earlier_refreshes_are_remembered(orders: SmallProject) -> None:
    orders.land("orders", order("1", 1), order("1", 1), order("2", "abc"), order("3", 3), order("1", 1, "second"))
    orders.build(*MODELS, refresh_id="a", as_of="2026-11-01 00:00:00")
    assert orders.rows(BALANCE) == [
        ("a", "main", 4, 4, 2, 1, 1, 0, 0, True),
        ("a", "second", 1, 1, 1, 0, 0, 0, 0, True),
    ]
    publish(orders)
    orders.land("orders", order("2", 2), order("3", "x"), Document("1", None, operation="delete"), order("4", "bad"))
    orders.build(*MODELS, refresh_id="b", as_of="2026-11-02 00:00:00")
    orders.build(*MODELS, refresh_id="b", as_of="2026-11-02 00:00:00")
    assert orders.rows(BALANCE) == [
        ("a", "main", 4, 4, 2, 1, 1, 0, 0, True),
        ("a", "second", 1, 1, 1, 0, 0, 0, 0, True),
        ("b", "main", 8, 4, 3, 3, 2, 0, 0, True),
        ("b", "second", 1, 0, 1, 0, 0, 0, 0, True),
    ]
    assert orders.rows(QUARANTINE) == [
        ("2", "gross_amount: not money", "gross_amount", "replayed"),
        ("3", "gross_amount: not money", "gross_amount", "open"),
        ("4", "gross_amount: not money", "gross_amount", "open"),
    ]


def test_what_a_mended_rule_accepts_stays_in_quarantine_as_replayed(orders: SmallProject) -> None:
    orders.land("orders", order("1", "1 rouble"), order("2", 2))
    orders.build(*MODELS, refresh_id="a")
    publish(orders)
    orders.write("models/staging/acme/base/base_acme__orders.sql", ORDERS.replace("MONEY", "text"))
    orders.build(*MODELS, refresh_id="b")
    assert orders.rows(QUARANTINE) == [("1", "gross_amount: not money", "gross_amount", "replayed")]
    publish(orders)
    orders.build(*MODELS, refresh_id="c")
    assert orders.rows(QUARANTINE) == [("1", "gross_amount: not money", "gross_amount", "replayed")]


def test_a_lost_a_stale_and_a_doubled_row_are_found(orders: SmallProject) -> None:
    """Three defects that staging could have; each is planted in the warehouse between two runs."""
    orders.land("orders", order("1", 1), order("2", 2), order("3", 3))
    orders.build()
    defects = {
        "delete from staging.base_acme__orders where document_key = '1'": (3, 2, 1, 1, 0, False),
        "update staging.base_acme__orders set version_at = version_at - interval '1 day' where document_key = '2'": (3, 3, 1, 0, 1, False),
        "insert into staging.base_acme__orders select * from staging.base_acme__orders where document_key = '3'": (3, 4, 0, 0, 0, False),
    }
    found = {}
    for defect in defects:
        orders.build("--full-refresh")
        with duckdb.connect(str(orders.root / "data" / "warehouse.duckdb")) as connection:
            connection.execute(defect)
        with pytest.raises(AssertionError, match=r"received_documents_are_accounted_for|no_key_is_lost_or_stale"):
            orders.build("--exclude", "base_acme__orders")
        found[defect] = orders.rows("select received, staged, superseded, lost_keys, stale_keys, is_balanced "
                                    "from marts.load_reconciliation")[0]
    assert found == defects


def test_freshness_is_measured_by_contact(orders: SmallProject) -> None:
    now = FIRST_LOAD
    orders.contact("success", at=now - timedelta(hours=2))
    orders.contact("success", at=now - timedelta(hours=26), account="second")
    orders.contact("failed", at=now - timedelta(hours=1), account="second", error="acme/second was closed.")
    orders.contact("success", at=now - timedelta(hours=40), account="third")
    orders.contact("failed", at=now - timedelta(hours=1), account="fourth", error="acme/fourth was closed.")
    accounts = [{"source_system": "acme", "source_account": name, "freshness_hours": 36} for name in ("main", "second", "third", "never")]
    orders.build("--select", "source_freshness", accounts=accounts, as_of="2026-11-01 00:00:00")
    assert orders.rows("select source_account, data_through_at::varchar, last_error, is_switched_on, is_stale, is_required "
                       "from marts.source_freshness order by 1") == [
        ("fourth", None, "acme/fourth was closed.", False, True, False),
        ("main", "2026-10-31 22:00:00", None, True, False, False),
        ("never", None, None, True, True, False),
        ("second", "2026-10-30 22:00:00", "acme/second was closed.", True, True, False),
        ("third", "2026-10-30 08:00:00", None, True, True, False),
    ]


def test_parameters_say_what_was_in_force(orders: SmallProject, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rules = tmp_path / "rules.yml"
    rules.write_text("contact_pressure: {cap_7_days: 3}\n", encoding="utf-8")
    monkeypatch.setenv("OMNIMART_BUSINESS_RULES", str(rules))
    orders.build("--select", "parameters")
    assert orders.rows("select name, value, default_value from marts.parameters "
                       "where name like 'contact_pressure.%' or name like 'business.%'") == [
        ("business.timezone", "Europe/Moscow", "Europe/Moscow"),
        ("business.currency", "RUB", "RUB"),
        ("contact_pressure.cap_7_days", "3", "4"),
        ("contact_pressure.cap_30_days", "12", "12"),
        ("contact_pressure.duplicate_window_hours", "24.0", "24.0"),
        ("contact_pressure.band_edges", "[1, 3, 5, 8]", "[1, 3, 5, 8]"),
    ]


def test_a_replay_tells_what_a_mended_contract_accepts_and_a_second_one_changes_nothing(orders: SmallProject) -> None:
    orders.land("orders", order("1", "1 rouble"), order("2", 2), Document("3", {"summ": "3"}), Document("4", "[]"))
    orders.build(*MODELS, refresh_id="a")
    before = quarantine.standing()
    assert [one.key for one in before] == ["1", "3", "4"]
    assert [one.key for one in quarantine.standing(("acme", "orders", "3"))] == ["3"]
    assert quarantine.standing(("acme", "customers")) == {}
    publish(orders)
    orders.write("models/staging/acme/base/base_acme__orders.sql", ORDERS.replace("MONEY", "text"))
    orders.build(*MODELS, refresh_id="b")
    after = quarantine.standing()
    at = f"(of {before[quarantine.Rejected('acme', 'main', 'orders', '3')].version_at:%Y-%m-%d %H:%M} UTC)"
    assert replay.told(before, after) == [
        "3 records were in quarantine: 1 are accepted now, 2 are still rejected.",
        "  accepted   acme/main orders 1",
        "         1 × acme orders: order_id: missing",
        "         1 × acme orders: payload: not an object",
        f"  rejected   acme/main orders 3 {at}: order_id: missing",
        f"  rejected   acme/main orders 4 {at}: payload: not an object",
    ]
    publish(orders)
    staged = orders.rows("select * from staging.base_acme__orders order by all")
    orders.build(*MODELS, refresh_id="c")
    assert replay.told(after, quarantine.standing())[0] == "2 records were in quarantine: 0 are accepted now, 2 are still rejected."
    assert orders.rows("select * from staging.base_acme__orders order by all") == staged
    assert [row[0::3] for row in orders.rows(QUARANTINE)] == [("1", "replayed"), ("3", "open"), ("4", "open")]


def test_the_quarantine_is_looked_at_without_opening_the_file(orders: SmallProject, capsys: pytest.CaptureFixture[str]) -> None:
    assert quarantine.main([]) == 0  # nothing was ever built
    long = {"id": "2", "summ": "x\x1b[2J" + 3000 * "y"}
    orders.land("orders", order("1", "1 rouble"), Document("2", long), order("3", 3))
    orders.land("orders", order("1", "2 roubles"))
    orders.build(*MODELS, refresh_id="a")
    capsys.readouterr()
    assert quarantine.main(["acme", "orders"]) == 0
    first, payload, second, cut, total = capsys.readouterr().out.splitlines()
    assert first == "acme/main orders 1 (of 2026-11-01 01:00 UTC): gross_amount: not money"
    assert payload == '  {"id": "1", "createdAt": "2026-10-01T00:00:00Z", "summ": "2 roubles"}'
    assert second.startswith("acme/main orders 2 ")
    assert cut.endswith(f" … and {len(json.dumps(long)) - quarantine.CHARACTERS} characters more, which --json tells")
    assert "\x1b" not in cut
    assert total == "2 records are in quarantine."
    assert quarantine.main(["acme", "orders", "2", "--json"]) == 0
    (whole,) = map(json.loads, capsys.readouterr().out.splitlines())
    assert json.loads(whole.pop("payload")) == long
    assert whole == {"vendor": "acme", "account": "main", "resource": "orders", "key": "2", "version_at": "2026-11-01 00:00:00",
                     "problem": "gross_amount: not money", "length": len(json.dumps(long))}
    assert quarantine.main(["acme", "customers"]) == 0
    assert capsys.readouterr().out == "No records are in quarantine.\n"
    assert quarantine.main(["--all"]) == 2


def test_the_quarantine_says_so_while_the_file_is_open_for_writing(orders: SmallProject, capsys: pytest.CaptureFixture[str]) -> None:
    orders.land("orders", order("1", 1))
    orders.build(*MODELS, refresh_id="a")
    build = "import sys, duckdb\nconnection = duckdb.connect(sys.argv[1])\nprint('building', flush=True)\ninput()"
    with subprocess.Popen([sys.executable, "-c", build, str(exports.warehouse())], text=True, stdin=subprocess.PIPE,
                          stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as other:
        assert other.stdout.readline() == "building\n"
        assert quarantine.main([]) == 1
        other.stdin.close()
    said = capsys.readouterr().err
    assert said.startswith(f"warehouse.duckdb is open for writing in process {other.pid} (")
    assert said.endswith("); ask again when it is closed.\n")
