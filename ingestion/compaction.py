"""Many small files of the lake into few, and what may leave it left out; whoever reads the lake finds the same documents.

    files of a list ──► .swaps/<id>.parquet, compared with them ──► .swaps/<id>.json, the promise ──► the list's folder, the old files go

A night leaves a file in each list that had news, and a reader pays for each file. Rows keep everything they have, `_dlt_load_id` above all,
so that staging, which goes by load, neither reads them again nor misses one. A swap counts from the moment its promise is on disk: whoever
dies before it has changed nothing, whoever dies after it is finished for by the next who holds the refresh lock (`recover`), before
anybody stages. Landing, dbt and audits run under that lock, so they see the old files or the new one. A program without it finds each
document at every moment, for LISTED_SECONDS twice: so long may it take to list a folder. What it has listed may be gone when it is opened,
which is an error and never a document less.
"""

import json
import shutil
import time
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import duckdb

from ingestion import rooms, shelves

SWAPS, DROPPED = ".swaps", "dropped"
SHELF = "shelf."
SMALL_BYTES, GROUP_BYTES = 32 << 20, 256 << 20
LISTED_SECONDS = 2.0
ROWS_IN_A_GROUP = 40_960
NOT_LANDED = "filename, file_row_number"  # what DuckDB tells of a row beside its columns


class LakeError(Exception):
    """A file of the lake cannot be replaced; the text is a sentence. Nothing was removed."""


@dataclass(frozen=True)
class Swap:
    """One file in the place of others. `folder`: of the list, from the lake's; `file`: the new one's name, empty when nothing is left to
    write; `dropped`: account -> documents that left the lake with the old ones."""

    id: str
    folder: str
    file: str
    replaces: tuple[str, ...]
    dropped: dict[str, int] = field(default_factory=dict)


def files(folder: Path) -> list[Path]:
    """What was landed in a folder of the lake, by name; its empty shelf is none of it."""
    return sorted(path for path in folder.glob("*") if path.suffix in (".parquet", ".jsonl") and not path.name.startswith((".", SHELF)))


def small(found: Iterable[Path]) -> list[Path]:
    """Those of the files that are worth putting together."""
    return [path for path in found if path.stat().st_size < SMALL_BYTES]


def groups(found: Sequence[Path]) -> list[list[Path]]:
    """The files in their order, as many together as make one file of GROUP_BYTES."""
    made: list[list[Path]] = []
    room = 0
    for path in found:
        size = path.stat().st_size
        if not made or size > room:
            made.append([])
            room = GROUP_BYTES
        made[-1].append(path)
        room -= size
    return made


def read_landed(connection: duckdb.DuckDBPyConnection, dataset: Path, found: Sequence[Path]) -> None:
    """Make the table `landed`, one row per row of these files without its payload: file, row_in_file, source_account, document_key,
    version_at, load_id, loaded_at (both UTC; NULL where the load was never finished), operation."""
    connection.execute(
        f"""
        create or replace temp table landed as
        with loads as (
            select load_id, max(cast(inserted_at as timestamptz) at time zone 'UTC') as loaded_at
            from read_json({rooms.quoted(dataset / '_dlt_loads' / '*.jsonl')}, format = 'newline_delimited',
                columns = {{load_id: 'VARCHAR', status: 'BIGINT', inserted_at: 'VARCHAR'}})
            where status = 0
            group by load_id
        )
        select
            rows.filename as file, rows.file_row_number as row_in_file,
            coalesce(rows.source_account, '') as source_account, coalesce(rows.document_key, '') as document_key,
            coalesce(cast(rows.version_at as timestamp), loads.loaded_at) as version_at,
            rows._dlt_load_id as load_id, loads.loaded_at, coalesce(rows.operation, 'upsert') as operation
        from {_rows(found)} as rows
        left join loads on rows._dlt_load_id = loads.load_id
        """)


def unfinished(connection: duckdb.DuckDBPyConnection) -> set[Path]:
    """The files of `landed` that hold a row of a load that was never finished, or is not yet."""
    return {Path(file) for (file,) in connection.execute("select distinct file from landed where loaded_at is null").fetchall()}


def nothing_superseded(connection: duckdb.DuckDBPyConnection) -> None:
    """Make the table `superseded` (file, row_in_file), empty: everything stays."""
    connection.execute("create or replace temp table superseded as select file, row_in_file from landed limit 0")


def superseded(connection: duckdb.DuckDBPyConnection) -> dict[Path, tuple[int, int]]:
    """file -> (rows of it that stand in `superseded`, rows in all); files of which none does are left out."""
    counted = connection.execute("select file, count(superseded.row_in_file), count(*) from landed left join superseded "
                                 "using (file, row_in_file) group by file having count(superseded.row_in_file) > 0").fetchall()
    return {Path(file): (rows, of) for file, rows, of in counted}


def rewrite(connection: duckdb.DuckDBPyConnection, lake: Path, group: Sequence[Path]) -> Swap:
    """Write what stays of these files of one list into one and promise to put it in their place. The connection has the tables `landed`
    and `superseded`. Raises LakeError when what was written is not what stood there."""
    folder = group[0].parent
    names = [str(path) for path in group]
    dropped = dict(connection.execute("select source_account, count(*) from landed join superseded using (file, row_in_file) "
                                      "where list_contains($files, file) group by all", {"files": names}).fetchall())
    staying = (f"select * exclude ({NOT_LANDED}) from {_rows(group)} as rows "
               "where not exists (select 1 from superseded where file = rows.filename and row_in_file = rows.file_row_number)")
    swap_id = uuid.uuid4().hex
    half = lake / SWAPS / f"{swap_id}.half"
    half.parent.mkdir(parents=True, exist_ok=True)
    connection.execute(f"copy ({staying}) to {rooms.quoted(half)} (format parquet, compression zstd, row_group_size {ROWS_IN_A_GROUP})")
    print_of = "select count(*), coalesce(sum(hash(kept)::hugeint), 0), coalesce(bit_xor(hash(kept)), 0) from"
    wanted = connection.execute(f"{print_of} ({staying}) as kept").fetchone()
    written = connection.execute(f"{print_of} read_parquet({rooms.quoted(half)}) as kept").fetchone()
    if wanted != written:
        half.unlink()
        raise LakeError(f"{folder.relative_to(lake)}: {wanted[0]} rows of {len(group)} files were to be put together, and reading them "
                        f"back gave {written[0]}, or others. Nothing was changed.")
    name = f"merged.{datetime.now(UTC):%Y%m%dT%H%M%S}.{swap_id[:10]}.parquet" if written[0] else ""
    return promise(lake, Swap(swap_id, str(folder.relative_to(lake)), name, tuple(path.name for path in group), dropped), half)


def merge_lines(lake: Path, group: Sequence[Path]) -> Swap:
    """The same for files of JSON lines (dlt's loads, contacts); the name is the last one's, since some are read in the order of names."""
    swap_id = uuid.uuid4().hex
    half = lake / SWAPS / f"{swap_id}.half"
    half.parent.mkdir(parents=True, exist_ok=True)
    half.write_bytes(b"".join(path.read_bytes().rstrip(b"\n") + b"\n" for path in group if path.stat().st_size))
    folder = group[0].parent
    name = f"{group[-1].stem.partition('.merged')[0]}.merged{swap_id[:10]}.jsonl"
    return promise(lake, Swap(swap_id, str(folder.relative_to(lake)), name, tuple(path.name for path in group)), half)


def forsake(lake: Path, folder: Path, names: tuple[str, ...]) -> Swap:
    """Promise to remove files of loads that were never finished, whose documents nobody ever believed."""
    return promise(lake, Swap(uuid.uuid4().hex, str(folder.relative_to(lake)), "", names), None)


def promise(lake: Path, swap: Swap, half: Path | None) -> Swap:
    """Put a swap on record: from here on it is carried out, by this process or by `recover`."""
    if half and swap.file:
        shelves.settle(half, _new(lake, swap))
    elif half:
        half.unlink()
    written = lake / SWAPS / f"{swap.id}.json.half"
    written.parent.mkdir(parents=True, exist_ok=True)
    written.write_text(json.dumps(asdict(swap)), encoding="utf-8")
    shelves.settle(written, lake / SWAPS / f"{swap.id}.json")
    return swap


def carry_out(lake: Path, swaps: Sequence[Swap], *, listed_seconds: float = LISTED_SECONDS) -> None:
    """Do what was promised: the new files appear, whoever is listing the folder gets to its end, the old ones go. Every step may be
    repeated."""
    placed = [shelves.settle(_new(lake, swap), lake / swap.folder / swap.file) for swap in swaps if _new(lake, swap).exists()]
    if placed:
        time.sleep(listed_seconds)
    for swap in swaps:
        shelves.forget(lake / swap.folder / name for name in swap.replaces)
        if swap.dropped:
            _note(lake, swap)
        shelves.forget([lake / SWAPS / f"{swap.id}.json"])


def recover(lake: Path, *, listed_seconds: float = LISTED_SECONDS) -> int:
    """Carry out what a process that died had promised, and remove what it had not; how many swaps that were. The refresh lock is held."""
    promised = [Swap(**json.loads(path.read_text(encoding="utf-8"))) for path in sorted((lake / SWAPS).glob("*.json"))]
    carry_out(lake, promised, listed_seconds=listed_seconds)
    if (lake / SWAPS).exists():
        shutil.rmtree(lake / SWAPS)
    return len(promised)


def _new(lake: Path, swap: Swap) -> Path:
    return lake / SWAPS / f"{swap.id}.new"


def _note(lake: Path, swap: Swap) -> None:
    """How many documents left, so that what was received stays known (dbt's load_reconciliation)."""
    dataset, _, resource = swap.folder.partition("/")
    rows = [{"source_system": dataset.removeprefix("raw_"), "source_account": account, "resource": resource, "documents": documents,
             "dropped_at": datetime.now(UTC).isoformat()} for account, documents in sorted(swap.dropped.items())]
    half = lake / SWAPS / f"{swap.id}.note.half"
    half.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    shelves.settle(half, lake / DROPPED / f"{swap.id}.jsonl")


def _rows(found: Sequence[Path]) -> str:
    listed = ", ".join(map(rooms.quoted, found))
    return f"read_parquet([{listed}], union_by_name = true, hive_partitioning = false, filename = true, file_row_number = true)"
