"""The lake after retention: whatever leaves it, the warehouse built from it is the same, and the next night goes on as if nothing had."""

from __future__ import annotations

import os
from datetime import datetime, timedelta

import dagster as dg
import duckdb
import pytest
from small_project import FIRST_LOAD, ORDERS, Document, SmallProject, order

from ingestion.vendor import Resource, Vendor
from orchestration import housekeeping

LISTS = ("orders", "stock", "stores", "accounts")
CONTRACT = "{%% set contract = [('told', 'told', 'text', 'required')] %%}\n{{ staged_documents('acme', '%s', contract%s) }}\n"
MODELS = ("--exclude-resource-type", "test")
RULES = "retention: {lake_superseded_days: 1, lake_small_files: 5}\n"
LATER = FIRST_LOAD + timedelta(days=30)


def told(key: str, what: object) -> Document:
    return Document(key, {"told": what})


def gone(key: str) -> Document:
    return Document(key, None, operation="delete")


# A night for each line. orders: 1 changes often; 2 is bad, then good, then bad twice (open); 3 was bad and is good; 4 is deleted; 5 was
# deleted and is back; 6 stands still; 7 was only ever bad. stock: a snapshot of two days, the first read twice. stores: a full list that
# one store left. accounts: every version counts.
NIGHTS = [
    {"orders": [order("1", 1), order("2", "x"), order("3", "x"), order("4", 4), order("5", 5), order("6", 6), order("7", "x")],
     "stock": [told("a:2026-11-01", 1), told("b:2026-11-01", 1)], "stores": [told("s", 1), told("t", 1)], "accounts": [told("m", "new")]},
    {"orders": [order("1", 2), order("2", 2), order("3", "y"), gone("4"), gone("5")], "stock": [told("a:2026-11-01", 2)],
     "stores": [told("s", 2), told("t", 2)], "accounts": [told("m", "active")]},
    {"orders": [order("1", 3), order("2", 3), order("3", 3), order("5", 55), order("7", "y")], "stores": [told("s", 3)],
     "accounts": [told("m", "left")]},
    {"orders": [order("1", 4), order("2", "y"), order("3", 33)], "stock": [told("a:2026-11-02", 1)], "stores": [told("s", 4)]},
    {"orders": [order("1", 5), order("2", "z"), order("1", 5)], "stock": [told("a:2026-11-02", 3)]},
]


@pytest.fixture
def retailer(project: SmallProject, monkeypatch: pytest.MonkeyPatch) -> SmallProject:
    """Five nights of acme, staged by the real macros with the real quality models, built after the second, third and last."""
    project.declare(*LISTS, snapshots=["stock"], full_lists=["stores"])
    project.add_quality()
    project.write("models/staging/acme/base/base_acme__orders.sql", ORDERS.replace("MONEY", "money"))
    for name in LISTS[1:]:
        project.write(f"models/staging/acme/base/base_acme__{name}.sql", CONTRACT % (name, ""))
    project.write("models/staging/acme/base/base_acme__account_versions.sql", CONTRACT % ("accounts", ", every_version=true"))
    for name in ("stock", "stores"):
        project.write(f"models/staging/acme/stg_acme__{name}.sql", f"{{{{ live_documents('acme', '{name}') }}}}")
    for name, macro in (("verdicts", "verdicts"), ("receipts", "lake_receipts")):
        project.write(f"models/staging/acme/stg_acme__{name}.sql", f"{{{{ {macro}('acme', {list(LISTS)}) }}}}")
    for number, night in enumerate(NIGHTS):
        at = FIRST_LOAD + timedelta(days=number)
        for name, documents in night.items():
            project.land(name, *documents, at=at, load_id=f"{1_790_000_000 + number}.5")
        if number in (1, 2, 4):
            project.build(*MODELS, refresh_id="again", as_of=f"{at:%Y-%m-%d %H:%M:%S}")
    load = project.land("orders", order("9", 9), at=FIRST_LOAD, status=None)
    (under_way,) = (project.root / "data" / "lake" / "raw_acme" / "orders").glob(f"{load}.*")
    os.utime(under_way, (LATER.timestamp(), LATER.timestamp()))
    (project.root / "rules.yml").write_text(RULES, encoding="utf-8")
    monkeypatch.setenv("OMNIMART_BUSINESS_RULES", str(project.root / "rules.yml"))
    acme = Vendor("acme", "Acme", "crm", "", tuple(Resource(name, "changes", "") for name in LISTS), None, (), lambda account: None)
    models = {name: [f"base_acme__{name}"] for name in LISTS} | {"accounts": ["base_acme__accounts", "base_acme__account_versions"]}
    monkeypatch.setattr(housekeeping, "vendors", lambda: (acme,))
    monkeypatch.setattr(housekeeping, "manifest", lambda: {
        "sources": {name: {"source_name": "raw_acme", "name": name} for name in LISTS},
        "child_map": models,
        "nodes": {model: {"alias": model, "config": {"materialized": "incremental", "unique_key": [
            "source_account", "document_key", "is_accepted", *(["version_at", "load_id"] if "versions" in model else [])]}}
            for found in models.values() for model in found},
    })
    return project


def keep_house(*, is_dry: bool = False, now: datetime = LATER) -> list[str]:
    """What was said of the lake."""
    said: list[str] = []
    with dg.DagsterInstance.ephemeral() as instance:
        housekeeping.keep_house(instance, said.append, is_dry=is_dry, now=now, listed_seconds=0)
    return said[:-1]


def tables(project: SmallProject) -> dict[str, list[tuple]]:
    """Every table and view of the warehouse but the one row that names the run."""
    names = project.rows("select table_schema || '.' || table_name from information_schema.tables where table_schema <> 'main' order by 1")
    return {name: project.rows(f"select * from {name} order by all") for (name,) in names
            if name not in ("marts.load_reconciliation", "marts.parameters", "staging.stg_acme__receipts", "intermediate.int_receipts")}


def landed(project: SmallProject, name: str) -> list[tuple[str, int]]:
    """(key, night) of what the lake holds of a list."""
    return duckdb.sql(f"select document_key, cast(split_part(_dlt_load_id, '.', 1) as int) - 1790000000 "
                      f"from read_parquet('{project.root}/data/lake/raw_acme/{name}/*.parquet') order by all").fetchall()


def balance(project: SmallProject) -> list[tuple]:
    return project.rows("select resource, received, staged, superseded, quarantined, lost_keys, stale_keys, is_balanced "
                        "from marts.load_reconciliation where refresh_id = 'again' order by all")


def test_what_is_superseded_leaves_and_nothing_that_anything_is_made_of(retailer: SmallProject) -> None:
    before, counted = tables(retailer), balance(retailer)
    held = {name: landed(retailer, name) for name in LISTS}
    said = keep_house(is_dry=True)
    assert [line.split(",")[0] for line in said] == [
        "raw_acme/orders: 5 files become 1", "raw_acme/stock: 2 files become 1", "raw_acme/stores: 3 files become 1",
        "raw_acme/_dlt_loads: 5 files of lines become one"]
    assert {name: landed(retailer, name) for name in LISTS} == held, "a dry run changes nothing"
    assert keep_house() == said

    assert landed(retailer, "orders") == [
        ("1", 4), ("1", 4),            # the newest, landed twice
        ("2", 2), ("2", 3), ("2", 4),  # the good one and all that is newer, which is open
        ("3", 1), ("3", 3),            # the good one, and the bad one that stands in quarantine as replayed
        ("4", 1), ("5", 1), ("5", 2),  # deletions stay
        ("6", 0), ("7", 0), ("7", 2),  # nothing good is known of 7
        ("9", 16),                     # of a load that is not finished, and may be yet
    ]
    assert landed(retailer, "stock") == [("a:2026-11-01", 1), ("a:2026-11-02", 4), ("b:2026-11-01", 0)]
    assert landed(retailer, "stores") == [("s", 3), ("t", 1)]
    assert landed(retailer, "accounts") == held["accounts"]

    (retailer.root / "data" / "warehouse.duckdb").unlink()
    retailer.build(*MODELS, refresh_id="again", as_of="2026-11-05 00:00:00")
    assert tables(retailer) == before
    assert balance(retailer) == counted, "what was received and superseded stays known"
    assert keep_house() == []

    at = FIRST_LOAD + timedelta(days=40)
    retailer.land("orders", order("1", 6), order("8", 8), at=at)
    retailer.build(*MODELS, refresh_id="after", as_of=f"{at:%Y-%m-%d %H:%M:%S}")
    assert retailer.rows("select document_key, gross_amount::varchar from staging.base_acme__orders where is_accepted order by 1") == [
        ("1", "6.00"), ("2", "3.00"), ("3", "33.00"), ("4", None), ("5", "55.00"), ("6", "6.00"), ("8", "8.00")]


def test_nothing_leaves_that_is_not_asked_for_or_not_old_enough_or_not_known_here(retailer: SmallProject) -> None:
    held, before = {name: landed(retailer, name) for name in LISTS}, tables(retailer)
    rules = retailer.root / "rules.yml"
    rules.write_text("retention: {lake_superseded_days: 60}\n", encoding="utf-8")
    assert keep_house() == []
    # what this warehouse accepted is not all in this lake
    shelf = retailer.root / "data" / "lake" / "raw_acme" / "orders"
    (newest,) = shelf.glob("1790000004.5.*")
    newest.rename(retailer.root / newest.name)
    rules.write_text(RULES.replace("5}", "500}"), encoding="utf-8")
    keep_house()
    assert [key for key, _ in landed(retailer, "orders")].count("1") == 4
    (retailer.root / newest.name).rename(newest)
    # many files are put together, whatever stays for ever
    rules.write_text("retention: {lake_small_files: 2}\n", encoding="utf-8")
    assert "raw_acme/_dlt_loads: 5 files of lines become one" in keep_house()
    assert len(list(shelf.glob("*.parquet"))) == 3  # its empty shelf, one file, and that of the load that is not finished
    assert landed(retailer, "orders") != landed(retailer, "accounts") == held["accounts"]
    retailer.build("--full-refresh", *MODELS, refresh_id="again", as_of="2026-11-05 00:00:00")
    assert tables(retailer) == before
    # a load that is not finished for a week never will be
    for days, left in ((6, 1), (8, 0)):
        keep_house(now=LATER + timedelta(days=days))
        assert [key for key, _ in landed(retailer, "orders")].count("9") == left
