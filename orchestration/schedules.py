"""The job, the night it runs in, and what follows it up.

    business_rules.yml: schedule.refresh_at, business.timezone  ──►  refresh_warehouse_nightly  ──►  refresh_warehouse

The job is the whole walk. Its executor is Dagster's in-process one: the steps share a lock, a thread pool and dbt's imports
(19 s against 68 s for a small run with a process per step).
"""

import time
from collections.abc import Iterator

import dagster as dg

from ingestion import lock
from ingestion.vendors import vendors
from orchestration import alerts, business_rules, contacts, extraction, publication, subjects
from orchestration.backfill_asset import AGAIN
from orchestration.identity_assets import ROOM
from orchestration.run_events import SOURCE

JOB, REPLAY, REBUILD, BACKFILL = extraction.JOB, extraction.REPLAY, extraction.REBUILD, extraction.BACKFILL
SECONDS_TO_START = 120  # until then a run may not hold the lock yet
UNDER_WAY = [
    dg.DagsterRunStatus.QUEUED,
    dg.DagsterRunStatus.NOT_STARTED,
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
    dg.DagsterRunStatus.CANCELING,
]


def jobs():  # noqa: ANN201  (the type that define_asset_job gives is not public)
    """Everything that ends in a publication."""
    return [refresh_warehouse(), replay_quarantine(), rebuild_warehouse(), backfill()]


def refresh_warehouse():  # noqa: ANN201  (as above)
    """Extract, land, check, transform, audit, publish: every asset and every check but those of identity's own jobs."""
    return dg.define_asset_job(
        JOB,
        selection=dg.AssetSelection.all() - dg.AssetSelection.groups(ROOM, AGAIN) | dg.AssetSelection.all_asset_checks(),
        hooks={alerts.report_failed_step},
        executor_def=dg.in_process_executor,
        config={"loggers": {"console": {}}},
        description=refresh_warehouse.__doc__,
    )


def replay_quarantine():  # noqa: ANN201  (as above)
    """Judge what is in quarantine again, from the lake: the nightly walk without its vendors, whom nobody asks and nobody misses."""
    return _from_the_lake(REPLAY, replay_quarantine.__doc__)


def rebuild_warehouse():  # noqa: ANN201  (as above)
    """Throw the warehouse file away and build it anew from the lake: the nightly walk without its vendors. Same ids, same marts."""
    return _from_the_lake(REBUILD, rebuild_warehouse.__doc__)


def _from_the_lake(name: str, description: str):
    return dg.define_asset_job(
        name,
        selection=_without_vendors(ROOM, AGAIN),
        hooks={alerts.report_failed_step},
        executor_def=dg.in_process_executor,
        config={"loggers": {"console": {}}},
        description=description,
    )


def backfill():  # noqa: ANN201  (as above)
    """Read days of one vendor again (Launchpad: vendor, first and last day, perhaps resources), then build, audit and publish as any night;
    where the nightly reads on stays as it is, and no other vendor is asked or missed."""
    return dg.define_asset_job(
        BACKFILL,
        selection=_without_vendors(ROOM),
        hooks={alerts.report_failed_step},
        executor_def=dg.in_process_executor,
        description=backfill.__doc__,
    )


def _without_vendors(*groups: str) -> dg.AssetSelection:
    everybody_answered = dg.AssetSelection.checks(dg.AssetCheckKey(publication.KEY, publication.ANSWERED))
    return dg.AssetSelection.all() - dg.AssetSelection.groups(*groups, *(vendor.dataset for vendor in vendors())) - everybody_answered


def nightly() -> dg.ScheduleDefinition:
    """Every night at the business's own hour. The hour and the zone are rules, read when Dagster loads its definitions."""
    rules = business_rules.read()
    hour, minute = rules.schedule.refresh_at.split(":")
    return dg.ScheduleDefinition(
        name=f"{JOB}_nightly",
        job_name=JOB,
        cron_schedule=f"{int(minute)} {int(hour)} * * *",
        execution_timezone=rules.business.timezone,
        default_status=dg.DefaultScheduleStatus.RUNNING,
        tags={SOURCE: "schedule"},
        description=f"The nightly refresh, at {rules.schedule.refresh_at} {rules.business.timezone}.",
    )


@dg.sensor(name="continue_first_load", job_name=JOB, minimum_interval_seconds=300, default_status=dg.DefaultSensorStatus.RUNNING)
def continue_first_load(context: dg.SensorEvaluationContext) -> Iterator[dg.RunRequest | dg.SkipReason]:
    """A first load of years takes several runs; when one has ended well and history is left, the next one starts by itself."""
    left = [standing for standing in contacts.standings() if standing.history_left_days > 0]
    newest = next(iter(context.instance.get_runs(dg.RunsFilter(job_name=JOB), limit=1)), None)
    if not left:
        yield dg.SkipReason("All history is in the lake.")
    elif newest is None or newest.status in UNDER_WAY:
        yield dg.SkipReason("No refresh has run yet." if newest is None else "A refresh is under way.")
    elif newest.status is not dg.DagsterRunStatus.SUCCESS:
        yield dg.SkipReason("The last refresh did not end well; the next nightly one goes on with the history.")
    else:
        yield dg.RunRequest(run_key=newest.run_id, tags={SOURCE: "first load"})


@dg.sensor(name="notice_dead_runs", minimum_interval_seconds=60, default_status=dg.DefaultSensorStatus.RUNNING)
def notice_dead_runs(context: dg.SensorEvaluationContext) -> dg.SkipReason:
    """A run whose process is gone holds no lock any more; it is marked as failed, which reports it and lets the next one start."""
    young = time.time() - SECONDS_TO_START
    under_way = context.instance.get_run_records(dg.RunsFilter(statuses=[dg.DagsterRunStatus.STARTED]))
    if not under_way or any((record.start_time or 0) > young for record in under_way) or not lock.is_idle():
        return dg.SkipReason("No dead run.")
    return dg.SkipReason(f"Marked as failed: {', '.join(extraction.bury_dead_runs(context.instance)) or 'none'}")


@dg.sensor(name="report_late_vendors", minimum_interval_seconds=3600, default_status=dg.DefaultSensorStatus.RUNNING)
def report_late_vendors(context: dg.SensorEvaluationContext) -> dg.SkipReason:
    """Tells of a vendor that nobody has reached for longer than its freshness allows, also when no run took place; once per outage."""
    late = {standing.name: standing.sentence() for standing in contacts.standings() if standing.is_stale and standing.answered_at}
    told = set((context.cursor or "").split())
    for name in sorted(late.keys() - told):
        alerts.send(alerts.about(subjects.FRESHNESS, "", JOB, late[name]))
    context.update_cursor(" ".join(sorted(late)))
    return dg.SkipReason("; ".join(late.values()) or "Every vendor is as fresh as it should be.")
