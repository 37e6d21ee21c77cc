"""What follows a run up: the first load goes on, and somebody hears of a vendor that nobody reaches."""

import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta

import dagster as dg
import pytest

from ingestion import lock
from ingestion.vendors import NAMES
from orchestration import alerts, contacts, extraction, refresh, report, run_events, schedules

NIGHT = datetime(2026, 10, 31, 23, 0, tzinfo=UTC)
SHOP = NAMES[0]


@pytest.fixture
def switched_on(monkeypatch, clock_at):
    monkeypatch.setenv(f"SOURCES__{SHOP.upper()}__BASE_URL", "http://127.0.0.1:1")
    monkeypatch.setenv(f"SOURCES__{SHOP.upper()}__API_KEY", "key-key")
    clock_at(NIGHT)


def ticks(sensor, instance, cursor=None):
    context = dg.build_sensor_context(instance=instance, cursor=cursor)
    outcome = sensor(context)
    return ([outcome] if isinstance(outcome, dg.SkipReason) else list(outcome)), context.cursor


def with_a_run(instance, *, success):
    @dg.op
    def step():
        if not success:
            raise dg.Failure("no")

    @dg.job(name=schedules.JOB)
    def walk():
        step()

    return walk.execute_in_process(instance=instance, raise_on_error=False).run_id


def test_a_first_load_goes_on_after_a_run_that_ended_well(switched_on, contact):
    contact(SHOP, NIGHT, history_left_days=200)
    with dg.DagsterInstance.ephemeral() as instance:
        run_id = with_a_run(instance, success=True)
        [request], _ = ticks(schedules.continue_first_load, instance)
    assert (request.run_key, request.tags) == (run_id, {run_events.SOURCE: "first load"})


def test_a_first_load_does_not_hammer_on_after_a_run_that_failed(switched_on, contact):
    contact(SHOP, NIGHT, history_left_days=200)
    with dg.DagsterInstance.ephemeral() as instance:
        with_a_run(instance, success=False)
        [skip], _ = ticks(schedules.continue_first_load, instance)
    assert skip.skip_message == "The last refresh did not end well; the next nightly one goes on with the history."


def test_a_whole_history_needs_no_further_run(switched_on, contact):
    contact(SHOP, NIGHT, history_left_days=0)
    with dg.DagsterInstance.ephemeral() as instance:
        with_a_run(instance, success=True)
        [skip], _ = ticks(schedules.continue_first_load, instance)
    assert skip.skip_message == "All history is in the lake."


def test_a_run_whose_process_is_gone_is_marked_as_failed(own_data, monkeypatch):
    monkeypatch.setattr(schedules, "SECONDS_TO_START", -1)
    with dg.DagsterInstance.ephemeral() as instance:
        run_id = with_a_run(instance, success=True)
        dead = instance.create_run_for_job(dg.job(name=schedules.JOB)(lambda: None))
        instance.report_engine_event("started", dead)
        instance.report_dagster_event(dg.DagsterEvent(dg.DagsterEventType.RUN_START.value, schedules.JOB), dead.run_id)
        with lock.refresh_lock(holder="somebody alive"):
            ticks(schedules.notice_dead_runs, instance)
            assert instance.get_run_by_id(dead.run_id).status is dg.DagsterRunStatus.STARTED
        [told], _ = ticks(schedules.notice_dead_runs, instance)
        statuses = {run.run_id: run.status for run in instance.get_runs()}
        reported = instance.get_run_by_id(dead.run_id).tags
    assert told.skip_message == f"Marked as failed: {dead.run_id}"
    assert statuses == {run_id: dg.DagsterRunStatus.SUCCESS, dead.run_id: dg.DagsterRunStatus.FAILURE}
    assert reported[alerts.REPORTED] == "yes"
    said = report.path(dead.run_id).read_text(encoding="utf-8").splitlines()
    assert said[0] == "RED: nothing published, and nothing ever was: readers find no file"
    assert (said[1], said[2].strip().split("  ")[0]) == (
        f"  why     {extraction.GONE}", "do")
    assert "Start it again: `make refresh`. docs/operations.md, “A refresh was killed”." in said[2]


def test_a_run_that_died_before_it_began_is_marked_as_failed_and_one_that_is_about_to_begin_is_not(own_data):
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    with dg.DagsterInstance.ephemeral() as instance:
        tagged = ({extraction.PROCESS: str(process)} for process in (gone.pid, os.getpid()))
        runs = [instance.create_run_for_job(dg.job(name=schedules.JOB)(lambda: None), tags=tags) for tags in (*tagged, {})]
        buried = extraction.bury_dead_runs(instance)
        statuses = [instance.get_run_by_id(run.run_id).status for run in runs]
    assert buried == [runs[0].run_id]
    assert statuses == [dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.NOT_STARTED, dg.DagsterRunStatus.NOT_STARTED]


def test_a_late_vendor_is_told_of_once_per_outage(switched_on, contact, clock_at, monkeypatch):
    told = []
    monkeypatch.setattr(alerts, "send", told.append)
    contact(SHOP, NIGHT - timedelta(days=3))
    with dg.DagsterInstance.ephemeral() as instance:
        _, cursor = ticks(schedules.report_late_vendors, instance)
        _, cursor = ticks(schedules.report_late_vendors, instance, cursor)
        contact(SHOP, NIGHT)
        _, cursor = ticks(schedules.report_late_vendors, instance, cursor)
        clock_at(NIGHT + timedelta(days=3))
        ticks(schedules.report_late_vendors, instance, cursor)
    assert [alert.text.split(":")[0] for alert in told] == [
        f"{SHOP}/main is stale, its data goes through 2026-10-28 23",
        f"{SHOP}/main is stale, its data goes through 2026-10-31 23",
    ]


@pytest.mark.parametrize(("left", "rounds", "code"), [([300, 120, 0], 3, 0), ([300, 300], 2, 0), ([0], 1, 0)])
def test_refresh_goes_on_until_the_history_is_in_or_does_not_shrink(switched_on, monkeypatch, own_data, left, rounds, code):
    nights = []

    def run(job, *, source, tags):
        nights.append((job, source, tags["round"]))
        return []

    class Left:
        def __init__(self, days):
            self.history_left_days, self.history_eta_seconds, self.error = days, 60.0, ""

    monkeypatch.setattr(refresh, "run", run)
    monkeypatch.setattr(contacts, "standings", lambda: (Left(left[len(nights) - 1]),))
    monkeypatch.setenv("DAGSTER_HOME", "")
    assert refresh.main([]) == code
    assert nights == [(schedules.JOB, "make refresh", str(number)) for number in range(1, rounds + 1)]
