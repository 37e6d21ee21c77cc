"""The event log with its connections kept tells what Dagster's own tells, to this process and to others, and lets go of old runs."""

import sqlite3
import subprocess
import sys

import dagster as dg
import pytest
from dagster._core.storage.event_log.sqlite.sqlite_event_log import SqliteEventLogStorage

from orchestration import event_log
from orchestration.home import prepare

# What another process knows of the runs: how they ended, their events, and the materializations among them.
READ = """
import dagster as dg
with dg.DagsterInstance.get() as instance:
    for run in instance.get_runs():
        told = instance.fetch_materializations(dg.AssetKey("one"), limit=9).records
        print(run.status.value, len(instance.all_logs(run.run_id)), len(told))
"""


@dg.asset(check_specs=[dg.AssetCheckSpec("holds", asset="one")])
def one():
    yield dg.MaterializeResult(metadata={"rows": 3})
    yield dg.AssetCheckResult(check_name="holds", passed=True)


def told(instance):
    """What a run of the asset leaves, by its event types and its materialization."""
    job = dg.Definitions(assets=[one], jobs=[dg.define_asset_job("job")]).resolve_job_def("job")
    run_id = job.execute_in_process(instance=instance).run_id
    newest = instance.get_latest_materialization_event(dg.AssetKey("one"))
    checks = instance.event_log_storage.get_asset_check_execution_history(dg.AssetCheckKey(dg.AssetKey("one"), "holds"), limit=1)
    events = [record.dagster_event_type for record in instance.all_logs(run_id) if record.is_dagster_event]
    return events, newest.asset_materialization.metadata["rows"].value, newest.run_id == run_id, checks[0].status.value


@pytest.fixture
def home(own_data, monkeypatch):
    monkeypatch.setenv("DAGSTER_HOME", str(prepare()))
    monkeypatch.setattr(event_log, "ENGINES", event_log.Engines())


def test_a_run_leaves_what_it_leaves_in_dagsters_own_log(home, tmp_path, monkeypatch):
    monkeypatch.setattr(SqliteEventLogStorage, "_connect", event_log._connect)
    with dg.DagsterInstance.get() as instance:
        kept = told(instance)
    monkeypatch.setattr(SqliteEventLogStorage, "_connect", event_log.OF_DAGSTER)
    with dg.DagsterInstance.local_temp(str(tmp_path)) as instance:
        assert told(instance) == kept
    assert len(kept[0]) > 5


def test_another_process_reads_the_events_while_the_connections_are_open(home, monkeypatch):
    monkeypatch.setattr(SqliteEventLogStorage, "_connect", event_log._connect)
    with dg.DagsterInstance.get() as instance:
        told(instance)
        (run,) = instance.get_runs()
        events = len(instance.all_logs(run.run_id))
        answer = subprocess.run([sys.executable, "-c", READ], capture_output=True, text=True, check=True)
    assert answer.stdout.split() == ["SUCCESS", str(events), "1"]


def test_the_files_of_old_runs_are_let_go_and_a_file_that_is_gone_is_made_anew(home, monkeypatch):
    monkeypatch.setattr(SqliteEventLogStorage, "_connect", event_log._connect)
    with dg.DagsterInstance.get() as instance:
        for _ in range(event_log.MOST_FILES + 1):
            told(instance)
        assert len(event_log.ENGINES._kept) == event_log.MOST_FILES
        instance.event_log_storage.wipe()
        assert told(instance)[2]
        (run,) = instance.get_runs(limit=1)
        with sqlite3.connect(instance.event_log_storage.path_for_shard(run.run_id)) as file:
            assert file.execute("select count(*) from event_logs").fetchone()[0] == len(instance.all_logs(run.run_id))
