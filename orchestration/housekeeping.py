"""What the data folder need not keep, and what of the lake may be put together: after each publication, or by one command.

    business_rules.yml: retention  +  warehouse.duckdb (what staging accepted)  ──►  ingestion/compaction.py, Dagster's runs and logs

    python -m orchestration.housekeeping              do it now (`make housekeeping`)
    python -m orchestration.housekeeping --dry-run    say what would go and how much room that gives

The lake keeps every version of every record unless `lake_superseded_days` says otherwise. Whatever that says, the newest version of a key,
what staging stands on, an open record of quarantine with all versions since the last good one, every deletion, and lists of which every
version is read stay; so the warehouse can be built anew from the lake, and is the same.
"""

import shutil
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import dagster as dg
import duckdb
from dagster._core.storage.event_log.sqlite.sqlite_event_log import SqliteEventLogStorage

from ingestion import compaction, lake, lock, rooms
from ingestion.accounts import SettingError, read_env_file
from ingestion.vendor import Vendor
from ingestion.vendors import vendors
from orchestration import business_rules, exports, holders, home, shortage
from orchestration.manifest import manifest
from orchestration.raw_assets import OWNERS
from orchestration.rules import Retention

KEY = dg.AssetKey(["lake", "housekeeping"])
QUERY = Path(__file__).resolve().parent.parent / "dbt_project" / "queries" / "superseded_versions.sql"
WORTH_REWRITING = 0.2  # of a file's rows that may go
DEAD_AFTER = timedelta(days=7)  # a load that is not finished by then never will be: each contact drops what is pending
LINES = ("contacts", compaction.DROPPED)


@dataclass(frozen=True)
class Due:
    """Files of one list that become fewer. `documents`: how many leave the lake with them; `dead`: files of loads that never finished."""

    folder: Path
    files: tuple[Path, ...]
    documents: int
    room: int
    dead: tuple[Path, ...] = ()

    def sentence(self) -> str:
        """What is to be done."""
        said = [f"{len(self.files)} files become {len(compaction.groups(self.files))}"] if self.files else []
        said += [f"{self.documents} superseded documents go"] if self.documents else []
        said += [f"{len(self.dead)} files of loads that never finished go"] if self.dead else []
        return f"{self.folder.relative_to(lake.root())}: {', '.join(said)}, about {_size(self.room)}"


def keep_house(instance: dg.DagsterInstance, say: Callable[[str], None], *, is_dry: bool = False, now: datetime | None = None,
               listed_seconds: float = compaction.LISTED_SECONDS) -> int:
    """Do what is due, or only say it; gives the bytes that became free, or would. The refresh lock is held."""
    rules, now = business_rules.read().retention, now or datetime.now(UTC)
    if not is_dry:
        compaction.recover(lake.root(), listed_seconds=listed_seconds)
    freed = _keep_lake(rules, now, say, is_dry=is_dry, listed_seconds=listed_seconds)
    freed += _keep_runs(instance, now - timedelta(days=rules.runs_kept_days), say, is_dry=is_dry)
    say(f"Housekeeping: {'would free' if is_dry else 'freed'} about {_size(freed)}.")
    return freed


def _keep_lake(rules: Retention, now: datetime, say: Callable[[str], None], *, is_dry: bool, listed_seconds: float) -> int:
    until = None if rules.lake_superseded_days == "forever" else now - timedelta(days=rules.lake_superseded_days)
    freed, waiting = 0, []
    with _asking() as connection:
        for due in _due_lists(connection, until, rules.lake_small_files, now):
            say(due.sentence())
            if is_dry:
                freed += due.room
                continue
            for group in compaction.groups(due.files):
                waiting.append(compaction.rewrite(connection, lake.root(), group))
            if due.dead:
                names = tuple(path.name for path in due.dead)
                waiting.append(compaction.forsake(lake.root(), due.folder, names))
            if sum(_bytes(swap) for swap in waiting) >= compaction.GROUP_BYTES:
                freed += _carry_out(waiting, listed_seconds)
        for group in _due_lines(rules.lake_small_files):
            say(f"{group[0].parent.relative_to(lake.root())}: {len(group)} files of lines become one")
            waiting += [] if is_dry else [compaction.merge_lines(lake.root(), group)]
    return freed + _carry_out(waiting, listed_seconds)


def _carry_out(waiting: list[compaction.Swap], listed_seconds: float) -> int:
    before = sum(_bytes(swap) for swap in waiting)
    compaction.carry_out(lake.root(), waiting, listed_seconds=listed_seconds)
    files = [lake.root() / swap.folder / swap.file for swap in waiting if swap.file]
    waiting.clear()
    return before - sum(path.stat().st_size for path in files)


def _bytes(swap: compaction.Swap) -> int:
    return sum((lake.root() / swap.folder / name).stat().st_size for name in swap.replaces)


def _due_lists(connection: duckdb.DuckDBPyConnection, until: datetime | None, few: int, now: datetime) -> Iterator[Due]:
    """Lists with many small files, and those with a file of which much may go."""
    for vendor in vendors():
        for resource in vendor.resources:
            found = compaction.files(lake.root() / vendor.dataset / resource.name)
            small = set(compaction.small(found))
            judges = _judges(connection, vendor, resource.name) if until else ()
            if not found or (len(small) < few and not judges):
                continue
            compaction.read_landed(connection, lake.root() / vendor.dataset, found if judges else sorted(small))
            compaction.nothing_superseded(connection)
            if judges:
                _judged(connection, judges)
                connection.execute(QUERY.read_text(encoding="utf-8"), {"models": len(judges), "until": until.replace(tzinfo=None)})
            due = _due(connection, found, small if len(small) >= few else set(), now)
            if due.files or due.dead:
                yield due


def _due(connection: duckdb.DuckDBPyConnection, found: Sequence[Path], small: set[Path], now: datetime) -> Due:
    unfinished, going = compaction.unfinished(connection), compaction.superseded(connection)
    share = {path: rows / of for path, (rows, of) in going.items()}
    small = small - unfinished if len(small - unfinished) > 1 else set()
    files = tuple(path for path in found if path in small or (path not in unfinished and share.get(path, 0) >= WORTH_REWRITING))
    dead = tuple(path for path in found if path in unfinished and path.stat().st_mtime < (now - DEAD_AFTER).timestamp())
    room = sum(path.stat().st_size * share.get(path, 0) for path in files) + sum(path.stat().st_size for path in dead)
    return Due(found[0].parent, files, sum(going[path][0] for path in files if path in going), round(room), dead)


def _due_lines(few: int) -> Iterator[list[Path]]:
    for folder in (*(lake.root() / vendor.dataset / "_dlt_loads" for vendor in vendors()), *(lake.root() / name for name in LINES)):
        small = compaction.small(compaction.files(folder))
        if len(small) >= few:
            yield small


def _judges(connection: duckdb.DuckDBPyConnection, vendor: Vendor, resource: str) -> tuple[str, ...]:
    """The tables of the warehouse that keep the newest version of each key of a list; none where one keeps every version, or is not
    built, and then nothing is known to be superseded."""
    project = manifest()
    sources = [name for name, node in project["sources"].items() if (node["source_name"], node["name"]) == (vendor.dataset, resource)]
    readers = [project["nodes"][name] for source in sources for name in project["child_map"][source] if name in project["nodes"]]
    bases = [node for node in readers if node["config"].get("materialized") == "incremental"]
    built = exports.tables(connection, "staging") if exports.warehouse().exists() else []
    if any("version_at" in node["config"]["unique_key"] or node["alias"] not in built for node in bases):
        return ()
    return tuple(node["alias"] for node in bases)


def _judged(connection: duckdb.DuckDBPyConnection, tables: Sequence[str]) -> None:
    columns = "source_account, document_key, version_at, loaded_at, load_id, is_accepted"
    rows = [connection.table(f"warehouse.staging.{name}").project(f"'{name}' as model, {columns}") for name in tables]
    for more in rows[1:]:
        rows[0] = rows[0].union(more)
    rows[0].create_view("judged", replace=True)


@contextmanager
def _asking() -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection with the warehouse attached where there is one."""
    with exports.reading() if exports.warehouse().exists() else rooms.in_memory(lake.data_root()) as connection:
        connection.execute("set TimeZone = 'UTC'")
        yield connection


def _keep_runs(instance: dg.DagsterInstance, before: datetime, say: Callable[[str], None], *, is_dry: bool) -> int:
    """Runs that ended before then, with their events and what their steps wrote; the newest run of each job stays."""
    runs = instance.get_run_records()
    newest = {record.dagster_run.job_name: record.dagster_run.run_id for record in reversed(runs)}
    old = [record.dagster_run for record in runs if record.dagster_run.is_finished and record.create_timestamp < before
           and newest[record.dagster_run.job_name] != record.dagster_run.run_id]
    freed = 0
    for run in old:
        freed += sum(_size_of(path) for path in _files_of(instance, run))
        if not is_dry:
            instance.delete_run(run.run_id)
            for path in _files_of(instance, run):
                shutil.rmtree(path) if path.is_dir() else path.unlink()
    if old:
        say(f"Dagster: {len(old)} runs from before {before:%Y-%m-%d} {'would go' if is_dry else 'went'}, {_size(freed)}")
    return freed


def _files_of(instance: dg.DagsterInstance, run: dg.DagsterRun) -> list[Path]:
    """What its steps wrote, and the file of its events, which Dagster empties and leaves."""
    log, written = instance.event_log_storage, Path(instance.storage_directory()) / run.run_id
    events = Path(log.path_for_shard(run.run_id)) if isinstance(log, SqliteEventLogStorage) else None
    return [*([written] if written.exists() else []), *(events.parent.glob(f"{events.name}*") if events else [])]


def _size_of(path: Path) -> int:
    return sum(one.stat().st_size for one in (path, *path.rglob("*")) if one.is_file())


def _size(count: float) -> str:
    return f"{count / 2**20:,.1f} MB".replace(",", " ")


def housekeeping(published: dg.AssetKey) -> dg.AssetsDefinition:
    """The last step of a refresh."""

    @dg.asset(key=KEY, deps=[published], group_name="housekeeping", kinds={"parquet"}, owners=OWNERS,
              required_resource_keys={"extraction"}, description=__doc__)
    def kept(context: dg.AssetExecutionContext) -> dg.MaterializeResult:
        """The resource is named for its lock."""
        started, said = time.monotonic(), []
        try:
            with shortage.as_failure():
                freed = keep_house(context.instance, said.append)
        except (compaction.LakeError, duckdb.Error, OSError) as fault:
            at = f" at {said[-1]}" if said else ""
            raise dg.Failure(f"Housekeeping broke off{at}: {str(fault).strip().rstrip('.')}. What was published is published, and no "
                             "document of the lake is lost; the next run tries again.", allow_retries=False) from None
        finally:
            for line in said:
                context.log.info(line)
        seconds = round(time.monotonic() - started, 1)
        return dg.MaterializeResult(metadata={"freed_bytes": freed, "seconds": seconds, "said": dg.MetadataValue.md("\n".join(said))})

    return kept


def main(arguments: list[str]) -> int:
    """The command line; gives the exit code."""
    if arguments not in ([], ["--dry-run"]):
        print(__doc__)
        return 0 if arguments in (["-h"], ["--help"]) else 2
    read_env_file()
    try:
        home.prepare()
        with lock.refresh_lock(holder="housekeeping"), dg.DagsterInstance.get() as instance:
            lake.prepare()
            keep_house(instance, print, is_dry=bool(arguments))
    except (lock.RefreshRunning, business_rules.RuleError, SettingError, compaction.LakeError, duckdb.Error, OSError) as refusal:
        print(holders.sentence(refusal) or refusal, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
