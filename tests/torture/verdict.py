"""What a stranger may ask of a machine after a crash and a rerun: are the marts the same, and is anything left behind?

    published/ of two machines  ──►  differences(), table by table        a data folder  ──►  leftovers(), as sentences
"""

import os
import re
from pathlib import Path

import dagster as dg
import duckdb

from ingestion import lock

# Columns that name the moment or the refresh itself. Everything else must be equal, row by row.
OF_THE_RUN: dict[str, dict[str, str]] = {
    "load_reconciliation": {
        "refresh_id": "the run",
        "received": "documents as often as they were landed: what a crash had landed and not put on record is landed again, and so is what "
                    "a vendor tells of the last days each time",
        "superseded": "received less the newest of each key; staged, quarantined, lost_keys, stale_keys and is_balanced are compared",
        "newly_received": "received, of this run alone",
    },
    "vendor_fields": {"documents_share": "of documents as often as they were landed", "first_load_id": "the load's name is its moment"},
    "publications": {"version": "ends in the run's id", "previous_version": "so does that one", "refresh_id": "the run"},
    "restatements": {"version": "ends in the run's id"},
}
HALVES = re.compile(r"(\.half$|\.flipping$|^\.building-|^\.removing-|^\.parsing-|^\.hash_key\.|^duckdb_temp_|\.wal$|\.\d+$)")


def differences(published: Path, reference: Path) -> tuple[int, list[str]]:
    """(tables compared, what differs) of marts and pii of two published folders."""
    files = ("omnimart.duckdb", "marts"), ("contacts.duckdb", "pii")
    both = [differences_of_files(published / file, reference / file, schema) for file, schema in files]
    return sum(compared for compared, _ in both), [one for _, found in both for one in found]


def differences_of_files(file: Path, reference: Path, schema: str) -> tuple[int, list[str]]:
    """The same of one schema of two DuckDB files."""
    found = []
    with duckdb.connect() as connection:
        for name, path in (("own", file), ("other", reference)):
            connection.execute(f"attach '{path.resolve()}' as {name} (read_only)")
        own, other = (_columns(connection, name, schema) for name in ("own", "other"))
        for table in sorted(own.keys() | other.keys()):
            if own.get(table) != other.get(table):
                found.append(f"{schema}.{table}: other columns")
                continue
            said = _differs(connection, schema, table, own[table])
            found += [said] if said else []
    return len(own.keys() | other.keys()), found


def _columns(connection: duckdb.DuckDBPyConnection, database: str, schema: str) -> dict[str, list[str]]:
    rows = connection.execute("select table_name, column_name from duckdb_columns() where database_name = ? and schema_name = ? "
                              "order by table_name, column_index", [database, schema]).fetchall()
    found: dict[str, list[str]] = {}
    for table, column in rows:
        found.setdefault(table, []).append(column)
    return found


def _differs(connection: duckdb.DuckDBPyConnection, schema: str, table: str, columns: list[str]) -> str:
    spelled = ", ".join(f'"{column}"' for column in columns if column not in OF_THE_RUN.get(table, {}))
    if not spelled:
        return ""
    sides = [f'select {spelled} from {name}.{schema}."{table}"' for name in ("own", "other")]
    more, less = (connection.execute(f"select count(*) from (({a}) except all ({b}))").fetchone()[0] for a, b in (sides, sides[::-1]))
    if not more and not less:
        return ""
    which = [column for column in columns if column not in OF_THE_RUN.get(table, {}) and connection.execute(
        f'select count(*) from ((select "{column}" from own.{schema}."{table}") except all '
        f'(select "{column}" from other.{schema}."{table}"))').fetchone()[0]]
    return f"{schema}.{table}: {more} rows that the reference lacks, {less} that it alone has; columns {', '.join(which) or 'together'}"


def leftovers(data: Path, *, known: frozenset[str] = frozenset()) -> list[str]:
    """What a crash left in a data folder and no later run took away: halves, locks, dead runs, slots, pending loads, processes, and
    versions that are neither published nor `known` from before."""
    files = (path for path in data.rglob("*") if not path.is_relative_to(data / "dlt"))
    halves = [path for path in files if HALVES.search(path.name) or path.parent.name in (".halves", ".swaps")]
    return [
        *(f"half: {path.relative_to(data)}" for path in halves),
        *_versions(data, known),
        *_locks(data),
        *_of_dagster(data / "dagster"),
        *_pending(data / "dlt"),
        *(f"process {process}" for process in processes(data)),
    ]


def processes(data: Path) -> list[str]:
    """Processes that were given this data folder: pid and command line."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and int(entry.name) != os.getpid():
            try:
                environment = (entry / "environ").read_bytes().split(b"\0")
                command = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace").strip()
            except OSError:
                continue
            if f"OMNIMART_DATA={data}".encode() in environment and command:
                found.append(f"{entry.name} {command}")
    return found


def _versions(data: Path, known: frozenset[str]) -> list[str]:
    folder = data / "published" / "versions"
    whole = [path for path in folder.iterdir() if not path.name.startswith(".")] if folder.exists() else []
    wanted = ("omnimart.duckdb", "contacts.duckdb", "marts", "history", "version.json")
    halves = [f"version {path.name} lacks {name}" for path in whole for name in wanted if not (path / name).exists()]
    with duckdb.connect(str((data / "published" / "omnimart.duckdb").resolve()), read_only=True) as connection:
        told = {name for (name,) in connection.execute("select version from marts.publications").fetchall()}
    return halves + [f"version {path.name} was never published" for path in whole if path.name not in told | known]


def _locks(data: Path) -> list[str]:
    before = os.environ.get("OMNIMART_DATA")
    os.environ["OMNIMART_DATA"] = str(data)
    try:
        note = data / "refresh.holder"
        return [*(["the refresh lock is held"] if not lock.is_idle() else []), *(["refresh.holder"] if note.exists() else [])]
    finally:
        os.environ.pop("OMNIMART_DATA") if before is None else os.environ.update(OMNIMART_DATA=before)


def _of_dagster(folder: Path) -> list[str]:
    before = os.environ.get("DAGSTER_HOME")
    os.environ["DAGSTER_HOME"] = str(folder)
    try:
        with dg.DagsterInstance.get() as instance:
            runs = [f"run {run.run_id[:8]} is {run.status.value}" for run in instance.get_runs() if not run.is_finished]
            log = instance.event_log_storage
            slots = [f"slot of {key}" for key in log.get_concurrency_keys() if log.get_concurrency_info(key).active_slot_count]
            return runs + slots
    finally:
        os.environ.pop("DAGSTER_HOME") if before is None else os.environ.update(DAGSTER_HOME=before)


def _pending(folder: Path) -> list[str]:
    """dlt's packages that were not loaded to their end."""
    stages = ("normalize/extracted/*", "load/normalized/*", "load/new/*", "normalize/new/*")
    return [f"pending: {path.relative_to(folder)}" for stage in stages for path in folder.glob(f"*/{stage}")]


