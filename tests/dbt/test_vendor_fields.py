"""The fields of vendors' documents: what is added, retyped and gone is told, and what only looks like it is not."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb
import pytest
from small_project import Document, SmallProject

from ingestion import compaction, fields, lake
from ingestion.vendor import Resource, Vendor
from orchestration import exports

ACME = Vendor("acme", "Acme", "shop", "", (Resource("orders", "changes", ""),), lambda *asked: None, (), lambda account: None)
NOON = datetime(2026, 11, 1, 12, tzinfo=UTC)
CHANGES = "select field_path, field_type, change, is_read_by_us from marts.vendor_fields where change is not null order by all"
MODELS = ("--exclude-resource-type", "test", "--select", "+vendor_fields")


@pytest.fixture(autouse=True)
def _with_quality(orders: SmallProject) -> None:
    orders.add_quality()
    orders.write("models/staging/acme/stg_acme__verdicts.sql", "{{ verdicts('acme', ['orders']) }}")
    orders.write("models/staging/acme/stg_acme__receipts.sql", "{{ lake_receipts('acme', ['orders']) }}")


def night(project: SmallProject, number: int, *documents: dict | str, count: int = 30) -> str:
    """A load of that night: these documents, in turn, as many as told."""
    asked = NOON + timedelta(days=number)
    told = [documents[at % len(documents)] for at in range(count)]
    load = project.land("orders", *[Document(f"{number}-{at}", one, version_at=asked) for at, one in enumerate(told)], at=asked)
    fields.note(ACME)
    return load


def written(**more: object) -> dict:
    return {"id": "1", "createdAt": "2026-10-01T00:00:00Z", "summ": 5, **more}


def test_what_is_added_retyped_and_gone_is_told_once_and_by_its_load(orders: SmallProject) -> None:
    plain = written(city="Moscow", note=None, lines=[{"sku": "a", "price": 1}])
    night(orders, 0, plain, written(city=None, lines=[]))
    night(orders, 1, {**plain, "city": "Omsk"})
    orders.build(*MODELS)
    assert orders.rows(CHANGES) == []
    drifted = written(summ="5", note="now and then", lines=[{"sku": "a", "price": 1, "tax": {"rate": 20}}], channel={"code": "web"})
    load = night(orders, 2, drifted, {key: value for key, value in drifted.items() if key != "createdAt"})
    night(orders, 6, *[{key: value for key, value in drifted.items() if key != "createdAt"}])
    told = [("channel", "object", "added", False), ("lines[].tax", "object", "added", False), ("summ", "text", "retyped", True)]
    orders.build(*MODELS)
    assert orders.rows(CHANGES) == told  # half of the second night's documents had no createdAt, so it was not always there
    with exports.reading() as connection:
        assert exports.changed_fields(connection, "acme", "orders", [load]) == [
            ("added", "channel", "object"), ("added", "lines[].tax", "object"), ("retyped", "summ", "text")]
        assert exports.changed_fields(connection, "acme", "orders", ["another"]) == []
    assert orders.rows("select field_path, documents_share from marts.vendor_fields where field_path in ('id', 'createdAt')") == [
        ("createdAt", 75 / 120), ("id", 1.0)]


@pytest.mark.parametrize("gone", [{}, {"city": None}], ids=["removed", "always null"])
def test_a_field_that_was_always_there_is_missed_after_some_days(orders: SmallProject, gone: dict) -> None:
    for number in (0, 1):
        night(orders, number, written(city="Moscow", rare=1), written(city="Omsk"))
    night(orders, 3, written(**gone))
    orders.build(*MODELS)
    assert orders.rows(CHANGES) == []
    night(orders, 4, written(**gone))
    orders.build(*MODELS)
    assert orders.rows(CHANGES) == [("city", "text", "vanished", False)]
    night(orders, 5, written(city="Tver", **({"summ": 6} if gone else {})))
    orders.build(*MODELS)
    assert orders.rows(CHANGES) == []


def test_keys_that_are_data_are_one_path(orders: SmallProject) -> None:
    """Ids, dates, telephones, mailboxes by their look; any others because there are many and each is rare."""
    def keyed(at: int) -> dict:
        return written(payments={str(at): {"sum": 1}}, days={f"2026-10-{at % 28 + 1:02}": 1}, phones={f"+7 900 {at:07}": 1},
                       people={f"ivan{at}@example.ru": 1, f"Иван Петров{at}": 1}, properties={f"colour_{at}": "red", "size": 1})

    night(orders, 0, *[keyed(at) for at in range(100)], count=100)
    night(orders, 1, *[keyed(at) for at in range(100, 200)], count=100)
    orders.build(*MODELS)
    assert orders.rows(CHANGES) == []
    assert orders.rows("select distinct field_path from marts.vendor_fields where contains(field_path, '.') order by 1") == [
        (path,) for path in ("days.*", "payments.*", "payments.*.sum", "people.*", "phones.*", "properties.*", "properties.size")]


def test_a_thin_sample_of_a_large_load_broken_and_bottomless_documents(orders: SmallProject) -> None:
    deep = '{"id":"1","tree":' + '{"a":' * 900 + "1" + "}" * 901
    night(orders, 0, json.dumps(written()), '{"id": nil}', '"nested too deeply: …"', deep, count=8000)
    orders.build(*MODELS)
    assert 300 < orders.rows("select documents from intermediate.int_vendor_fields where field_path = ''")[0][0] < 700  # half of a thousand
    assert orders.rows("select count(*) from marts.vendor_fields where field_path like 'tree%'") == [(31,)]


def test_the_memory_is_made_again_from_the_lake_and_a_repeated_look_changes_nothing(orders: SmallProject) -> None:
    night(orders, 0, written(city="Moscow"))
    at_once = fields.note(ACME)
    kept = fields.shelf(ACME).read_bytes()
    assert (fields.note(ACME), fields.shelf(ACME).read_bytes()) == (at_once, kept)
    orders.land("orders", Document("9", written(crashed=1)), status=None)
    assert fields.note(ACME) == at_once
    fields.shelf(ACME).unlink()
    assert (fields.note(ACME), fields.shelf(ACME).read_bytes()) == (at_once, kept)
    shelf = lake.root() / "raw_acme" / "orders"
    with duckdb.connect() as connection:
        compaction.read_landed(connection, shelf.parent, compaction.files(shelf))
        compaction.nothing_superseded(connection)
        swap = compaction.rewrite(connection, lake.root(), compaction.files(shelf))
    compaction.carry_out(lake.root(), [swap], listed_seconds=0)
    fields.shelf(ACME).unlink()
    assert (fields.note(ACME), fields.shelf(ACME).read_bytes()) == (at_once, kept), "also of files that were put together"
    assert fields.shelf(ACME).is_relative_to(Path(lake.root()))
