"""Every step boundary of a night, in the order the data walks: where a process dies, and in which night that is worth having.

    landing (each vendor, each file, dlt's commit, the contact's record)  ──►  dbt  ──►  audits  ──►  publishing  ──►  what follows
"""

from collections.abc import Iterator
from dataclasses import dataclass

from ingestion.vendors import NAMES
from tests.torture.trap import Trap

LAKE = "dlt.destinations.impl.filesystem.filesystem:FilesystemClient"
LOAD = "dlt.load.load:Load"
DBT = "dbt.task.base:BaseRunner.run_with_hooks"
STATEMENT = "dbt.adapters.duckdb.environments.local:DuckDBCursorWrapper.execute"
EVENT_LOG = "dagster._core.storage.event_log.sqlite.sqlite_event_log:SqliteEventLogStorage.store_event"


@dataclass(frozen=True)
class Boundary:
    """A named place to die at. `is_first`: in the first night of a machine, when nothing is published; else in the second."""

    name: str
    trap: Trap
    is_first: bool = False


def boundaries() -> list[Boundary]:
    """All of them: those of a first night, then those of a second."""
    return [*_of_a_first_night(), *_landing(), *_building(), *_auditing(), *_publishing(), *_afterwards()]


def _of_a_first_night() -> Iterator[Boundary]:
    told = {
        "the lake is laid out, half": Trap("ingestion.lake:_lay_out", "after", nth=5),
        "a first load, half of a file copied": Trap("shutil:copyfile", "halfway", about=".parquet", nth=20),
        "a first load, its files are there, it is not finished": Trap(f"{LOAD}.complete_package", "before", nth=6),
        "a first load, finished, its state not kept": Trap(f"{LAKE}._store_load", "after", nth=6),
        "the warehouse's first model": Trap(DBT, "after", about="model.", nth=3),
        "exported, not flipped": Trap("orchestration.versions:flip", "before"),
        "flipped, the links beside it not made": Trap("orchestration.versions:_link", "after", about="current"),
        "published for the first time": Trap("orchestration.versions:finish", "after"),
    }
    yield from (Boundary(name, trap, is_first=True) for name, trap in told.items())


def _landing() -> Iterator[Boundary]:
    created = "dagster._core.instance.methods.run_methods:RunMethods.create_run_for_job"
    yield Boundary("Dagster has noted the run, it has not begun", Trap(created, "after"))
    yield Boundary("the run has begun, the lock is held", Trap("orchestration.extraction:bury_dead_runs", "before"))
    for vendor in NAMES:
        steps = {
            f"before {vendor} is read": Trap("orchestration.extraction:_read", "before", about=vendor),
            f"{vendor}: files in the lake, the load not finished": Trap(f"{LOAD}.complete_package", "before", about=vendor),
            f"{vendor}: between the load's row and its state": Trap(f"{LAKE}._write_to_json_file", "after", about=f"raw_{vendor}"),
            f"after {vendor} is read": Trap("orchestration.extraction:_read", "after", about=vendor),
        }
        yield from (Boundary(name, trap) for name, trap in steps.items())
    told = {
        "extracted, not normalized": Trap("dlt.pipeline.pipeline:Pipeline.normalize", "before", nth=3),
        "normalized, not loaded": Trap("dlt.pipeline.pipeline:Pipeline.load", "before", nth=3),
        "half of a file copied into the lake": Trap("shutil:copyfile", "halfway", about=".parquet", nth=4),
        "half of a load's row written": Trap("ingestion.shelves:WholeFiles.write_text", "before", about="_dlt_loads", nth=2),
        "load finished, package not": Trap(f"{LOAD}.complete_package", "after", nth=2),
        "loaded, contact not recorded": Trap("ingestion.contact:_record", "before", nth=3),
        "contact recorded, half": Trap("pathlib:Path.write_text", "halfway", about="contacts", nth=2),
        "contact recorded": Trap("ingestion.contact:_record", "after", nth=5),
    }
    yield from (Boundary(name, trap) for name, trap in told.items())


def _building() -> Iterator[Boundary]:
    told = {
        "before dbt": Trap("orchestration.warehouse:build", "before"),
        "dbt: before a seed": Trap(DBT, "before", about="seed.", nth=5),
        "dbt: between two base models": Trap(DBT, "before", about="model.omnimart.base_", nth=30),
        "dbt: inside a base model's statement": Trap(STATEMENT, "during", about="insert into", nth=5, seconds=0.002),
        "dbt: after a base model's statement, before its commit": Trap(STATEMENT, "after", about="insert into", nth=20),
        "dbt: between identity's models": Trap(DBT, "before", about="identity", nth=10),
        "dbt: between two marts": Trap(DBT, "before", about="model.omnimart.kpi_", nth=10),
        "dbt: inside a mart's statement": Trap(STATEMENT, "during", about='"marts"."orders"', nth=1, seconds=0.01),
        "dbt: between two tests": Trap(DBT, "before", about="test.", nth=100),
        "dbt: built, the file still open": Trap("orchestration.dbt:close_handles", "before"),
        "dbt: built, nothing recorded": Trap("orchestration.warehouse:_finding", "before"),
        "after dbt": Trap("orchestration.warehouse:build", "after"),
        "Dagster notes what was built": Trap(EVENT_LOG, "after", nth=600),
    }
    yield from (Boundary(name, trap) for name, trap in told.items())


def _auditing() -> Iterator[Boundary]:
    told = {
        "before the first promise is checked": Trap("orchestration.promises:check_vendor", "before"),
        "between two vendors' promises": Trap("orchestration.promises:check_vendor", "after", nth=5),
        "an audit's finding written, half": Trap("pathlib:Path.write_text", "halfway", about="great_expectations", nth=3),
        "the gate is open": Trap("orchestration.gate:reasons_to_refuse", "after"),
        "audits let through, nothing exported": Trap("orchestration.promises:let_through", "after"),
    }
    yield from (Boundary(name, trap) for name, trap in told.items())


def _publishing() -> Iterator[Boundary]:
    told = {
        "the new version's folder is made": Trap("orchestration.versions:start", "after"),
        "omnimart.duckdb, half of its tables": Trap("orchestration.exports:_copy", "after", nth=40),
        "omnimart.duckdb written, no Parquet yet": Trap("orchestration.exports:_parquet", "before"),
        "Parquet, half of the tables": Trap("orchestration.exports:_parquet", "after", nth=40),
        "before contacts.duckdb": Trap("orchestration.exports:contacts_database", "before"),
        "before the history": Trap("orchestration.exports:history", "before"),
        "every file written, no card": Trap("orchestration.versions:finish", "before"),
        "the card written, half": Trap("pathlib:Path.write_text", "halfway", about="version.json"),
        "between two fsyncs": Trap("orchestration.versions:_to_disk", "after", nth=50),
        "fsynced and named, not flipped": Trap("orchestration.versions:flip", "before"),
        "the new link beside the old one": Trap("pathlib:Path.replace", "before", about="current.flipping"),
        "flipped, old versions not pruned": Trap("orchestration.versions:prune", "before"),
        "an old version removed, half": Trap("shutil:rmtree", "halfway", about="versions/", nth=1),
    }
    yield from (Boundary(name, trap) for name, trap in told.items())


def _afterwards() -> Iterator[Boundary]:
    told = {
        "published, the alert about opt-outs not sent": Trap("orchestration.opt_outs:tell", "before"),
        "the alert sent, not remembered": Trap("orchestration.opt_outs:_remember", "before"),
        "published, Dagster does not know": Trap("orchestration.publish:publish", "after"),
        "the lock let go of, the run not ended": Trap("filelock:BaseFileLock.release", "after", nth=2),
        "the run ended, the terminal not told": Trap("orchestration.headlines:lines", "after", nth=2),
    }
    yield from (Boundary(name, trap) for name, trap in told.items())
