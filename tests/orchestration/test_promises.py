"""Great Expectations over the newest loads, on a staging table made by hand."""

import json
from datetime import UTC, datetime, timedelta

import duckdb
import great_expectations.expectations as gxe
import pytest

from ingestion.expectations import Suite
from ingestion.vendors import vendors
from orchestration import audits, promises

VENDOR = vendors()[0]
RESOURCE = next(resource.name for resource in VENDOR.resources if resource.kind == "changes")
NIGHT = datetime(2026, 10, 31, 23, 0, tzinfo=UTC)


@pytest.fixture
def staged(own_data, monkeypatch):
    """staged(suite, {load_id: [(amount, is_accepted)]}) fills the staging table and dlt's list of finished loads."""

    def fill(suite, loads, *, unfinished=()):
        own_data.mkdir(parents=True, exist_ok=True)
        (own_data / "warehouse.duckdb").unlink(missing_ok=True)
        table = promises.base_table(VENDOR, RESOURCE)
        with duckdb.connect(str(own_data / "warehouse.duckdb")) as connection:
            connection.execute("create schema staging")
            connection.execute(
                f'create table staging."{table}" (source_account varchar, document_key varchar, version_at timestamp, load_id varchar, '
                "operation varchar, amount decimal(18, 2), problem varchar, is_accepted boolean, rejected_payload varchar)"
            )
            for load_id, rows in loads.items():
                for number, (amount, is_accepted) in enumerate(rows):
                    connection.execute(
                        f'insert into staging."{table}" values (?, ?, now(), ?, ?, ?, ?, ?, ?)',
                        [
                            "main",
                            f"{load_id}-{number}",
                            load_id,
                            "upsert",
                            amount,
                            None if is_accepted else "amount: not money",
                            is_accepted,
                            None if is_accepted else "{}",
                        ],
                    )
        folder = own_data / "lake" / VENDOR.dataset / "_dlt_loads"
        folder.mkdir(parents=True, exist_ok=True)
        for load_id in loads:
            status = 1 if load_id in unfinished else 0
            (folder / f"{load_id}.jsonl").write_text(json.dumps({"load_id": load_id, "status": status}) + "\n", encoding="utf-8")
        monkeypatch.setattr(promises, "_suites", lambda vendor: {RESOURCE: suite})
        if audits.newest_build() is None:
            audits.begin("night-1")

    return fill


def found():
    return promises.check_vendor(VENDOR, [RESOURCE])[0]


POSITIVE = Suite(RESOURCE, error=(gxe.ExpectColumnValuesToBeBetween(column="amount", min_value=0),))


def test_a_kept_promise(staged):
    staged(POSITIVE, {"1.0": [(10, True), (5, True)]})
    finding = found()
    assert (finding.passed, finding.blocks, finding.sentence) == (True, False, "")
    assert (finding.numbers["rows"], finding.numbers["expectations"], finding.numbers["newest_load"]) == (2, 1, "1.0")


def test_a_broken_promise_blocks_and_says_which(staged):
    staged(POSITIVE, {"1.0": [(10, True), (-5, True)]})
    finding = found()
    assert (finding.passed, finding.blocks) == (False, True)
    assert finding.sentence == (
        f"{VENDOR.name} {RESOURCE}: amount column values to be between {{'min_value': 0.0}}: 1 of 2 do not, such as -5.0."
    )
    assert audits.findings() == [finding]


def test_a_warning_is_shown_and_does_not_block(staged):
    staged(Suite(RESOURCE, warn=POSITIVE.error), {"1.0": [(-5, True)]})
    assert (found().passed, found().blocks) == (False, False)


def test_an_expectation_about_a_column_that_is_not_there_blocks(staged):
    staged(Suite(RESOURCE, error=(gxe.ExpectColumnValuesToNotBeNull(column="price"),)), {"1.0": [(5, True)]})
    assert (found().blocks, "could not be asked" in found().sentence) == (True, True)


def test_what_changed_at_the_vendor_and_what_was_told_twice_is_said_and_blocks_nothing(staged, own_data):
    staged(POSITIVE, {"1.0": [(5, True)]})
    with duckdb.connect(str(own_data / "warehouse.duckdb")) as connection:
        connection.execute("create schema marts")
        connection.execute("create table marts.vendor_fields (source_system varchar, resource varchar, field_path varchar, "
                           "field_type varchar, first_load_id varchar, change varchar)")
        rows = [("size", "text", "1.0", "added"), ("size", "number", "1.0", "added"), ("city", "text", "0.5", "vanished"),
                ("older", "text", "0.5", "added"), ("id", "text", "0.5", None)]
        told = [[VENDOR.name, RESOURCE, *row] for row in rows]
        connection.executemany("insert into marts.vendor_fields values (?, ?, ?, ?, ?, ?)", told)
        folder = own_data / "lake" / VENDOR.dataset / RESOURCE
        folder.mkdir(parents=True)
        connection.execute(f"copy (select 'main' as source_account, '7' as document_key, now() as version_at, 'upsert' as operation, "
                           f"'1.0' as _dlt_load_id, unnest(['{{}}', '[]']) as payload) to '{folder}/1.0.a.parquet'")
    finding = found()
    assert (finding.passed, finding.blocks) == (False, False)
    assert finding.sentence == (
        f"{VENDOR.name} {RESOURCE}: 1 keys were told twice at one moment with different content, of which the greater text is believed: 7; "
        "added at the vendor: size (number, text) (marts.vendor_fields); vanished at the vendor: city (text) (marts.vendor_fields).")


def test_only_what_has_not_stood_the_audits_is_looked_at(staged):
    staged(POSITIVE, {"1.0": [(-5, True)]})
    promises.let_through()
    staged(POSITIVE, {"1.0": [(-5, True)], "2.0": [(7, True)]})
    assert (found().passed, found().numbers["rows"]) == (True, 1)


def test_a_bad_load_is_looked_at_until_it_is_mended(staged):
    staged(POSITIVE, {"1.0": [(-5, True)], "2.0": [(7, True)]})
    assert found().blocks


def test_an_unfinished_load_is_not_believed(staged):
    staged(POSITIVE, {"1.0": [(5, True)], "2.0": [(-7, True)]}, unfinished=("2.0",))
    assert (found().passed, found().numbers["rows"]) == (True, 1)


def test_rejected_documents_are_counted_and_their_content_is_not_judged(staged):
    staged(POSITIVE, {"1.0": [(5, True), (-7, False)]})
    finding = found()
    assert (finding.blocks, finding.sentence) == (
        False,
        f"{VENDOR.name} {RESOURCE}: 1 of 2 documents break the contract and are in quarantine.",
    )


def test_a_table_of_which_most_is_rejected_blocks(staged):
    staged(POSITIVE, {"1.0": [(None, False)] * 60 + [(5, True)] * 40})
    assert found().blocks


@pytest.fixture
def nights(staged, contact, monkeypatch, clock_at):
    """nights(suite, [documents]) is a night each, a day apart, all but the last let through; gives what was found in each."""
    for name in ("BASE_URL", "API_KEY", "TOKEN", "SECRET_KEY", "ENDPOINT_ID"):
        monkeypatch.setenv(f"SOURCES__{VENDOR.name.upper()}__{name}", "x")
    clock_at(NIGHT)

    def pass_by(suite, documents):
        loads, told = {}, []
        for number, count in enumerate(documents):
            if number:
                promises.let_through()
            contact(VENDOR.name, NIGHT - timedelta(days=len(documents) - 1 - number), loaded_from=NIGHT - timedelta(days=len(documents)))
            loads |= {f"{number}.0": [(5, True)] * count} if count else {}
            staged(suite, loads)
            told.append(found())
        return told

    return pass_by


def test_the_volume_is_measured_per_day(nights):
    first, second = nights(Suite(RESOURCE, rows_per_day=(1, 10)), [5, 30])
    assert first.passed
    assert second.blocks
    assert second.sentence == f"{VENDOR.name} {RESOURCE}: {VENDOR.name}/main sent 30.0 documents a day over 1.0 days, expected 1 to 10."


def test_a_night_that_brings_nothing_where_something_was_promised_blocks(nights):
    found = nights(Suite(RESOURCE, rows_per_day=(1, 10)), [5, 0])[-1]
    assert (found.blocks, found.sentence) == (
        True, f"{VENDOR.name} {RESOURCE}: {VENDOR.name}/main sent 0.0 documents a day over 1.0 days, expected 1 to 10.")


def test_the_volume_counts_also_what_is_too_much_to_be_looked_at(nights, monkeypatch):
    monkeypatch.setattr(promises, "MOST_ROWS", 10)
    assert [one.blocks for one in nights(Suite(RESOURCE, rows_per_day=(0, 10)), [10, 11])] == [False, True]


def test_ten_times_the_usual_warns_until_it_is_not_learned_from(nights):
    *usual, first, second = nights(Suite(RESOURCE), [20, 10, 11, 9, 10, 12, 10, 100, 101])
    assert all(one.passed for one in usual)
    assert (first.passed, first.blocks, first.sentence) == (
        False, False, f"{VENDOR.name} {RESOURCE}: {VENDOR.name}/main sent 100 documents a day, usually 10 a day (7 nights).")
    assert second.sentence.endswith("sent 101 documents a day, usually 10 a day (7 nights).")


def test_a_list_that_is_never_empty_and_is_warns(nights):
    *_, normal, empty = nights(Suite(RESOURCE), [20, 10, 11, 9, 10, 12, 10, 13, 0])
    assert normal.passed
    assert (empty.passed, empty.blocks, empty.sentence) == (
        False, False, f"{VENDOR.name} {RESOURCE}: {VENDOR.name}/main sent nothing over 1.0 days, usually 10 a day (8 nights).")


def test_an_empty_night_of_a_list_that_often_is_empty_is_no_news(nights):
    assert all(one.passed for one in nights(Suite(RESOURCE), [20, 40, 0, 9, 70, 12, 90, 13, 0]))


def test_what_a_backfill_brings_is_judged_and_is_no_days_volume(nights, staged, own_data):
    suite = Suite(RESOURCE, error=POSITIVE.error, rows_per_day=(1, 10))
    nights(suite, [5, 6])
    promises.let_through()
    note = {"source_system": VENDOR.name, "load_ids": ["2.0"]}
    (own_data / "lake" / "backfills").mkdir()
    staged(suite, {"0.0": [(5, True)] * 5, "1.0": [(5, True)] * 6, "2.0": [(5, True)] * 50})
    assert found().blocks
    (own_data / "lake" / "backfills" / "1.json").write_text(json.dumps(note), encoding="utf-8")
    assert (found().passed, found().numbers["rows"], found().numbers["rows_per_day"]) == (True, 50, {"main": 0.0})
    staged(suite, {"0.0": [(5, True)] * 5, "1.0": [(5, True)] * 6, "2.0": [(-5, True)] * 50})
    assert found().blocks
