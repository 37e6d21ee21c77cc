"""One night's extraction: every account of every vendor at once, in threads of the run's own process.

    run starts ──► lock, sweep, shelves ──► thread per account ──► reports, progress lines ──► the vendors' steps

Dagster's in-process executor runs steps one after another, so the first vendor's step would wait out its API before the
second one starts. This run-scoped resource submits all accounts when the first step asks; each step then waits for its own.
The refresh lock is held here because every way of starting a run (schedule, UI, `make refresh`) passes through it; whoever waits for it
says so on its run, since another that takes the lock meanwhile would believe it dead.
"""

import logging
import os
import queue
import shutil
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta

import dagster as dg

from ingestion import compaction, lake, lock, rooms, shelves
from ingestion.accounts import Account, SettingError
from ingestion.contact import AccountReport, refresh_account, report_fault
from ingestion.vendor import Vendor
from ingestion.vendors import vendors
from orchestration import alerts, business_rules, dbt, exports, report, run_events, shortage, versions
from orchestration.run_events import BACKFILL, JOB, REBUILD, REPLAY, RUN

KINDS = {JOB: lock.REFRESH, REPLAY: lock.REPLAY, REBUILD: lock.REBUILD, BACKFILL: lock.BACKFILL}
PROCESS, WAITS = "omnimart/process", "omnimart/waits"
GONE = "The process of this run is gone: it was killed or the machine went down. What was published stays."
MOST_THREADS = 16
# Somebody may only be looking whether the lock is free.
PATIENCE_SECONDS = 5
log = logging.getLogger("omnimart.extraction")


class Extraction:
    """The accounts being read in one run. `reports` of a vendor are there once its `progress` has ended."""

    def __init__(self, refresh_id: str, budget: timedelta, chosen: tuple[Vendor, ...], pool: ThreadPoolExecutor) -> None:
        self.refresh_id, self.budget, self.chosen, self.pool = refresh_id, budget, chosen, pool
        self.lines: queue.SimpleQueue[str] = queue.SimpleQueue()
        self.futures: dict[tuple[str, str], Future[AccountReport]] = {}
        self.spent: dict[tuple[str, str], float] = {}

    def begin(self) -> None:
        """Submit every account that is on and not under way; a later call changes nothing."""
        for vendor in self.chosen:
            for account in vendor.accounts():
                if (vendor.name, account.name) not in self.futures:
                    self._submit(vendor, account)

    def again(self, vendor: Vendor) -> None:
        """Ask the accounts of a vendor that failed once more; those that answered keep their report."""
        for account in vendor.accounts():
            future = self.futures.get((vendor.name, account.name))
            if future and future.done() and (future.exception() or not future.result().succeeded):
                self._submit(vendor, account)

    def progress(self, vendor: Vendor) -> Iterator[str]:
        """What every account says, as it says it, until this vendor's accounts are done."""
        own = [future for (name, _), future in self.futures.items() if name == vendor.name]
        while not all(future.done() for future in own) or not self.lines.empty():
            try:
                yield self.lines.get(timeout=0.2)
            except queue.Empty:
                continue

    def reports(self, vendor: Vendor) -> tuple[AccountReport, ...]:
        """The vendor's reports, waiting for them if need be; empty when it is switched off. Raises what is not the vendor's fault."""
        return tuple(future.result() for (name, _), future in self.futures.items() if name == vendor.name)

    def seconds(self, vendor: Vendor) -> float:
        """How long the vendor's slowest account took, both times if it was asked twice; 0 when it is switched off."""
        return max((seconds for (name, _), seconds in self.spent.items() if name == vendor.name), default=0.0)

    def _submit(self, vendor: Vendor, account: Account) -> None:
        self.futures[vendor.name, account.name] = self.pool.submit(self._timed, vendor, account)

    def _timed(self, vendor: Vendor, account: Account) -> AccountReport:
        started = time.monotonic()
        try:
            return _read(vendor, account, refresh_id=self.refresh_id, budget=self.budget, say=self.lines.put)
        finally:
            spent = self.spent.get((vendor.name, account.name), 0.0)
            self.spent[vendor.name, account.name] = spent + time.monotonic() - started


def _read(vendor: Vendor, account: Account, *, refresh_id: str, budget: timedelta, say: Callable[[str], None]) -> AccountReport:
    """Read an account; what was not foreseen fails this account and not the night, unless the machine itself is at fault."""
    try:
        return refresh_account(vendor, account, refresh_id=refresh_id, budget=budget, say=say)
    except Exception as fault:
        if shortage.lacking(fault):  # no vendor is to blame, and going on would make it worse
            raise
        log.exception("%s/%s could not be read", vendor.name, account.name)
        root = shortage.causes(fault)[-1]
        said = str(root) if isinstance(root, SettingError) else f"reading it met an unforeseen {type(root).__name__}: {root}"
        named = said if said.startswith(f"{vendor.name}/") else f"{vendor.name}/{account.name}: {said}"
        return report_fault(vendor, account, refresh_id=refresh_id, error=named)


@dg.resource(description="Reads all vendors side by side; holds the refresh lock for the length of the run.")
def extraction(context: dg.InitResourceContext) -> Iterator[Extraction]:
    """The run's extraction. Raises RefreshRunning when another refresh holds the lock."""
    run = context.run
    with shortage.logs_without_room(), _turn(context), _reported(context):
        bury_dead_runs(context.instance, alive=context.run_id)
        _begin_report(context)
        for version in versions.sweep():
            context.log.info(f"Swept version {version}, which a crash had kept from being published.")
        shelves.sweep(lake.root())
        if swaps := compaction.recover(lake.root()):
            context.log.info(f"Carried out {swaps} swaps of the lake's files that a crash had interrupted.")
        shutil.rmtree(dbt.spilled(), ignore_errors=True)
        rooms.sweep(lake.data_root(), is_alive=lock.is_alive)
        if run and run.job_name == REBUILD:
            exports.warehouse().unlink(missing_ok=True)
        lake.prepare()
        pool = ThreadPoolExecutor(MOST_THREADS, thread_name_prefix="account")
        try:
            yield Extraction(context.run_id, _budget(), _chosen(run), pool)
        finally:
            pool.shutdown(wait=True, cancel_futures=True)


@contextmanager
def _turn(context: dg.InitResourceContext) -> Iterator[None]:
    """The lock, for this run: a backfill waits for whoever holds it, any other run for all but a refresh."""
    kind = KINDS.get(context.run.job_name, lock.REFRESH) if context.run else lock.REFRESH
    waits_for = lock.anybody if kind == lock.BACKFILL else lock.all_but_a_refresh
    context.instance.add_run_tags(context.run_id, {WAITS: str(os.getpid())})
    with lock.refresh_lock(wait_seconds=PATIENCE_SECONDS, holder=f"{kind}, run {context.run_id}", waits_for=waits_for,
                           say=context.log.info, joins=True):
        context.instance.add_run_tags(context.run_id, {WAITS: ""})
        yield


@contextmanager
def _reported(context: dg.InitResourceContext) -> Iterator[None]:
    """Tell and keep what this run did, however it ends, also before its first step; that it cannot be told changes nothing."""
    fault = None
    try:
        yield
    except Exception as error:
        fault = run_events.told_by(RUN, error)
        raise
    finally:
        try:
            report.leave(context.instance, context.run_id, fault, say=context.log.info)
        except Exception as error:
            context.log.warning(f"The report of this run could not be made or kept: {type(error).__name__}: {error}")


def _begin_report(context: dg.InitResourceContext) -> None:
    try:
        report.begin(context.run_id)
    except OSError as error:  # no room: the run will meet that itself
        context.log.warning(f"The report of this run could not be begun: {type(error).__name__}: {error}")


def bury_dead_runs(instance: dg.DagsterInstance, *, alive: str = "") -> list[str]:
    """Mark runs as failed that Dagster believes to be under way although their process is gone; gives their ids.

    The caller holds the refresh lock, or has just seen it free: whoever else is `started` cannot be alive. Dagster itself would wait for
    the longest allowed run time, and as one run may be under way at a time, no night would start until then. Of a `make refresh` that
    died before it had started its run, which no daemon watches over, the run says which process it was.
    """
    dead = [
        run
        for run in instance.get_runs(dg.RunsFilter(statuses=[dg.DagsterRunStatus.STARTED, dg.DagsterRunStatus.NOT_STARTED]))
        if run.run_id != alive and (_needs_lock(run) if run.status is dg.DagsterRunStatus.STARTED else _is_process_gone(run))
        and not _waits(run)
    ]
    for run in dead:
        alerts.send(alerts.about(RUN, run.run_id, run.job_name, GONE, config=run.run_config))
        instance.add_run_tags(run.run_id, {alerts.REPORTED: "yes"})
        instance.report_run_failed(run, GONE)
        try:
            report.leave(instance, run.run_id)
        except Exception as error:  # the one that found it must go on
            log.warning("The report of run %s could not be made or kept: %s: %s", run.run_id, type(error).__name__, error)
    return [run.run_id for run in dead]


def _needs_lock(run: dg.DagsterRun) -> bool:
    """Identity's model and dry run hold the lock only while they read."""
    if run.asset_selection and all(key.path[0] == "identity" for key in run.asset_selection):
        return False
    return run.job_name in KINDS or run.job_name.startswith("__ASSET_JOB")


def _waits(run: dg.DagsterRun) -> bool:
    """True of a run that is alive and has not got the lock yet."""
    process = run.tags.get(WAITS)
    return bool(process) and lock.is_alive(int(process))


def _is_process_gone(run: dg.DagsterRun) -> bool:
    """True only of a run that names its process."""
    process = run.tags.get(PROCESS)
    return process is not None and not lock.is_alive(int(process))


def _budget() -> timedelta:
    """How long an account may read its history: short before the first publication, so that there is something to look at soon."""
    first_load = business_rules.read().first_load
    return timedelta(minutes=first_load.minutes_per_refresh if versions.current() else first_load.minutes_before_publish)


def _chosen(run: dg.DagsterRun | None) -> tuple[Vendor, ...]:
    """The vendors whose assets are in the run: one launched for a single vendor in the UI contacts that one only."""
    selected = run.asset_selection if run else None
    if not selected:
        return vendors()
    return tuple(vendor for vendor in vendors() if any(key.path[0] == vendor.dataset for key in selected))
