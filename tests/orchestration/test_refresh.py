"""The whole job as `make refresh` runs it: the only tests that run all of Dagster, dbt and the sandbox as they stand.

The second goes on in the first one's data folder, with one vendor that does not answer any more.
"""

import json
import os
from types import SimpleNamespace

import dagster as dg
import duckdb
import pytest

from orchestration import contacts, raw_assets, refresh, schedules, stand_in, versions
from tests.orchestration.conftest import copy_parsed

RETAILER = ["--customers", "120", "--days", "45", "--stores", "3", "--rate", "100"]
DOWN = "mindbox"


@pytest.fixture(scope="module")
def first(parsed_project, tmp_path_factory):
    """A machine with nothing configured: `make refresh`, once."""
    data = tmp_path_factory.mktemp("refresh") / "data"
    before = dict(os.environ)
    copy_parsed(parsed_project, data)
    for variable in list(os.environ):
        if variable.startswith(("SOURCES__", "OMNIMART_")):
            del os.environ[variable]
    os.environ.update(OMNIMART_DATA=str(data), OMNIMART_SECRETS=str(data / "none.toml"))
    code = refresh.main(RETAILER)
    environment = {name: value for name, value in os.environ.items() if name.startswith(("SOURCES__", "OMNIMART_"))}
    yield SimpleNamespace(data=data, code=code, environment=environment, version=versions.current())
    os.environ.clear()
    os.environ.update(before)


@pytest.fixture
def told(first, own_data, monkeypatch):
    for name, value in first.environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("DAGSTER_HOME", str(first.data / "dagster"))
    return first


def runs():
    with dg.DagsterInstance.get() as instance:
        return instance.get_runs(dg.RunsFilter(job_name=schedules.JOB))


def test_a_fresh_machine_refreshes_on_the_sandbox(told):
    assert told.code == 0
    assert [run.status for run in runs()] == [dg.DagsterRunStatus.SUCCESS]
    with duckdb.connect(str((versions.published() / "omnimart.duckdb").resolve()), read_only=True) as connection:
        assert connection.execute("select count(*) > 0 from marts.orders").fetchone() == (True,)
        assert connection.execute("select refresh_id, previous_version, stale_sources from marts.publications").fetchall() == [
            (runs()[0].run_id, None, None)
        ]
    assert not (told.data / "sandbox" / "server.json").exists() or stand_in._running() is None  # it ended with the refresh


def test_a_vendor_that_is_down_is_named_and_the_others_are_in(told, monkeypatch, capsys):
    # The sandbox is started again with a clock of the next day; the vendor that is down points at a port where nobody listens.
    clock = told.data / "sandbox" / "clock"
    clock.write_text("2026-11-01T23:00:00+00:00", encoding="utf-8")
    monkeypatch.setattr(raw_assets, "RETRY_AFTER_SECONDS", 0)
    for name in [name for name in os.environ if name.startswith("SOURCES__")]:
        monkeypatch.delenv(name)
    unsettled = stand_in._wait_for

    def settle(process):
        running = unsettled(process)
        prefix = f"SOURCES__{DOWN.upper()}__"
        down = {f"{prefix}BASE_URL": "http://127.0.0.1:9", f"{prefix}RETRY_PAUSE_SECONDS": "0.01"}
        return {**running, "environment": {**running["environment"], **down}}

    monkeypatch.setattr(stand_in, "_wait_for", settle)
    assert refresh.main(RETAILER) == 1
    said = capsys.readouterr()
    assert (
        f"Published, but not with everybody's news: {DOWN}/main is stale, its data goes through 2026-10-31 23:00 UTC" in said.err
    )
    assert versions.current().previous_version == told.version.version
    assert versions.current().stale_sources.startswith(f"{DOWN}/main is stale")
    through = {standing.vendor.name: f"{standing.through:%Y-%m-%d}" for standing in contacts.standings()}
    assert through == {name: "2026-10-31" if name == DOWN else "2026-11-01" for name in through}
    with duckdb.connect(str((versions.published() / "omnimart.duckdb").resolve()), read_only=True) as connection:
        stale = connection.execute("select source_system from marts.source_freshness where is_stale").fetchall()
        newest = connection.execute("select max(ordered_at) > timestamp '2026-10-31 23:00:00' from marts.orders").fetchone()
    assert (stale, newest) == ([(DOWN,)], (True,))
    assert runs()[0].status is dg.DagsterRunStatus.FAILURE
    assert runs()[0].tags["omnimart/reported"] == "yes"
    secrets = [
        value
        for name, value in json.loads((told.data / "sandbox" / "server.json").read_text())["environment"].items()
        if "KEY" in name
    ]
    assert [secret for secret in secrets if secret in said.out + said.err] == []
