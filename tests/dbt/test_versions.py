"""Versions, on a lake made by hand: loads, late history, deletes, replays, full lists, changed contracts."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from small_project import FIRST_LOAD, ORDERS, Document, SmallProject, order

STATE = """
    select document_key, is_accepted, gross_amount::varchar, problem, operation from staging.base_acme__orders
    order by document_key, is_accepted
"""


def test_only_finished_loads_are_believed(orders: SmallProject) -> None:
    orders.land("orders", order("1", 1))
    orders.land("orders", order("1", 2), order("2", 2), status=None)
    orders.land("orders", order("3", 3), status=1)
    orders.build()
    assert orders.rows(STATE) == [("1", True, "1.00", None, "upsert")]


def test_a_good_version_replaces_a_bad_one_and_a_bad_one_never_a_good_one(orders: SmallProject) -> None:
    orders.land("orders", order("1", 10), order("2", "abc"))
    orders.build()
    orders.land("orders", order("1", "abc"), order("2", 20))
    orders.build()
    assert orders.rows(STATE) == [
        ("1", False, None, "gross_amount: not money", "upsert"),
        ("1", True, "10.00", None, "upsert"),
        ("2", False, None, "gross_amount: not money", "upsert"),
        ("2", True, "20.00", None, "upsert"),
    ]


def test_history_that_arrives_after_a_newer_night_changes_nothing_that_is_newer(orders: SmallProject) -> None:
    """A window of history may be read before a nightly contact and finish after it, with any load id."""
    early, late = FIRST_LOAD - timedelta(days=2), FIRST_LOAD
    orders.land("orders", order("1", 10, version_at=late), load_id="1790000009.0")
    orders.build()
    orders.land("orders", order("1", 5, version_at=early), order("2", 5, version_at=early), load_id="1790000001.0")
    orders.build()
    assert orders.rows(STATE) == [("1", True, "10.00", None, "upsert"), ("2", True, "5.00", None, "upsert")]
    assert orders.rows("select document_key, load_id from staging.base_acme__orders order by 1") == [
        ("1", "1790000009.0"), ("2", "1790000001.0")]


def test_a_load_finished_a_little_before_the_newest_is_still_read(orders: SmallProject) -> None:
    orders.land("orders", order("1", 1), at=FIRST_LOAD)
    orders.build()
    orders.land("orders", order("2", 2), at=FIRST_LOAD - timedelta(minutes=9))
    orders.build()
    assert orders.rows(STATE) == [("1", True, "1.00", None, "upsert"), ("2", True, "2.00", None, "upsert")]


def test_building_again_changes_nothing(orders: SmallProject) -> None:
    orders.land("orders", order("1", 1), order("1", 1), order("2", "abc"), Document(None, {"id": "x"}))
    orders.build()
    before = orders.rows("select * from staging.base_acme__orders order by all")
    orders.build()
    orders.build("--full-refresh")
    assert orders.rows("select * from staging.base_acme__orders order by all") == before
    assert len(before) == 3


def test_deletes_are_versions_too(orders: SmallProject) -> None:
    orders.write("models/staging/acme/stg_acme__orders.sql", "select document_key from ({{ live_documents('acme', 'orders') }}) as live")
    orders.land("orders", order("1", 1), order("2", 2))
    orders.land("orders", Document("1", None, operation="delete"), Document("3", None, operation="delete"))
    orders.build()
    assert orders.rows("select document_key from staging.stg_acme__orders order by 1") == [("2",)]
    orders.land("orders", order("1", 7), Document("2", None, operation="delete", version_at=FIRST_LOAD - timedelta(days=9)))
    orders.build()
    assert orders.rows("select document_key from staging.stg_acme__orders order by 1") == [("1",), ("2",)]


def test_a_delete_that_comes_before_its_record_is_not_forgotten(orders: SmallProject) -> None:
    orders.write("models/staging/acme/stg_acme__orders.sql", "select document_key from ({{ live_documents('acme', 'orders') }}) as live")
    deleted_at = FIRST_LOAD - timedelta(days=1)
    orders.land("orders", Document("1", None, operation="delete", version_at=deleted_at))
    orders.build()
    orders.land("orders", order("1", 1, version_at=deleted_at - timedelta(days=3)), order("2", 2))
    orders.build()
    assert orders.rows("select document_key from staging.stg_acme__orders") == [("2",)]
    orders.build("--full-refresh")
    assert orders.rows("select document_key from staging.stg_acme__orders") == [("2",)]
    orders.land("orders", order("1", 1, version_at=deleted_at + timedelta(minutes=1)))
    orders.build()
    assert orders.rows("select document_key from staging.stg_acme__orders order by 1") == [("1",), ("2",)]


def test_of_a_full_list_only_the_newest_load_lives(project: SmallProject) -> None:
    project.declare("statuses", full_lists=["statuses"])
    project.write("models/staging/acme/base/base_acme__statuses.sql",
                  "{% set contract = [('code', 'code', 'text', 'required'), ('rank', 'rank', 'integer', '')] %}"
                  "{{ staged_documents('acme', 'statuses', contract) }}")
    project.write("models/staging/acme/stg_acme__statuses.sql",
                  "select source_account, code, rank from ({{ live_documents('acme', 'statuses') }}) as live")

    def status(code: str, rank: object, account: str = "main") -> Document:
        return Document(code, {"code": code, "rank": rank}, account=account)

    project.land("statuses", status("new", 1), status("done", 2), status("lost", 3), status("new", 1, "second"))
    project.build()
    project.land("statuses", status("new", 5), status("done", "abc"))
    project.build()
    assert project.rows("select * from staging.stg_acme__statuses order by all") == [
        ("main", "done", 2),       # still listed; its new version is bad, so the good old one stays
        ("main", "new", 5),
        ("second", "new", 1),      # another account's list is another list
    ]
    project.land("statuses", Document("the list is empty", None, operation="delete"))
    project.build()
    assert project.rows("select * from staging.stg_acme__statuses") == [("second", "new", 1)]


def test_of_a_snapshot_every_day_stays_as_its_newest_load_told_it(project: SmallProject) -> None:
    project.declare("stock", snapshots=["stock"])
    project.write("models/staging/acme/base/base_acme__stock.sql",
                  "{% set contract = [('product_id', 'product', 'text', 'required'), ('quantity', 'quantity', 'number', '')] %}"
                  "{{ staged_documents('acme', 'stock', contract) }}")
    project.write("models/staging/acme/stg_acme__stock.sql",
                  "select document_key, quantity from ({{ live_documents('acme', 'stock') }}) as live")

    def shelf(product: str, day: str, quantity: int) -> Document:
        return Document(f"{product}:{day}", {"product": product, "quantity": quantity})

    project.land("stock", shelf("p", "2026-10-30", 5), shelf("q", "2026-10-30", 1))
    project.land("stock", shelf("p", "2026-10-31", 4), shelf("q", "2026-10-31", 1))
    project.land("stock", shelf("p", "2026-10-31", 3))
    project.build()
    assert project.rows("select * from staging.stg_acme__stock order by 1") == [
        ("p:2026-10-30", 5),
        ("p:2026-10-31", 3),       # asked again that day: q is sold out, and a vendor that leaves out empty shelves tells nothing of it
        ("q:2026-10-30", 1),
    ]


def test_a_changed_contract_restages_that_model_and_replays_what_it_had_rejected(orders: SmallProject) -> None:
    orders.write("models/staging/acme/base/base_acme__others.sql",
                 "{% set contract = [('id', 'id', 'text', '')] %}{{ staged_documents('acme', 'orders', contract) }}")
    orders.land("orders", order("1", "abc"), order("2", 2))
    orders.build()
    orders.write("models/staging/acme/base/base_acme__orders.sql", ORDERS.replace("MONEY", "text"))
    orders.build()
    assert orders.rows(STATE) == [("1", True, "abc", None, "upsert"), ("2", True, "2", None, "upsert")]
    assert orders.rows("select data_type from information_schema.columns where table_name = 'base_acme__orders' "
                       "and column_name = 'gross_amount'") == [("VARCHAR",)]


def test_a_rejected_document_is_tried_again_without_a_new_load(project: SmallProject) -> None:
    """The order is too far in the future until the refresh comes near; nothing else changes, no contract, no load."""
    project.declare("orders")
    project.write("models/staging/acme/base/base_acme__orders.sql", ORDERS.replace("MONEY", "money"))
    project.land("orders", Document("1", {"id": "1", "createdAt": "2031-06-01T00:00:00Z", "summ": 1}))
    project.build(as_of_on="2025-11-01")
    assert project.rows(STATE) == [("1", False, "1.00", "ordered_at: impossible date", "upsert")]
    project.build(as_of_on="2026-11-01")
    assert project.rows("select is_accepted, problem, rejected_payload is null from staging.base_acme__orders "
                        "order by 1 desc")[0] == (True, None, True)


def test_two_accounts_with_their_own_zones(project: SmallProject) -> None:
    project.declare("orders", "settings")
    project.write("models/staging/acme/base/base_acme__settings.sql",
                  "{% set contract = [('time_zone', 'zone', 'text', 'required')] %}{{ staged_documents('acme', 'settings', contract) }}")
    project.write("models/staging/acme/base/base_acme__orders.sql",
                  "{% set contract = [('ordered_at', 'at', 'local', 'required')] %}"
                  "{{ staged_documents('acme', 'orders', contract, zones=ref('base_acme__settings')) }}")
    project.land("settings", Document("s", {"zone": "Asia/Yekaterinburg"}), Document("s", {"zone": "Nowhere/Land"}, account="third"))
    project.land("orders", *[Document("1", {"at": "2026-01-01 00:30:00"}, account=account) for account in ("main", "second", "third")])
    project.build()
    assert project.rows("select source_account, ordered_at::varchar from staging.base_acme__orders order by 1") == [
        ("main", "2025-12-31 19:30:00"),      # its own zone
        ("second", "2025-12-31 21:30:00"),    # no settings: the business zone, Moscow
        ("third", "2025-12-31 21:30:00"),     # a zone that nobody knows
    ]


def test_an_account_that_moves_to_another_zone_is_read_again(project: SmallProject) -> None:
    project.declare("orders", "settings")
    project.write("models/staging/acme/base/base_acme__settings.sql",
                  "{% set contract = [('time_zone', 'zone', 'text', 'required')] %}{{ staged_documents('acme', 'settings', contract) }}")
    project.write("models/staging/acme/base/base_acme__orders.sql",
                  "{% set contract = [('ordered_at', 'at', 'local', 'required')] %}"
                  "{{ staged_documents('acme', 'orders', contract, zones=ref('base_acme__settings')) }}")
    project.land("orders", Document("1", {"at": "2026-01-01 12:00:00"}))
    project.land("settings", Document("s", {"zone": "Asia/Yekaterinburg"}))
    project.build()
    project.land("settings", Document("s", {"zone": "Asia/Omsk"}))
    project.build()
    assert project.rows("select ordered_at::varchar, local_time_zone from staging.base_acme__orders") == [
        ("2026-01-01 06:00:00", "Asia/Omsk")]


def test_an_empty_shelf_is_an_empty_table_with_its_types(orders: SmallProject) -> None:
    orders.build()
    assert orders.rows("select count(*) from staging.base_acme__orders") == [(0,)]
    assert orders.rows("select data_type from information_schema.columns where table_name = 'base_acme__orders' "
                       "and column_name in ('gross_amount', 'ordered_at', 'is_accepted') order by column_name") == [
        ("DECIMAL(18,2)",), ("BOOLEAN",), ("TIMESTAMP",)]


def test_one_place_read_in_two_shapes_is_refused(project: SmallProject) -> None:
    project.declare("orders")
    project.write("models/staging/acme/base/base_acme__orders.sql",
                  "{% set contract = [('phones', 'phones', 'json', ''), ('phone', 'phones[0].number', 'text', '')] %}"
                  "{{ staged_documents('acme', 'orders', contract) }}")
    with pytest.raises(AssertionError, match="in two shapes at once"):
        project.build()


def test_times_are_utc(orders: SmallProject) -> None:
    orders.land("orders", order("1", 1), at=datetime(2026, 11, 1, 3, 0, tzinfo=UTC))
    orders.build()
    assert orders.rows("select version_at::varchar, loaded_at::varchar from staging.base_acme__orders") == [
        ("2026-11-01 03:00:00", "2026-11-01 03:00:00")]


def test_every_version_is_kept_where_it_is_asked_for(project: SmallProject) -> None:
    """Night by night the same as all at once, an old one that arrives late included."""
    project.declare("orders")
    project.write("models/staging/acme/base/base_acme__orders.sql",
                  ORDERS.replace("MONEY", "money").replace("contract) }}", "contract, every_version=true) }}"))
    project.land("orders", order("1", 1, version_at=FIRST_LOAD), order("2", "abc", version_at=FIRST_LOAD))
    project.build()
    project.land("orders", order("1", 1, version_at=FIRST_LOAD + timedelta(days=7)))
    project.land("orders", order("1", 3, version_at=FIRST_LOAD - timedelta(days=7)))
    project.build()
    kept = "select document_key, version_at::date::varchar, gross_amount::varchar, is_accepted from staging.base_acme__orders order by all"
    night_by_night = project.rows(kept)
    assert night_by_night == [
        ("1", "2026-10-25", "3.00", True), ("1", "2026-11-01", "1.00", True), ("1", "2026-11-08", "1.00", True),
        ("2", "2026-11-01", None, False)]
    project.build("--full-refresh")
    assert project.rows(kept) == night_by_night
