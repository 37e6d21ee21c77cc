"""Write, audit, publish: what readers see, and what keeps them from seeing it. The warehouses are made by hand."""

import stat
import subprocess
import sys
from datetime import UTC, datetime

import duckdb
import pytest

from ingestion import lock
from orchestration import audits, dbt, exports, gate, publish, versions
from orchestration.audits import Finding


def read(path, query):
    with duckdb.connect(str(path), read_only=True) as connection:
        return connection.execute(query).fetchall()


def pointer(data):
    link = data / "published" / "current"
    return link.readlink().name if link.is_symlink() else None


def test_a_publication_is_one_duckdb_file_parquet_and_contacts_apart(warehouse, own_data):
    warehouse([("o1", 10.0), ("o2", 5.5)])
    outcome = publish.publish("night-1")
    published = own_data / "published"
    assert outcome.flipped
    # As the build's own tables say, whenever the writing of it ended.
    assert versions.read(outcome.version.version).as_of == "2026-10-31T22:55:00+00:00"
    assert read(published / "omnimart.duckdb", "select sum(amount)::varchar from marts.orders") == [("15.50",)]
    assert duckdb.sql(f"select count(*) from '{published}/marts/orders.parquet'").fetchall() == [(2,)]
    assert read(published / "contacts.duckdb", "select email from pii.customer_contacts") == [("ivan@example.ru",)]
    assert read(published / "omnimart.duckdb", "select count(*) from duckdb_tables() where schema_name = 'pii'") == [(0,)]
    assert stat.S_IMODE((published / "contacts.duckdb").stat().st_mode) == 0o600
    assert list(published.rglob("*.wal")) == []


def test_the_file_opens_in_older_drivers_and_says_what_its_tables_mean(warehouse, own_data):
    warehouse()
    publish.publish("night-1")
    file = own_data / "published" / "omnimart.duckdb"
    # DuckDB's file format: the storage version stands after the checksum and the magic; 64 is v1.0.0 (duckdb.org, storage versions).
    assert file.resolve().read_bytes()[8:12] == b"DUCK"
    assert int.from_bytes(file.resolve().read_bytes()[12:20], "little") == 64
    assert read(file, "select comment from duckdb_tables() where table_name = 'orders'") == [
        ("Orders; one row per customer's order.",)
    ]
    assert read(file, "select comment from duckdb_columns() where table_name = 'orders' and column_name = 'order_id'") == [
        ("The order",)
    ]


def test_the_same_content_in_another_order_flips_nothing(warehouse, own_data):
    warehouse([("o1", 10.0), ("o2", 5.5)])
    first = publish.publish("night-1").version.version
    warehouse([("o2", 5.5), ("o1", 10.0)], refresh_id="night-2")
    outcome = publish.publish("night-2")
    assert (outcome.flipped, pointer(own_data)) == (False, first)
    assert outcome.sentence == f"No business table changed, so version {first} stays published."


def test_a_change_names_its_tables_and_the_version_before(warehouse, own_data):
    warehouse([("o1", 10.0)])
    first = publish.publish("night-1").version.version
    warehouse([("o1", 11.0)], refresh_id="night-2")
    outcome = publish.publish("night-2")
    assert outcome.changed == ("marts.order_lines", "marts.orders")
    assert outcome.version.previous_version == first
    rows = read(
        own_data / "published" / "omnimart.duckdb",
        "select version, refresh_id, previous_version, tables from marts.publications order by previous_version nulls first",
    )
    assert rows == [(first, "night-1", None, 4), (outcome.version.version, "night-2", first, 4)]
    history = own_data / "published" / "current" / "history"
    assert duckdb.sql(f"select count(*) from '{history}/publications.parquet'").fetchall() == [(2,)]
    assert duckdb.sql(f"select customer_id from '{history}/identity_registry.parquet'").fetchall() == [("c1",)]


@pytest.mark.parametrize(
    ("finding", "said"),
    [
        (
            Finding("test.omnimart.unique_orders", "dbt", False, sentence="dbt test unique_orders: Got 2 results."),
            "dbt test unique_orders: Got 2 results.",
        ),
        (
            Finding("shop.orders", "great_expectations", False, sentence="shop orders: amount below 0."),
            "shop orders: amount below 0.",
        ),
    ],
)
def test_a_failed_audit_leaves_the_old_version(warehouse, own_data, finding, said):
    warehouse([("o1", 10.0)])
    first = publish.publish("night-1").version.version
    warehouse([("o1", 11.0)], refresh_id="night-2")
    audits.record([finding])
    with pytest.raises(publish.Refused) as refusal:
        publish.publish("night-2")
    assert pointer(own_data) == first
    assert str(refusal.value) == f"Not published. Version {first} stays published. {said}"


def test_a_warning_blocks_nothing(warehouse, own_data):
    warehouse()
    audits.record([Finding("shop.orders", "great_expectations", False, blocks=False, sentence="shop orders: odd.")])
    assert publish.publish("night-1").flipped


def test_documents_that_do_not_add_up_leave_the_old_version(warehouse, own_data):
    warehouse([("o1", 10.0)])
    first = publish.publish("night-1").version.version
    warehouse([("o1", 11.0)], refresh_id="night-2", is_balanced=False)
    with pytest.raises(
        publish.Refused,
        match="shop/main orders: received 3 documents, but staged 2, superseded 0 and quarantined 0 do not add up",
    ):
        publish.publish("night-2")
    assert pointer(own_data) == first


def test_a_warehouse_that_was_not_built_to_its_end_is_not_published(warehouse, own_data):
    warehouse()
    audits.begin("night-2")
    with pytest.raises(publish.Refused, match="not built to its end"):
        publish.publish("night-2")
    assert pointer(own_data) is None


def test_a_finding_that_is_mended_alone_opens_the_gate(warehouse, own_data):
    warehouse()
    audits.record([Finding("test.omnimart.unique_orders", "dbt", False, sentence="dbt test unique_orders: Got 2 results.")])
    audits.record([Finding("test.omnimart.unique_orders", "dbt", True)])
    assert publish.publish("night-1").flipped


def test_a_warehouse_changed_by_hand_is_not_published_by_the_audits_of_before(warehouse, own_data, monkeypatch):
    warehouse()
    monkeypatch.setattr(dbt, "run_dbt", lambda args, **_: dbt.DbtOutcome(True, (), None))
    assert dbt.main(["test", "--select", "orders"]) == 0
    assert gate.reasons_to_refuse() == []
    assert dbt.main(["run", "--select", "orders"]) == 0
    (reason,) = gate.reasons_to_refuse()
    assert reason.startswith("The warehouse was changed by hand (dbt run) after it was audited. ")
    warehouse(refresh_id="night-2")
    assert gate.reasons_to_refuse() == []


READER = """
import sys, duckdb
both = "select (select max(amount)::integer from marts.orders), (select max(amount)::integer from marts.order_lines)"
while True:
    with duckdb.connect(sys.argv[1], read_only=True) as connection:  # through the link, as a BI tool is told to
        for _ in range(3):  # one open file is one version, however long it is held
            print(*connection.execute(both).fetchone(), flush=True)
"""


def test_readers_of_the_link_never_err_and_never_meet_two_versions(warehouse, own_data):
    warehouse([("o1", 1.0)])
    publish.publish("night-1")
    link = own_data / "published" / "omnimart.duckdb"
    readers = [
        subprocess.Popen([sys.executable, "-c", READER, str(link)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    first_lines = [reader.stdout.readline() for reader in readers]
    for night in (2, 3, 4):
        warehouse([("o1", float(night))], refresh_id=f"night-{night}")
        assert publish.publish(f"night-{night}").flipped
    ended = [reader.poll() for reader in readers]
    for reader in readers:
        reader.kill()  # a SIGTERM may be ignored: a shell's background job hands that on to its children
    met = {line for reader in readers for line in reader.communicate()[0].splitlines()[:-1]} | {
        line.strip() for line in first_lines
    }
    assert ended == [None, None]  # a reader that met an error would have ended
    assert met <= {"1 1", "2 2", "3 3", "4 4"}
    assert len(met) > 1


def test_a_held_file_keeps_its_version_when_the_next_ones_come(warehouse, own_data):
    warehouse([("o1", 1.0)])
    publish.publish("night-1")
    with duckdb.connect(str((own_data / "published" / "omnimart.duckdb").resolve()), read_only=True) as held:
        for night in (2, 3, 4, 5, 6, 7, 8):
            warehouse([("o1", float(night))], refresh_id=f"night-{night}")
            publish.publish(f"night-{night}")
            assert held.execute("select amount::integer from marts.orders").fetchall() == [(1,)]
    assert read((own_data / "published" / "omnimart.duckdb").resolve(), "select amount::integer from marts.orders") == [(8,)]
    assert len(list((own_data / "published" / "versions").iterdir())) == 5


def test_the_name_of_a_version_that_is_gone_is_not_given_again(warehouse, own_data, clock_at, tmp_path, monkeypatch):
    """The clock stands still and it is the same refresh, as when a night is published again and again."""
    clock_at(datetime(2026, 10, 31, 23, 0, tzinfo=UTC))
    (tmp_path / "rules.yml").write_text("publishing: {versions_kept: 2}\n", encoding="utf-8")
    monkeypatch.setenv("OMNIMART_BUSINESS_RULES", str(tmp_path / "rules.yml"))
    names = []
    for amount in range(5):
        warehouse([("o1", float(amount))])
        names.append(publish.publish("night-1").version.version)
    assert len(set(names)) == 5
    assert len(list((own_data / "published" / "versions").iterdir())) < 5


def test_rollback_goes_back_one_version_and_the_next_night_publishes_again(warehouse, own_data, capsys):
    warehouse([("o1", 1.0)])
    first = publish.publish("night-1").version.version
    warehouse([("o1", 2.0)], refresh_id="night-2")
    publish.publish("night-2")
    assert publish.main(["rollback"]) == 0
    assert pointer(own_data) == first
    assert publish.main(["rollback"]) == 1
    assert "is the first one" in capsys.readouterr().err
    assert publish.publish("night-3").version.previous_version == first


def test_nothing_published_means_nothing_to_go_back_to(own_data, capsys):
    assert publish.main(["rollback"]) == 1
    assert capsys.readouterr().err == "Nothing has been published yet, so there is no version to go back to.\n"


def test_a_crash_while_a_version_is_written_leaves_the_old_one_and_is_swept(warehouse, own_data, monkeypatch):
    warehouse([("o1", 1.0)])
    first = publish.publish("night-1").version.version
    warehouse([("o1", 2.0)], refresh_id="night-2")

    def die(*_, **__):
        raise OSError("No space left on device")

    with monkeypatch.context() as broken:
        broken.setattr(exports, "contacts_database", die)
        with pytest.raises(OSError, match="No space left"):
            publish.publish("night-2")
    assert pointer(own_data) == first
    halves = [path.name for path in (own_data / "published" / "versions").glob(".building-*")]
    assert [f".building-{version}" for version in versions.sweep()] == halves
    assert len(halves) == 1
    assert publish.publish("night-2").flipped


def test_two_refreshes_never_run_at_once(own_data):
    running = pytest.raises(lock.RefreshRunning, match=r"A refresh is already running .*process \d+ night-1")
    with lock.refresh_lock(holder="night-1"), running, lock.refresh_lock():
        pass
    with lock.refresh_lock():
        pass
