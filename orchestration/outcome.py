"""How a run ended, in the lines that somebody woken at three reads first: green or red, what readers see, why, and what to do.

    a run's events  +  the published version  ──►  `verdict`, `reasons`  ──►  the first lines of its report, the last of the terminal
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from orchestration import next_steps, run_events, subjects
from orchestration.run_events import BACKFILL, LANDING, REBUILD, REPLAY, RUN, Events, Fault
from orchestration.versions import Version

WIDEST = 132
MOST_LINES = 4  # of one reason
MOST_REASONS = 5
TITLES = {BACKFILL: "backfill", REBUILD: "rebuild", REPLAY: "replay of the quarantine", run_events.JOB: "refresh"}
# What kept the marts from being published comes first, what only wants to be looked at last.
ORDER = (RUN, subjects.AGAIN, LANDING, subjects.BUILD, subjects.PROMISES, subjects.PUBLISHED, subjects.ANSWERED, subjects.HOUSEKEEPING)


@dataclass(frozen=True)
class Reason:
    """Why a run is red. `text`: one or more sentences; `next_step`: what to do, with the heading of docs/operations.md."""

    text: str
    next_step: str

    def sentence(self) -> str:
        """Both as one paragraph."""
        return f"{self.text} {self.next_step}"


def reasons(told: Events) -> list[Reason]:
    """Every reason why the run is red, the most important first; empty when it is green."""
    found: dict[str, list[Fault]] = {}
    for fault in sorted(told.faults, key=_place):
        found.setdefault(next_steps.heading(fault, told.job), []).append(fault)
    if told.silent and not any(fault.step == subjects.ANSWERED for fault in told.faults):
        found.setdefault(next_steps.VENDOR, []).append(_silence(told))
    return [_reason(heading, faults, told.job) for heading, faults in found.items()]


def lines(run_id: str, told: Events, now: Version | None, *, flipped: bool) -> Iterator[str]:
    """The first lines of a report."""
    why = reasons(told)
    warned = f" with {len(told.warned)} warning{'s' if len(told.warned) > 1 else ''}" if told.warned and not why else ""
    yield f"{'RED' if why else 'GREEN'}{warned}: {_publication(told, now, flipped=flipped)}"
    yield from because(why)
    by = f" by {told.source}" if told.source else ""
    yield f"run       {f'{_title(told)} {run_id[:8]}'.strip()}{by}, begun {_begun(told)} UTC, {_seconds(told):.0f} s"


def because(why: list[Reason]) -> Iterator[str]:
    """The reasons, each with its next step."""
    for reason in why[:MOST_REASONS]:
        yield from _wrapped("why", reason.text)
        yield from _wrapped("do", reason.next_step)
    if len(why) > MOST_REASONS:
        yield f"          and {len(why) - MOST_REASONS} more reasons: the run's log in Dagster"


def readers_see(now: Version | None) -> str:
    """What is published, in words."""
    if now is None:
        return "nothing ever was: readers find no file"
    return f"readers still see version {now.version} of {_moment(now.published_at)} UTC"


def _publication(told: Events, now: Version | None, *, flipped: bool) -> str:
    if now and flipped:
        return f"published version {now.version}"
    if now is None:
        return f"nothing published, and {readers_see(now)}"
    return f"{'nothing published' if told.flipped is None else 'nothing changed, nothing published'}, {readers_see(now)}"


def _place(fault: Fault) -> int:
    step = LANDING if fault.step.startswith(LANDING) and fault.step != subjects.AGAIN else fault.step
    return ORDER.index(step) if step in ORDER else len(ORDER)


def _reason(heading: str, faults: list[Fault], job: str) -> Reason:
    step = next_steps.next_step(heading, job)
    texts = list(dict.fromkeys(_said(fault, step) for fault in faults))
    more = f" And {len(texts) - 1} more of the kind, in the run's log." if len(texts) > 1 else ""
    return Reason(texts[0] + more, step)


def _said(fault: Fault, step: str) -> str:
    """Without the next step, which some say themselves; whose class is told, since the text alone is often a path or a number."""
    text = " ".join(fault.text.replace(step, "").split())
    ours = not fault.kind or fault.kind in next_steps.KINDS
    return text if ours else f"Step {fault.step} met {fault.kind}: {text}"


def _silence(told: Events) -> Fault:
    names = ", ".join(sorted(told.silent))
    return Fault(subjects.ANSWERED, f"Not every vendor answered to the end: {names} (below). What they told in earlier nights is used.")


def _wrapped(mark: str, text: str) -> Iterator[str]:
    found = textwrap.wrap(text, WIDEST - 10, break_on_hyphens=False) or [""]
    if len(found) > MOST_LINES:
        found = [*found[: MOST_LINES - 1], f"{found[MOST_LINES - 1][: WIDEST - 11]}…"]
    yield from (f"  {mark if number == 0 else '':<8}{line}" for number, line in enumerate(found))


def _title(told: Events) -> str:
    asked = told.config.get("ops", {}).get(subjects.AGAIN, {}).get("config", {}) if told.job == BACKFILL else {}
    window = f" of {asked.get('vendor')} {asked.get('first_day')} … {asked.get('last_day')}" if asked else ""
    return f"{TITLES.get(told.job, 'run')}{window}"


def _begun(told: Events) -> str:
    began = told.began or min((start for start, _ in told.steps.values()), default=datetime.now(UTC).timestamp())
    return f"{datetime.fromtimestamp(began, UTC):%Y-%m-%d %H:%M}"


def _seconds(told: Events) -> float:
    return run_events.spans(told.steps.values()) if told.steps else 0.0


def _moment(text: str) -> str:
    return f"{datetime.fromisoformat(text).astimezone(UTC):%Y-%m-%d %H:%M}"
