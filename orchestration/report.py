"""One screen about a refresh: what came, what was rejected, what changed, and how long each step took.

    the run's own events  +  warehouse.duckdb  +  the versions before and after  ──►  lines

    python -m orchestration.report                 of the newest refresh
    python -m orchestration.report <run id>        of that one, while its report is kept

Every way of starting a refresh leaves one, also a red one: in the run's log and the metadata of published/omnimart, at the terminal, and
in $OMNIMART_DATA/reports. Whatever it cannot read (no warehouse yet) it says, and it never fails the run that it is about.
"""

from __future__ import annotations

import sys
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb
import pyarrow.parquet as pq

from ingestion import rooms
from ingestion.lake import data_root
from ingestion.redaction import printable, redact
from orchestration import business_rules, exports, versions

if TYPE_CHECKING:
    import dagster as dg

QUERY = Path(__file__).resolve().parent.parent / "dbt_project" / "queries" / "refresh_report.sql"
SHOWN = 6
WIDEST = 132
LANDING, BUILDING = "land_", "build_warehouse"


@dataclass
class Landed:
    """What one vendor said: documents, seconds of its slowest account, and what went wrong with it."""

    documents: int = 0
    seconds: float = 0.0
    contact: str = ""
    error: str = ""


@dataclass
class Events:
    """A run's own events. `steps`: step -> (start, end) in seconds since 1970; `built`: model -> seconds; checks by name."""

    landed: dict[str, Landed] = field(default_factory=lambda: defaultdict(Landed))
    built: dict[str, float] = field(default_factory=dict)
    steps: dict[str, tuple[float, float]] = field(default_factory=dict)
    passed: int = 0
    failed: list[str] = field(default_factory=list)
    warned: list[str] = field(default_factory=list)


def path(run_id: str) -> Path:
    """Where the report of a run lies."""
    return data_root() / "reports" / f"{run_id}.txt"


def keep(text: str, run_id: str) -> Path:
    """Write a report into its file, whole or not at all, and sweep those older than the newest `retention.reports_kept`. Gives the file."""
    file = path(run_id)
    file.parent.mkdir(parents=True, exist_ok=True)
    half = file.with_name(f".{file.name}.half")
    try:
        half.write_text(text + "\n", encoding="utf-8")
        half.replace(file)
    finally:
        half.unlink(missing_ok=True)
    for old in sorted(file.parent.glob("*.txt"), key=lambda one: one.stat().st_mtime_ns)[: -business_rules.read().retention.reports_kept]:
        old.unlink()
    return file


def compose(instance: dg.DagsterInstance, run_id: str) -> str:
    """The report of a run as its events stand now, without any secret that an error may have quoted and any sign that a screen obeys."""
    return "\n".join(printable(redact(line)) for line in _lines(run_id, events(instance, run_id)))


def events(instance: dg.DagsterInstance, run_id: str) -> Events:
    """What the run has told Dagster so far."""
    import dagster as dg

    told = Events()
    kinds = {dg.DagsterEventType.ASSET_MATERIALIZATION, dg.DagsterEventType.ASSET_CHECK_EVALUATION}
    for entry in instance.all_logs(run_id, of_type=kinds):
        data = entry.dagster_event.event_specific_data
        if entry.dagster_event.event_type is dg.DagsterEventType.ASSET_CHECK_EVALUATION:
            _count(told, data)
            continue
        values = {name: value.value for name, value in data.materialization.metadata.items()}
        step = entry.dagster_event.step_key
        if step.startswith(LANDING):
            _land(told.landed[values.get("read_again") or step.removeprefix(LANDING)], values)
        elif "seconds" in values:
            told.built[".".join(data.materialization.asset_key.path)] = values["seconds"]
    for step in instance.get_run_step_stats(run_id):
        if step.start_time:
            told.steps[step.step_key] = (step.start_time, step.end_time or datetime.now(UTC).timestamp())
    return told


def _count(told: Events, check: Any) -> None:
    name = f"{'.'.join(check.asset_key.path)}: {check.check_name}"
    if check.passed:
        told.passed += 1
    elif check.severity.value == "ERROR":
        told.failed.append(name)
    elif check.check_name != "answered":  # told of the vendor
        told.warned.append(name)


def _land(one: Landed, values: Mapping[str, Any]) -> None:
    one.documents += values.get("documents", 0)
    one.seconds = max(one.seconds, values.get("seconds", 0.0))
    one.contact = values.get("contact", one.contact)
    one.error = values.get("error", one.error)


def _lines(run_id: str, told: Events) -> Iterator[str]:
    now = versions.current()
    flipped = now is not None and now.refresh_id == run_id
    before = now.previous_version if now and flipped else now.version if now else None
    began = min((start for start, _ in told.steps.values()), default=datetime.now(UTC).timestamp())
    ended = max((end for _, end in told.steps.values()), default=began)
    published = f"published {now.version}" if now and flipped else f"published stays {now.version}" if now else "nothing is published"
    yield f"Refresh {run_id[:8]}, begun {datetime.fromtimestamp(began, UTC):%Y-%m-%d %H:%M} UTC, {ended - began:.0f} s; {published}"
    yield from _came(told.landed)
    yield from _warehouse(before, is_built=BUILDING in told.steps)
    yield from _audits(told)
    yield from _changed(now, before, flipped=flipped)
    yield from _took(told)


def _came(landed: Mapping[str, Landed]) -> Iterator[str]:
    asked = {name: one for name, one in landed.items() if one.contact != "switched off"}
    width = max(map(len, asked), default=0)
    yield f"came      {_number(sum(one.documents for one in asked.values()))} documents of {len(asked)} vendors"
    for name, one in sorted(asked.items(), key=lambda item: (not item[1].error, -item[1].documents, item[0])):
        wrong = f"  FAILED: {one.error}" if one.error else ""
        yield _cut(f"  {name:<{width}}  {_number(one.documents):>11}  {one.seconds:6.1f} s{wrong}")


def _warehouse(before: str | None, *, is_built: bool) -> Iterator[str]:
    """What was rejected and not understood, and what became of customers."""
    rows = _asked(before) if is_built else None
    if rows is None:
        yield "rejected  unknown: the warehouse was not built"
        return
    rejected, unmapped = _of(rows, "rejected"), _of(rows, "unmapped")
    news, standing = (sum(row[place] for row in rejected) for place in (1, 2))
    yield f"rejected  {_number(news)} records, {_number(standing)} in quarantine in all; {_number(len(unmapped))} words without a mapping"
    for name, new, all_of_it in rejected[:SHOWN]:
        yield _cut(f"  {_number(new):>7} of {_number(all_of_it)}  {name}")
    if len(rejected) > SHOWN:
        yield f"          and {len(rejected) - SHOWN} more reasons: marts.quarantine"
    for name, _, records in unmapped[:SHOWN]:
        yield _cut(f"  {_number(records):>7} records  {name}")
    changed = _of(rows, "fields")
    if changed:
        yield f"fields    {_number(len(changed))} changed at vendors since the version before (marts.vendor_fields)"
    for name, _, _ in changed[:SHOWN]:
        yield _cut(f"          {name}")
    people = ", ".join(f"{_number(count)} {event}" for event, count, _ in _of(rows, "customers"))
    yield f"customers {people or 'nobody new, merged or split'}"


def _asked(before: str | None) -> list[tuple[str, str, int, int]] | None:
    try:
        with exports.reading() as connection:
            connection.execute("use warehouse")
            for known, name in (("known", "quarantine"), ("known_fields", "vendor_fields")):
                file = versions.folder(before) / "marts" / f"{name}.parquet" if before else None
                told = f"from {rooms.quoted(file)}" if file and file.exists() else f"from marts.{name} limit 0"
                connection.execute(f"create temp table {known} as {told}")
            return connection.execute(QUERY.read_text(encoding="utf-8")).fetchall()
    except duckdb.Error:
        return None


def _of(rows: list[tuple[str, str, int, int]], kind: str) -> list[tuple[str, int, int]]:
    return [(name, news or 0, standing or 0) for found, name, news, standing in rows if found == kind]


def _audits(told: Events) -> Iterator[str]:
    yield f"checks    {told.passed} passed, {len(told.warned)} warned, {len(told.failed)} failed"
    for mark, names in (("FAILED", told.failed), ("warned", told.warned)):
        for name in names[:SHOWN]:
            yield _cut(f"  {mark}  {name}")
        if len(names) > SHOWN:
            yield f"          and {len(names) - SHOWN} more"


def _changed(now: versions.Version | None, before: str | None, *, flipped: bool) -> Iterator[str]:
    """Which published tables differ, the greatest difference in rows first."""
    if now is None or not flipped:
        yield "changed   nothing that is published"
        return
    was = versions.read(before).fingerprints if before else {}
    names = sorted(name for name in now.fingerprints.keys() | was.keys() if now.fingerprints.get(name) != was.get(name))
    rows = {name: (_rows(before, name), _rows(now.version, name)) for name in names}
    most = sorted(rows, key=lambda name: (-abs((rows[name][1] or 0) - (rows[name][0] or 0)), name))
    restated = _rows_of_version(now.version)
    moved = f"; {_number(restated)} numbers of finished periods were restated (marts.restatements)" if restated else ""
    yield f"changed   {len(names)} of {now.tables} tables, by rows{moved}"
    for name in most[:SHOWN]:
        old, new = rows[name]
        yield f"  {name}: {'–' if old is None else _number(old)} -> {'–' if new is None else _number(new)}"


def _rows(version: str | None, name: str) -> int | None:
    schema, _, table = name.partition(".")
    file = versions.folder(version) / schema / f"{table}.parquet" if version else None
    return pq.read_metadata(file).num_rows if file and file.exists() else None


def _rows_of_version(version: str) -> int:
    file = versions.folder(version) / "marts" / "restatements.parquet"
    return pq.read_table(file, columns=["version"])["version"].to_pylist().count(version) if file.exists() else 0


def _took(told: Events) -> Iterator[str]:
    lands = [span for step, span in told.steps.items() if step.startswith(LANDING)]
    spans = [("vendors, side by side", lands)] if lands else []
    spans += [(step, [span]) for step, span in told.steps.items() if not step.startswith(LANDING)]
    told_spans = [(name, max(end for _, end in span) - min(start for start, _ in span)) for name, span in spans]
    yield "took      " + "; ".join(f"{name} {seconds:.1f} s" for name, seconds in told_spans)
    slowest = sorted(told.built.items(), key=lambda item: -item[1])[:SHOWN]
    if slowest:
        yield _cut("  slowest " + ", ".join(f"{name} {seconds:.1f} s" for name, seconds in slowest))


def _number(count: float) -> str:
    return f"{count:,.0f}".replace(",", " ")


def _cut(line: str) -> str:
    return line if len(line) <= WIDEST else line[: WIDEST - 1] + "…"


def main(arguments: list[str]) -> int:
    """Print a kept report; gives the exit code."""
    if len(arguments) > 1:
        print(__doc__)
        return 2
    files = sorted((data_root() / "reports").glob("*.txt"), key=lambda one: one.stat().st_mtime_ns)
    found = [file for file in files if file.name.startswith(arguments[0])] if arguments else files
    if not found:
        print(f"No report of {arguments[0] if arguments else 'any refresh'} is kept under {data_root() / 'reports'}.", file=sys.stderr)
        return 1
    print(found[-1].read_text(encoding="utf-8"), end="")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
