"""What a run told Dagster: what landed, what was built, which checks stood, how long each step took, and why it failed.

    a run's events in Dagster  ──►  `read`  ──►  report.py, outcome.py, refresh.py

Only the run's own events count, so nothing of an earlier night is ever taken for its own.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import dagster as dg

JOB, REPLAY, REBUILD, BACKFILL = "refresh_warehouse", "replay_quarantine", "rebuild_warehouse", "backfill"
SOURCE = "omnimart/started_by"
LANDING, PUBLISHED = "land_", "published.omnimart"
RUN = "the run itself"
ENDED = "The refresh was ended from outside (Ctrl+C, a signal) before it was done. What was published stays."
INTERRUPTED = "DagsterExecutionInterruptedError"
FAILURE = "Failure"  # what our own steps raise, with a sentence


@dataclass(frozen=True)
class Fault:
    """Why a step failed, or the run outside of every step (RUN). kind: the class of the error at the root; empty where the text is a
    sentence of ours."""

    step: str
    text: str
    kind: str = ""


@dataclass
class Landed:
    """What one vendor said: documents, seconds of its slowest account, and what went wrong with it."""

    documents: int = 0
    seconds: float = 0.0
    contact: str = ""
    error: str = ""


@dataclass
class Events:
    """A run's own events. `steps`: step -> (start, end) in seconds since 1970; `built`: table -> seconds of its model; checks by name,
    but for the vendors' `answered`, which `landed` tells; `flipped`: whether publishing brought a new version, None where it did not
    come to its end; `config`: what the run was asked."""

    job: str = ""
    source: str = ""
    config: Mapping[str, Any] = field(default_factory=dict)
    began: float | None = None
    landed: dict[str, Landed] = field(default_factory=lambda: defaultdict(Landed))
    built: dict[str, float] = field(default_factory=dict)
    steps: dict[str, tuple[float, float]] = field(default_factory=dict)
    passed: int = 0
    failed: list[str] = field(default_factory=list)
    warned: list[str] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    flipped: bool | None = None

    @property
    def silent(self) -> dict[str, Landed]:
        """The vendors of which an account did not answer."""
        return {name: one for name, one in self.landed.items() if one.error}


def read(instance: dg.DagsterInstance, run_id: str) -> Events:
    """What the run has told Dagster so far."""
    import dagster as dg

    kinds = dg.DagsterEventType
    told, ends = Events(), []
    if record := instance.get_run_record_by_id(run_id):
        run = record.dagster_run
        told.job, told.source, told.config = run.job_name, run.tags.get(SOURCE, ""), run.run_config or {}
        told.began = record.start_time or record.create_timestamp.timestamp()
    wanted = {kinds.ASSET_MATERIALIZATION, kinds.ASSET_CHECK_EVALUATION, kinds.STEP_FAILURE, kinds.RUN_FAILURE}
    for entry in instance.all_logs(run_id, of_type=wanted):
        event = entry.dagster_event
        if event.event_type is kinds.ASSET_CHECK_EVALUATION:
            _count(told, event.event_specific_data)
        elif event.event_type is kinds.STEP_FAILURE:
            told.faults.append(fault_of(event))
        elif event.event_type is kinds.RUN_FAILURE:
            ends.append(event)
        else:
            _materialized(told, event)
    if not told.faults:
        told.faults += map(_end, ends)
    for step in instance.get_run_step_stats(run_id):
        if step.start_time:
            told.steps[step.step_key] = (step.start_time, step.end_time or datetime.now(UTC).timestamp())
    return told


def fault_of(event: dg.DagsterEvent) -> Fault:
    """Why a step failed, of its event."""
    data = event.step_failure_data
    said = data.user_failure_data
    if said and said.description:
        return Fault(event.step_key, said.description)
    return _of_error(event.step_key, data.error, event.message)


def told_by(step: str, error: BaseException) -> Fault:
    """The same of an error that was caught."""
    description = getattr(error, "description", None)
    if type(error).__name__ == INTERRUPTED:
        return Fault(step, ENDED, INTERRUPTED)
    return Fault(step, description) if description else Fault(step, str(error) or type(error).__name__, type(error).__name__)


def _end(event: dg.DagsterEvent) -> Fault:
    return _of_error(RUN, getattr(event.event_specific_data, "error", None), event.message)


def _of_error(step: str, error: Any, message: str | None) -> Fault:
    """error: Dagster's SerializableErrorInfo."""
    if error is None:
        return Fault(step, (message or "It ended without a word.").strip())
    while error.cause:
        error = error.cause
    if error.cls_name == INTERRUPTED:
        return Fault(step, ENDED, INTERRUPTED)
    text = re.sub(rf"^[\w.]*{re.escape(error.cls_name or '')}:\s*", "", error.message.strip())
    return Fault(step, text, "" if error.cls_name == FAILURE else error.cls_name or "")


def _materialized(told: Events, event: dg.DagsterEvent) -> None:
    materialization = event.event_specific_data.materialization
    values = {name: value.value for name, value in materialization.metadata.items()}
    name = ".".join(materialization.asset_key.path)
    if (event.step_key or "").startswith(LANDING):
        _land(told.landed[values.get("read_again") or event.step_key.removeprefix(LANDING)], values)
    elif name == PUBLISHED:
        told.flipped = bool(values.get("flipped"))
    elif "seconds" in values:
        told.built[name] = values["seconds"]


def _count(told: Events, check: Any) -> None:
    if check.check_name == "answered":  # told of the vendor
        return
    name = f"{'.'.join(check.asset_key.path)}: {check.check_name}"
    if check.passed:
        told.passed += 1
    elif check.severity.value == "ERROR":
        told.failed.append(name)
    else:
        told.warned.append(name)


def _land(one: Landed, values: Mapping[str, Any]) -> None:
    one.documents += values.get("documents", 0)
    one.seconds = max(one.seconds, values.get("seconds", 0.0))
    one.contact = values.get("contact", one.contact)
    one.error = values.get("error", one.error)


def spans(told: Iterable[tuple[float, float]]) -> float:
    """Seconds from the first beginning to the last end."""
    began, ended = zip(*told, strict=True)
    return max(ended) - min(began)
