"""Every step boundary of a night, in the order the data walks: where a process dies.

    landing (each vendor, each file, dlt's commit, the contact's record)  ──►  dbt  ──►  audits  ──►  publishing  ──►  what follows

They come in stories: a story's kills follow one another, each night going on from what the one before left, and end in one plain rerun.
"""

from collections.abc import Mapping

from ingestion.vendors import NAMES
from tests.torture.trap import Trap

LAKE = "dlt.destinations.impl.filesystem.filesystem:FilesystemClient"
LOAD = "dlt.load.load:Load.complete_package"
READ = "orchestration.extraction:_read"
DBT = "dbt.task.base:BaseRunner.run_with_hooks"
STATEMENT = "dbt.adapters.duckdb.environments.local:DuckDBCursorWrapper.execute"
EVENT_LOG = "dagster._core.storage.event_log.sqlite.sqlite_event_log:SqliteEventLogStorage.store_event"
NEW_RUN = "dagster._core.instance.methods.run_methods:RunMethods.create_run_for_job"

Story = Mapping[str, Trap]

STANDS_IN = "the sandbox stands in"  # no vendor is configured: the refresh starts the sandbox itself, and it dies or stays with it

PUBLISH = "orchestration.publish"  # the command that a person gives; the refresh publishes by the same function


def _of(vendor: str) -> Story:
    return {
        f"before {vendor} is read": Trap(READ, "before", about=vendor),
        f"{vendor}: files in the lake, the load not finished": Trap(LOAD, "before", about=vendor),
        f"{vendor}: between the load's row and its state": Trap(f"{LAKE}._write_to_json_file", "after", about=f"raw_{vendor}"),
        f"after {vendor} is read": Trap(READ, "after", about=vendor),
    }


# In the first night of a machine, when nothing is published.
FIRST_NIGHT: dict[str, Story] = {
    "first night": {
        "the lake's folders, half of them": Trap("ingestion.lake:_lay_out", "after", nth=5),
        "half of a file copied": Trap("shutil:copyfile", "halfway", about=".parquet", nth=20),
        "files in the lake, the load not finished": Trap(LOAD, "before", nth=6),
        "between a load's row and its state": Trap(f"{LAKE}._write_to_json_file", "after", about="raw_", nth=5),
        "after the third model of a new warehouse": Trap(DBT, "after", about="model.", nth=3),
        "let through, nothing exported": Trap("orchestration.promises:let_through", "after"),
        "named, not flipped": Trap("orchestration.versions:flip", "before", command=PUBLISH),
        "half of the links": Trap("orchestration.versions:_link", "after", nth=2, command=PUBLISH),
    },
    "first publication": {"flipped for the first time": Trap("orchestration.versions:flip", "after")},
}

# In the night after, when there is something to lose.
SECOND_NIGHT: dict[str, Story] = {
    "before anything is landed": {
        "Dagster has noted the run, it has not begun": Trap(NEW_RUN, "after"),
        "the lock is held, nothing is swept": Trap("orchestration.extraction:bury_dead_runs", "before"),
    },
    # A story of its own for each: the others have landed by its first deaths, and then have no news that they could die with.
    **{f"landing {vendor}": _of(vendor) for vendor in NAMES},
    "landing, inside a load": {
        "extracted, not normalized": Trap("dlt.pipeline.pipeline:Pipeline.normalize", "before", nth=3),
        "normalized, not loaded": Trap("dlt.pipeline.pipeline:Pipeline.load", "before", nth=3),
        "half of a file copied": Trap("shutil:copyfile", "halfway", about=".parquet", nth=3),
        "a file copied, not named": Trap("ingestion.shelves:settle", "before", about=".parquet", nth=3),
        "half of a record of dlt's": Trap("pathlib:Path.write_text", "halfway", about=".halves"),
        "finished, its package not": Trap(LOAD, "after"),
        "loaded, the contact not recorded": Trap("ingestion.contact:_record", "before", nth=3),
        "half of a contact's record": Trap("pathlib:Path.write_text", "halfway", about="contacts", nth=2),
        "contact recorded": Trap("ingestion.contact:_record", "after", nth=5),
    },
    "dbt begins": {
        "before dbt": Trap("orchestration.warehouse:build", "before"),
        "before a seed": Trap(DBT, "before", about="seed.", nth=5),
        "inside a base model's statement": Trap(STATEMENT, "during", about="insert into", seconds=0.001),
        "after a base model's statement, before its commit": Trap(STATEMENT, "after", about="insert into", nth=5),
        "between two base models": Trap(DBT, "before", about=".base_", nth=30),
    },
    "dbt goes on": {
        "inside a mart's statement": Trap(STATEMENT, "during", about='create or replace table "warehouse"."marts"', nth=5, seconds=0.005),
        "between two marts": Trap(DBT, "before", about=".kpi_", nth=10),
        "between two tests": Trap(DBT, "before", about="test.", nth=100),
        "built, the file still open": Trap("orchestration.dbt:close_handles", "before"),
        "half of the findings written": Trap("pathlib:Path.write_text", "halfway", about="dbt.json"),
        "Dagster notes what was built": Trap(EVENT_LOG, "after", nth=400),
    },
    "audits": {
        "before the first promise is checked": Trap("orchestration.promises:check_vendor", "before"),
        "between two vendors' promises": Trap("orchestration.promises:check_vendor", "after", nth=5),
    },
    "export and flip": {
        "let through, nothing exported": Trap("orchestration.promises:let_through", "after"),
        "the gate is open": Trap("orchestration.gate:reasons_to_refuse", "after", command=PUBLISH),
        "half of the tables": Trap("orchestration.exports:_copy", "after", nth=40, command=PUBLISH),
        "half of the Parquet files": Trap("orchestration.exports:_parquet", "after", nth=40, command=PUBLISH),
        "before contacts.duckdb": Trap("orchestration.exports:contacts_database", "before", command=PUBLISH),
        "before the history": Trap("orchestration.exports:history", "before", command=PUBLISH),
        "half of the card written": Trap("pathlib:Path.write_text", "halfway", about="version.json", command=PUBLISH),
        "between two fsyncs": Trap("orchestration.versions:_to_disk", "after", nth=50, command=PUBLISH),
        "fsynced, named, not flipped": Trap("orchestration.versions:flip", "before", command=PUBLISH),
        "the new link beside the old one": Trap("pathlib:Path.replace", "before", about="current.flipping", command=PUBLISH),
    },
    "after the flip": {
        "let through, nothing exported": Trap("orchestration.promises:let_through", "after"),
        "the flip, and nothing after it": Trap("pathlib:Path.replace", "after", about="current.flipping", command=PUBLISH),
        "half of an old version removed": Trap("shutil:rmtree", "halfway", about=".removing-", command=PUBLISH),
        "published, nobody told of opt-outs": Trap("orchestration.opt_outs:tell", "before", command=PUBLISH),
        "published, Dagster does not know": Trap("orchestration.publish:publish", "after"),
    },
    "housekeeping": {
        "a new file is written, nothing promised": Trap("ingestion.compaction:promise", "before", nth=3),
        "promised, not carried out": Trap("ingestion.compaction:carry_out", "before"),
        "old and new side by side": Trap("ingestion.shelves:forget", "before"),
        "half of the old files removed": Trap("ingestion.shelves:forget", "after", nth=9),
    },
    STANDS_IN: {
        "with the sandbox": Trap(READ, "before"),
        "the process alone, its sandbox left": Trap(READ, "before", alone=True),
        "the process alone, in dbt": Trap("orchestration.warehouse:build", "before", alone=True),
    },
}
