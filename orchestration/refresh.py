"""`make refresh`: the nightly job, once, at a terminal.

    vendors or sandbox  ──►  the job refresh_warehouse, in this process  ──►  the published file and its headlines

    python -m orchestration.refresh [options of `python -m sandbox serve`, when no vendor is configured]

It runs the very job that the schedule runs, against the same Dagster instance, so the run is in the UI too. A first load that
needs more than one run is continued until all history is in, published after each round. Exit code 0 when green.
"""

from __future__ import annotations

import logging
import os
import signal
import sys
import time
from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any

from ingestion import lock
from ingestion.accounts import SettingError, read_env_file
from ingestion.redaction import printable
from orchestration import business_rules, contacts, home, outcome, run_events, shortage, stand_in, versions

MOST_ROUNDS = 500


def refresh(options: list[str]) -> int:
    """Run the job until the history is complete; gives the exit code."""
    from orchestration.schedules import JOB

    started = time.monotonic()
    home.prepare()
    with stand_in.vendors_or_sandbox(options) as is_sandbox:
        _introduce(is_sandbox)
        left = float("inf")
        for number in range(1, MOST_ROUNDS):
            was = versions.current()
            failures = run(JOB, source="make refresh", tags={"round": str(number)})
            conclude(failures, is_new=versions.current() != was, seconds=time.monotonic() - started)
            before, left = left, sum(standing.history_left_days for standing in contacts.standings())
            if failures or left == 0 or left >= before:
                return 1 if failures else 0
            print(f"\n{left:.0f} days of history are left{_eta()}; going on with them.\n")
    return 1


def run(job: str, *, source: str, tags: Mapping[str, str] = MappingProxyType({}),
        config: Mapping[str, Any] = MappingProxyType({})) -> list[str]:
    """One run of a job in this process; what failed, as sentences. config: its run config."""
    import dagster as dg

    from orchestration.definitions import defs
    from orchestration.extraction import PROCESS

    _quiet_alerts()
    with dg.DagsterInstance.get() as instance:
        result = defs.resolve_job_def(job).execute_in_process(
            instance=instance,
            raise_on_error=False,
            run_config=dict(config),
            tags={run_events.SOURCE: source, PROCESS: str(os.getpid()), **tags},
        )
        if result.success:
            return []
        why = outcome.reasons(run_events.read(instance, result.run_id))
    return [reason.sentence() for reason in why] or ["The run failed; its log in Dagster says where."]


def _quiet_alerts() -> None:
    """What they would log is told at the terminal, once."""
    quiet = logging.getLogger("omnimart.alerts")
    quiet.propagate, quiet.handlers = False, [logging.NullHandler()]


def _say(line: str) -> None:
    print(line, flush=True)


def _introduce(is_sandbox: bool) -> None:
    if is_sandbox:
        print("No vendor is configured, so the sandbox stands in: a simulated retailer behind the vendors' own APIs.")
    print(f"Reading from {', '.join(stand_in.switched_on())}.\n", flush=True)


def conclude(failures: list[str], *, is_new: bool, seconds: float) -> None:
    """Tell what is published now, its headlines, and what failed."""
    now = versions.current()
    print()
    if now:
        from orchestration import headlines

        where = versions.published()
        print(f"{'Published' if is_new else 'Published as before'}: {where / 'omnimart.duckdb'} (version {now.version}),")
        print(f"  as Parquet in {where / 'marts'}; people's contacts, for their owner's eyes, in {where / 'contacts.duckdb'}")
        print("\n".join(f"  {line}" for line in headlines.lines()))
    for sentence in failures:
        print(f"\nRED: {printable(sentence)}", file=sys.stderr)
    print(f"\n{'Red' if failures else 'Green'} after {seconds:.0f} s.", flush=True)


def _not_begun(said: str, error: Exception) -> int:
    """No run told of it, so this does: at the terminal, as an alert, and in a report where one has a place. Gives the exit code."""
    from orchestration import alerts, report
    from orchestration.subjects import BEFORE

    print(printable(said), file=sys.stderr)
    _quiet_alerts()
    fault = replace(run_events.told_by(BEFORE, error), text=said.removeprefix("RED: "))
    alerts.send(alerts.about(BEFORE, "", run_events.JOB, fault.text, kind=fault.kind))
    try:
        report.leave_not_begun(fault)
    except SettingError:  # the data folder itself is refused, which was said
        pass
    except OSError as full:
        print(f"The report of this refresh could not be kept: {type(full).__name__}: {full}", file=sys.stderr)
    return 1


def _eta() -> str:
    seconds = max((standing.history_eta_seconds for standing in contacts.standings()), default=0.0)
    return f", about {max(1, round(seconds / 60))} min at this speed" if seconds else ""


def main(options: list[str]) -> int:
    """The command line."""
    read_env_file()
    try:
        with lock.refresh_lock(holder=lock.REFRESH, waits_for=lock.all_but_a_refresh, say=_say, shared=True):
            return refresh(options)
    except lock.RefreshRunning as error:  # the other one does the work, and tells of it
        print(error, file=sys.stderr)
        return 1
    except (business_rules.RuleError, SettingError, RuntimeError, ValueError) as error:
        return _not_begun(f"{error} {shortage.next_step(str(error))}".strip(), error)
    except Exception as error:
        if said := shortage.sentence(error):  # Dagster's own files meet a full disk outside every step
            return _not_begun(f"RED: {said}", error)
        raise


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that the sandbox ends with us
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background job inherits it ignored, and Dagster then ignores both
    sys.exit(main(sys.argv[1:]))
