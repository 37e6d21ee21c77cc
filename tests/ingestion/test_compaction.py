"""Small files of the lake put together: the same documents for whoever reads, also while it happens and after it was killed."""

import json
import threading
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from ingestion import compaction, lake
from ingestion.compaction import carry_out, files, groups, merge_lines, read_landed, recover, rewrite
from orchestration import shortage
from tests.torture.trap import BALLAST, Trap, dies, ends

NIGHTS = 12
FIRST = datetime(2026, 10, 1, tzinfo=UTC)
# In the order of the steps; whether the swap is promised when the process dies there.
STEPS = {
    "half of the new file": (Trap("ingestion.shelves:settle", "before", about=".new"), False),
    "the new file is safe, nothing is promised": (Trap("ingestion.shelves:settle", "before", about=".json"), False),
    "half of the promise": (Trap("pathlib:Path.write_text", "halfway", about=".json.half"), False),
    "promised": (Trap("ingestion.compaction:promise", "after"), True),
    "before the new file appears": (Trap("ingestion.shelves:settle", "before", about="merged."), True),
    "both stand there": (Trap("ingestion.shelves:forget", "before"), True),
    "half of the old files are gone": (Trap("pathlib:Path.unlink", "after", about="/orders/", nth=NIGHTS // 2), True),
    "the old files are gone, not noted": (Trap("ingestion.compaction:_note", "before"), True),
    "noted, the promise not removed": (Trap("ingestion.compaction:_note", "after"), True),
}


@pytest.fixture
def orders(own_data):
    """The folder of a list that was landed on a dozen nights: one order that changes each night, and a new one each night."""
    folder = lake.root() / "raw_acme" / "orders"
    folder.mkdir(parents=True)
    (folder.parent / "_dlt_loads").mkdir()
    (folder / "shelf.parquet").write_bytes(b"")
    for night in range(NIGHTS):
        land(folder, night, ["changes", f"new {night}"])
    return folder


def land(folder, night, keys, *, is_finished=True):
    at, load = FIRST + timedelta(days=night), f"{1_790_000_000 + night}.25"
    rows = [{"source_account": "main", "document_key": key, "cursor": None, "version_at": at, "operation": "upsert",
             "payload": json.dumps({"told": night, "about": "Ёлка"}), "_dlt_load_id": load} for key in keys]
    half = folder / f"{load}.half"
    pq.write_table(pa.Table.from_pylist(rows, lake.LANDED), half)
    half.replace(folder / f"{load}.abc.parquet")
    if is_finished:
        told = {"load_id": load, "status": 0, "inserted_at": at.isoformat()}
        (folder.parent / "_dlt_loads" / f"acme__{load}.jsonl").write_text(json.dumps(told) + "\n")


def documents(folder):
    """Every row that is believed, as a program that knows nothing of this reads it."""
    return duckdb.sql(
        f"""
        select * from read_parquet({[str(path) for path in files(folder)]}, union_by_name = true)
        where _dlt_load_id in (select load_id from read_json('{folder.parent}/_dlt_loads/*.jsonl', columns = {{load_id: 'VARCHAR'}}))
        order by all
        """).fetchall()


def put_together(folder, *, without=""):
    """All of a list into one file; `without`: which rows of `landed` leave."""
    with duckdb.connect() as connection:
        connection.execute("set TimeZone = 'UTC'")
        read_landed(connection, folder.parent, files(folder))
        compaction.nothing_superseded(connection)
        if without:
            connection.execute(f"insert into superseded select file, row_in_file from landed where {without}")
        swaps = [rewrite(connection, lake.root(), group) for group in groups(files(folder))]
    carry_out(lake.root(), swaps, listed_seconds=0)


def test_many_files_become_one_and_every_row_keeps_its_load(orders):
    before = documents(orders)
    put_together(orders)
    assert len(files(orders)) == 1
    assert documents(orders) == before
    assert len({row[-1] for row in before}) == NIGHTS
    written = pq.read_schema(files(orders)[0])
    assert {name: written.field(name).type for name in written.names} == {field.name: field.type for field in lake.LANDED}


def test_what_leaves_is_noted_and_nothing_else_leaves(orders):
    before = documents(orders)
    put_together(orders, without="document_key = 'changes' and version_at < timestamp '2026-10-05'")
    gone = [row for row in before if row not in documents(orders)]
    assert [(row[1], row[3].day) for row in gone] == [("changes", day) for day in (1, 2, 3, 4)]
    (note,) = (lake.root() / compaction.DROPPED).glob("*.jsonl")
    told = json.loads(note.read_text())
    assert (told["source_system"], told["source_account"], told["resource"], told["documents"]) == ("acme", "main", "orders", 4)


def test_a_list_of_which_all_leaves_needs_no_file(orders):
    put_together(orders, without="true")
    assert files(orders) == []


@pytest.mark.parametrize("step", STEPS)
def test_a_swap_that_is_killed_loses_and_doubles_nothing(orders, step):
    trap, is_promised = STEPS[step]
    before, gone = documents(orders), "document_key = 'new 3'"
    after = [row for row in before if row[1] != "new 3"]
    assert dies(trap, lambda: put_together(orders, without=gone))
    assert {row[1] for row in documents(orders)} >= {row[1] for row in after}, "a reader of the torn lake misses a document"
    assert recover(lake.root(), listed_seconds=0) == is_promised
    assert documents(orders) == (after if is_promised else before)
    assert len(list((lake.root() / compaction.DROPPED).glob("*.jsonl"))) == is_promised
    assert not (lake.root() / compaction.SWAPS).exists()
    recover(lake.root(), listed_seconds=0)
    assert documents(orders) == (after if is_promised else before)


def test_a_file_that_reads_back_otherwise_replaces_nothing(orders, monkeypatch):
    before = {path.name for path in files(orders)}
    connect = duckdb.connect

    class Lossy:
        """A connection to a disk that loses a row of what is copied to it."""

        def __init__(self):
            self.real = connect()

        def __enter__(self):
            return self

        def __exit__(self, *_):
            self.real.close()

        def execute(self, statement, *more):
            return self.real.execute(statement.replace(") to '", " limit 3) to '") if statement.startswith("copy") else statement, *more)

    monkeypatch.setattr(duckdb, "connect", Lossy)
    with pytest.raises(compaction.LakeError, match=r"24 rows of 12 files .* gave 3"):
        put_together(orders)
    assert {path.name for path in files(orders)} == before


def test_readers_without_the_lock_never_miss_a_document(orders):
    """Three programs that list, open and read again and again while the list is put together. What was listed may be gone when it is
    opened; then it is looked once more."""
    before = {row[:2] for row in documents(orders)}
    wrong, looks, done = [], [0], threading.Event()

    def look():
        while not done.is_set():
            try:
                found = duckdb.connect().sql(f"select distinct source_account, document_key from read_parquet('{orders}/[!s]*.parquet')")
                if missing := before - set(found.fetchall()):
                    wrong.append(missing)
                looks[0] += 1
            except duckdb.IOException as gone:
                if "No such file" not in str(gone):
                    wrong.append(gone)

    readers = [threading.Thread(target=look) for _ in range(3)]
    for reader in readers:
        reader.start()
    for night in range(NIGHTS, NIGHTS + 8):
        land(orders, night, [f"new {night}"])
        with duckdb.connect() as connection:
            read_landed(connection, orders.parent, files(orders))
            compaction.nothing_superseded(connection)
            swap = rewrite(connection, lake.root(), files(orders))
        carry_out(lake.root(), [swap], listed_seconds=0.1)
    done.set()
    for reader in readers:
        reader.join()
    assert wrong == []
    assert looks[0] > 10
    assert len(files(orders)) == 1


def test_a_load_that_is_not_finished_is_told(orders):
    land(orders, NIGHTS, ["half"], is_finished=False)
    with duckdb.connect() as connection:
        read_landed(connection, orders.parent, files(orders))
        assert [path.name for path in compaction.unfinished(connection)] == [f"{1_790_000_000 + NIGHTS}.25.abc.parquet"]


def test_records_of_loads_and_contacts_keep_their_lines_and_their_order(orders):
    loads = orders.parent / "_dlt_loads"
    before = [line for path in files(loads) for line in path.read_text().splitlines()]
    last = files(loads)[-1].name
    carry_out(lake.root(), [merge_lines(lake.root(), files(loads))], listed_seconds=0)
    land(orders, NIGHTS, ["one more"])
    merged, newest = files(loads)
    assert merged.read_text().splitlines() == before
    assert merged.name.startswith(last.removesuffix(".jsonl"))
    assert newest.name == f"acme__{1_790_000_000 + NIGHTS}.25.jsonl"


def test_large_files_are_left_and_groups_are_bounded(orders, monkeypatch):
    monkeypatch.setattr(compaction, "GROUP_BYTES", 3 * files(orders)[0].stat().st_size + 100)
    assert [len(group) for group in groups(files(orders))] == [3, 3, 3, 3]
    monkeypatch.setattr(compaction, "SMALL_BYTES", files(orders)[0].stat().st_size)
    assert compaction.small(files(orders)) == [path for path in files(orders) if path.stat().st_size < compaction.SMALL_BYTES]


@pytest.mark.parametrize("step", ["half of the new file", "half of the promise", "promised"])
def test_a_swap_that_finds_no_room_on_the_disk_loses_and_doubles_nothing(small_disk, orders, step):
    before = documents(orders)
    ended = ends(replace(STEPS[step][0], when="full"), lambda: put_together(orders))
    assert not ended or shortage.told(ended) == shortage.DISK, ended
    assert documents(orders) == before
    (small_disk / BALLAST).unlink()
    recover(lake.root(), listed_seconds=0)
    put_together(orders)
    assert documents(orders) == before
    assert len(files(orders)) == 1
