"""One screen about a run: green or red and why, what came, what was rejected, what changed, and how long each step took.

    a run that begins, or ends  ──►  screen.py  ──►  $OMNIMART_DATA/reports/<run id>.txt, Dagster

    python -m orchestration.report                 of the newest run
    python -m orchestration.report <run id>        of that one, while its report is kept

Every run that lands, builds or publishes leaves one, however it ends: in its log, as an observation of published/omnimart in Dagster, at
the terminal, and in $OMNIMART_DATA/reports. What begins leaves a first line that says so, so that one that is killed, or finds no room to
tell its end, is not passed over; whoever finds it dead writes the rest. It never fails the
run that it is about.
"""

from __future__ import annotations

import os
import re
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from ingestion import lock
from ingestion.accounts import SettingError, read_env_file
from ingestion.lake import data_root
from ingestion.redaction import printable, redact
from orchestration import business_rules, outcome, run_events, versions
from orchestration.rules import Retention
from orchestration.run_events import RUN, Events, Fault
from orchestration.screen import compose

if TYPE_CHECKING:
    import dagster as dg

ROOM = 8192  # bytes that a report has on the disk from the run's beginning
UNFINISHED = "UNFINISHED"
A_NIGHT_SECONDS = 26 * 3600


def path(run_id: str) -> Path:
    """Where the report of a run lies."""
    return data_root() / "reports" / f"{run_id}.txt"


def begin(run_id: str) -> None:
    """Leave the first line of a run's report, and room for the rest; halves that a crash left go. The refresh lock is held."""
    for half in path(run_id).parent.glob(".*.half"):
        half.unlink()
    first = f"{UNFINISHED}: run {run_id[:8]}, begun {datetime.now(UTC):%Y-%m-%d %H:%M} UTC by process {os.getpid()}"
    _write(path(run_id), first.ljust(ROOM - 1))


def leave(instance: dg.DagsterInstance, run_id: str, fault: Fault | None = None, *, say: Callable[[str], None] | None = None) -> str:
    """Tell, keep and show in Dagster what a run did, which ends now; gives it. fault: what ended it and is not among its events yet."""
    said = compose(instance, run_id, fault)
    if say:
        say(f"What this run did:\n{said}")
    try:
        keep(said, run_id)
    finally:
        _show(instance, run_id, said)
    return said


def leave_not_begun(fault: Fault) -> None:
    """The same of a refresh that had no run: refused before it, or ended outside of it."""
    try:
        now = versions.current()
    except versions.PublishError:
        now = None
    told = Events(job=run_events.JOB, source="make refresh", faults=[fault])
    said = (printable(redact(line)) for line in outcome.lines("", told, now, flipped=False))
    keep("\n".join(said), f"not-begun-{datetime.now(UTC):%Y%m%dT%H%M%S}")


def keep(text: str, run_id: str) -> Path:
    """Write a report into its file, whole or not at all, and sweep those older than the newest `retention.reports_kept`. Gives the file.
    Where there is no room left, it goes into the room that it has had from the beginning."""
    file = path(run_id)
    try:
        _write(file, text)
    except OSError:
        if not file.exists():
            raise
        with file.open("r+b") as handle:
            handle.write(text.encode()[: ROOM - 1].decode(errors="ignore").encode().ljust(ROOM - 1) + b"\n")
    for old in sorted(file.parent.glob("*.txt"), key=lambda one: one.stat().st_mtime_ns)[: -_reports_kept()]:
        old.unlink()
    return file


def _reports_kept() -> int:
    """The default where the rules cannot be read: that may be what the report tells."""
    try:
        return business_rules.read().retention.reports_kept
    except business_rules.RuleError:
        return Retention().reports_kept


def _write(file: Path, text: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    half = file.with_name(f".{file.name}.half")
    try:
        half.write_text(text + "\n", encoding="utf-8")
        half.replace(file)
    finally:
        half.unlink(missing_ok=True)


def _show(instance: dg.DagsterInstance, run_id: str, text: str) -> None:
    """As an observation of what is published, where red runs are seen too."""
    import dagster as dg
    from dagster._core.events import AssetObservationData

    block = "```\n" + text.replace("```", "\u02cb\u02cb\u02cb") + "\n```"  # nothing in it ends the block, after which it would be Markdown
    seen = dg.AssetObservation(run_events.PUBLISHED.split("."), metadata={"report": dg.MetadataValue.md(block)})
    kind = dg.DagsterEventType.ASSET_OBSERVATION.value
    instance.report_dagster_event(dg.DagsterEvent(kind, _job(instance, run_id), event_specific_data=AssetObservationData(seen)), run_id)


def _job(instance: dg.DagsterInstance, run_id: str) -> str:
    run = instance.get_run_by_id(run_id)
    return run.job_name if run else run_events.JOB


def _unfinished(file: Path, first: str) -> tuple[list[str], bool]:
    """What is to be said of a run that has left its first line only, and whether it is still under way."""
    who = first.removeprefix(f"{UNFINISHED}:").strip()
    process = re.search(r"process (\d+)", first)
    if process and lock.is_alive(int(process[1])):
        return [f"UNDER WAY: {who}. The one before it:", ""], True
    now = versions.current()
    flipped = now is not None and now.refresh_id == file.stem
    told = Events(faults=[Fault(RUN, f"Of {who} nothing more is known: it was killed, the machine went down, or it found no room to say.")])
    return list(outcome.lines(file.stem, told, now, flipped=flipped))[:-1], False


def main(arguments: list[str]) -> int:
    """Print a kept report; gives the exit code."""
    if len(arguments) > 1:
        print(__doc__)
        return 2
    read_env_file()
    files = sorted((data_root() / "reports").glob("[!.]*.txt"), key=lambda one: one.stat().st_mtime_ns)
    found = [file for file in files if file.name.startswith(arguments[0])] if arguments else files
    if not found:
        print(f"No report of {arguments[0] if arguments else 'any refresh'} is kept under {data_root() / 'reports'}.", file=sys.stderr)
        return 1
    while found:
        text = found[-1].read_text(encoding="utf-8").rstrip()
        if not text.startswith(UNFINISHED):
            print(text)
            break
        lines, is_under_way = _unfinished(found[-1], text)
        print("\n".join(lines))
        if not is_under_way:
            break
        found.pop()
    hours = (time.time() - files[-1].stat().st_mtime) / 3600
    if not arguments and hours * 3600 > A_NIGHT_SECONDS:
        print(f"\nNo run has left a report since: this is {hours:.0f} hours old. If a night was to run, see why it did not begin.")
    return 0


def at_a_terminal(arguments: list[str]) -> int:
    """The same; who reads no further, such as `head`, has what it wanted."""
    try:
        code = main(arguments)
        sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # Python flushes once more at its end
        return 0
    except (SettingError, versions.PublishError) as refusal:
        print(refusal, file=sys.stderr)
        return 1
    return code


if __name__ == "__main__":
    sys.exit(at_a_terminal(sys.argv[1:]))
