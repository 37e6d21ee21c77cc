"""What a run sweeps up when it takes the lock: all that a dead one left half done."""

import os
import subprocess
import sys
import time

import dagster as dg
import pytest

from ingestion import lock
from ingestion.accounts import REPOSITORY
from orchestration import dbt, home
from orchestration.extraction import WAITS, bury_dead_runs, extraction

LEFT = ("lake/raw_acme/.halves/0f", "lake/contacts/.halves/1f", "warehouse.duckdb.tmp/duckdb_temp_storage_DEFAULT-0.tmp",
        "published/versions/.building-v2/omnimart.duckdb", "published/versions/.removing-v0/omnimart.duckdb",
        "published/versions/v1/.unseen")
KEPT = ("lake/raw_acme/orders/1.parquet", "warehouse.duckdb", "published/versions/v3/version.json")


@pytest.fixture
def crashed(own_data):
    for name in (*LEFT, *KEPT):
        path = own_data / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    return own_data


@dg.op(required_resource_keys={"extraction"})
def look(context):
    assert not lock.is_idle()


@dg.job(resource_defs={"extraction": extraction})
def night():
    look()


def test_the_next_run_removes_what_a_dead_one_left_half_done(crashed):
    assert dbt.spilled() == crashed / "warehouse.duckdb.tmp"
    assert night.execute_in_process().success
    assert [name for name in LEFT if (crashed / name).exists()] == []
    assert [name for name in KEPT if not (crashed / name).exists()] == []
    assert lock.is_idle()


WAITING = """
import dagster as dg
from orchestration.extraction import BACKFILL, extraction

@dg.op(required_resource_keys={"extraction"})
def look():
    pass

@dg.job(name=BACKFILL, resource_defs={"extraction": extraction})
def again():
    look()

with dg.DagsterInstance.get() as instance:
    assert again.execute_in_process(instance=instance).success
"""


def test_a_backfill_that_waits_for_a_refresh_is_not_taken_for_dead(own_data, monkeypatch):
    monkeypatch.setenv("DAGSTER_HOME", str(home.prepare()))
    with dg.DagsterInstance.get() as instance:
        with lock.refresh_lock(holder=lock.REFRESH):
            process = subprocess.Popen([sys.executable, "-c", WAITING], cwd=REPOSITORY, env={**os.environ})
            until = time.monotonic() + 120
            while not [run for run in instance.get_runs() if run.tags.get(WAITS) == str(process.pid)] and time.monotonic() < until:
                time.sleep(0.1)
            assert bury_dead_runs(instance) == []
            assert process.poll() is None
        assert process.wait(timeout=120) == 0
        [run] = instance.get_runs()
        assert (run.status, run.tags[WAITS]) == (dg.DagsterRunStatus.SUCCESS, "")


def test_a_second_refresh_says_that_one_is_running_and_starts_no_run(own_data):
    with lock.refresh_lock(holder=lock.REFRESH):
        command = [sys.executable, "-m", "orchestration.refresh"]
        ended = subprocess.run(command, cwd=REPOSITORY, env={**os.environ}, capture_output=True, text=True, timeout=120)
    assert (ended.returncode, ended.stdout) == (1, "")
    assert ended.stderr.startswith(f"A refresh is already running on {own_data} (process {os.getpid()} refresh). This one did nothing;")
    assert not list((own_data / "dagster").iterdir())
