"""Housekeeping beside the lake: which runs of Dagster leave, which lists are known to be judged by whom, and the command."""

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import dagster as dg
import pytest

from ingestion import lock
from ingestion.vendors import vendors
from orchestration import business_rules, event_log, home, housekeeping, manifest


@dg.op
def loud(context):
    print("said on the terminal")
    context.log.info("said to Dagster")


def job(name):
    return dg.GraphDefinition(name=name, node_defs=[loud]).to_job(name=name)


@pytest.fixture
def instance(own_data):
    home.prepare()
    event_log.keep_connections()
    with dg.DagsterInstance.get() as found:
        yield found


def test_old_runs_leave_with_their_files_and_the_newest_of_each_job_stays(instance, own_data):
    runs = {name: [job(name).execute_in_process(instance=instance).run_id for _ in range(count)] for name, count in
            (("refresh", 3), ("training", 1))}
    under_way = instance.create_run_for_job(job("refresh"), status=dg.DagsterRunStatus.STARTED).run_id
    done = job("refresh").execute_in_process(instance=instance).run_id
    old = runs["refresh"]

    def files(run_id):
        return [path for path in (own_data / "dagster").rglob("*") if run_id in str(path) and path.is_file()]

    room = sum(path.stat().st_size for run in old for path in files(run))
    said = []
    dry = housekeeping.keep_house(instance, said.append, is_dry=True, now=datetime.now(UTC) + timedelta(days=91))
    assert abs(dry - room) < 100_000
    assert "3 runs" in said[0]
    assert len(instance.get_runs()) == 6
    assert housekeeping.keep_house(instance, said.append, now=datetime.now(UTC) + timedelta(days=89)) == 0
    freed = housekeeping.keep_house(instance, said.append, now=datetime.now(UTC) + timedelta(days=91))
    assert freed == dry
    assert {run.run_id for run in instance.get_runs()} == {under_way, done, *runs["training"]}
    assert [files(run) for run in old] == [[]] * 3
    assert files(done)
    assert job("refresh").execute_in_process(instance=instance).success, "Dagster goes on"


def test_every_list_has_its_judges_and_the_one_of_which_every_version_is_read_has_none(parsed, monkeypatch):
    project = manifest.manifest()
    models = [node["alias"] for node in project["nodes"].values() if node["resource_type"] == "model"]
    monkeypatch.setattr(housekeeping.exports, "tables", lambda connection, schema: models)
    (parsed / "warehouse.duckdb").touch()
    judged = {(vendor.name, one.name): housekeeping._judges(None, vendor, one.name) for vendor in vendors() for one in vendor.resources}
    assert [name for name, judges in judged.items() if not judges] == [("retailcrm", "loyalty_accounts")]
    assert all(judges == (f"base_{vendor}__{name}",) for (vendor, name), judges in judged.items() if judges)


def test_a_list_that_was_never_built_has_no_judges(parsed):
    vendor = vendors()[0]
    assert housekeeping._judges(None, vendor, vendor.resources[0].name) == ()


def test_the_command_says_it_waits_for_nobody(own_data, capsys):
    with lock.refresh_lock(holder="a refresh"):
        assert housekeeping.main([]) == 1
    assert "already running" in capsys.readouterr().err
    assert housekeeping.main(["--dry-run"]) == 0
    assert "would free about 0.0 MB" in capsys.readouterr().out
    assert housekeeping.main(["--nonsense"]) == 2
    assert not (Path(os.environ["OMNIMART_DATA"]) / "refresh.holder").exists()


def test_the_lake_is_kept_for_ever_unless_somebody_says_otherwise():
    assert business_rules.read().retention.lake_superseded_days == "forever"
