"""The lines of a report: how the run ended, and what it did.

    the run's own events  +  warehouse.duckdb  +  the versions before and after  ──►  `compose`

Only what this run did itself is told: where it built nothing, nothing is said of customers or checks. Whatever it cannot read (no warehouse
yet) it says.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb
import pyarrow.parquet as pq

from ingestion import rooms
from ingestion.redaction import printable, redact
from orchestration import exports, outcome, run_events, subjects, versions
from orchestration.outcome import WIDEST
from orchestration.run_events import BACKFILL, LANDING, Events, Fault

if TYPE_CHECKING:
    import dagster as dg

QUERY = Path(__file__).resolve().parent.parent / "dbt_project" / "queries" / "refresh_report.sql"
SHOWN = 6
# What the query tells, and the table it is read from: of this run only where this run built it.
TABLES = {"rejected": "quarantine", "unmapped": "unmapped_values", "fields": "vendor_fields", "customers": "identity_events"}
KNOWN = {"known": "quarantine", "known_fields": "vendor_fields", "known_events": "identity_events"}


def compose(instance: dg.DagsterInstance, run_id: str, fault: Fault | None = None) -> str:
    """The report of a run as its events stand now, without any secret that an error may have quoted and any sign that a screen obeys."""
    told = run_events.read(instance, run_id)
    if fault and not told.faults:
        told.faults.append(fault)
    return "\n".join(printable(redact(line)) for line in _lines(run_id, told))


def _lines(run_id: str, told: Events) -> Iterator[str]:
    try:
        now = versions.current()
    except versions.PublishError as error:  # a link to a version that is gone: readers see nothing, which is red by itself
        now = None
        told.faults.append(Fault(subjects.PUBLISHED, str(error)))
    flipped = now is not None and now.refresh_id == run_id
    before = now.previous_version if now and flipped else now.version if now else None
    yield from outcome.lines(run_id, told, now, flipped=flipped)
    yield from _came(told)
    yield from _warehouse(before, told)
    yield from _audits(told)
    yield from _changed(now, before, flipped=flipped)
    yield from _took(told)


def _came(told: Events) -> Iterator[str]:
    asked = {name: one for name, one in told.landed.items() if one.contact != "switched off"}
    if not asked:
        why = "no vendor was reached" if told.job == run_events.JOB else "nothing was read to its end" if told.job == BACKFILL else \
            "no vendor is asked by a run from the lake"
        yield f"came      nothing: {why}"
        return
    width = max(map(len, asked))
    yield f"came      {_number(sum(one.documents for one in asked.values()))} documents of {len(asked)} vendors"
    for name, one in sorted(asked.items(), key=lambda item: (not item[1].error, -item[1].documents, item[0])):
        wrong = f"  FAILED: {one.error}" if one.error else ""
        yield _cut(f"  {name:<{width}}  {_number(one.documents):>11}  {one.seconds:6.1f} s{wrong}")


def _warehouse(before: str | None, told: Events) -> Iterator[str]:
    """What was rejected and not understood, and what became of customers, as far as this run built what tells it."""
    built = {kind for kind, table in TABLES.items() if f"marts.{table}" in told.built}
    rows = _asked(before) if built else None
    if rows is None:
        yield "built     not to the end: what this run would have rejected, and its customers, are not known"
        return
    rejected, unmapped = _of(rows, "rejected"), _of(rows, "unmapped")
    if "rejected" in built:
        news, standing = (sum(row[place] for row in rejected) for place in (1, 2))
        words = f"; {_number(len(unmapped))} words without a mapping" if "unmapped" in built else ""
        yield f"rejected  {_number(news)} records, {_number(standing)} in quarantine in all{words}"
        for name, new, all_of_it in rejected[:SHOWN]:
            yield _cut(f"  {_number(new):>7} of {_number(all_of_it)}  {name}")
        if len(rejected) > SHOWN:
            yield f"          and {len(rejected) - SHOWN} more reasons: marts.quarantine"
    for name, _, records in unmapped[:SHOWN] if "unmapped" in built else ():
        yield _cut(f"  {_number(records):>7} records  {name}")
    changed = _of(rows, "fields") if "fields" in built else []
    if changed:
        yield f"fields    {_number(len(changed))} changed at vendors since the version before (marts.vendor_fields)"
    for name, _, _ in changed[:SHOWN]:
        yield _cut(f"          {name}")
    if "customers" in built:
        people = ", ".join(f"{_number(count)} {event}" for event, count, _ in _of(rows, "customers"))
        yield f"customers {people or 'nobody new, merged or split'}"
    if missing := sorted(TABLES[kind] for kind in TABLES.keys() - built):
        yield f"built     not to the end: {', '.join(missing)} are of an earlier run and not told"


def _asked(before: str | None) -> list[tuple[str, str, int, int]] | None:
    try:
        with exports.reading() as connection:
            connection.execute("use warehouse")
            for known, name in KNOWN.items():
                file = versions.folder(before) / "marts" / f"{name}.parquet" if before else None
                told = f"from {rooms.quoted(file)}" if file and file.exists() else f"from marts.{name} limit 0"
                connection.execute(f"create temp table {known} as {told}")
            return connection.execute(QUERY.read_text(encoding="utf-8")).fetchall()
    except duckdb.Error:
        return None


def _of(rows: list[tuple[str, str, int, int]], kind: str) -> list[tuple[str, int, int]]:
    return [(name, news or 0, standing or 0) for found, name, news, standing in rows if found == kind]


def _audits(told: Events) -> Iterator[str]:
    if not told.passed + len(told.warned) + len(told.failed):
        yield "checks    none were made"
        return
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
    lands = [span for step, span in told.steps.items() if _lands(step)]
    spans = [("vendors, side by side", lands)] if lands else []
    spans += [(step, [span]) for step, span in told.steps.items() if not _lands(step)]
    took = "; ".join(f"{name} {run_events.spans(span):.1f} s" for name, span in spans)
    yield f"took      {took or 'no time: no step was begun'}"
    slowest = sorted(told.built.items(), key=lambda item: -item[1])[:SHOWN]
    if slowest:
        yield _cut("  slowest " + ", ".join(f"{name} {seconds:.1f} s" for name, seconds in slowest))


def _lands(step: str) -> bool:
    return step.startswith(LANDING) and step != subjects.AGAIN


def _number(count: float) -> str:
    return f"{count:,.0f}".replace(",", " ")


def _cut(line: str) -> str:
    return line if len(line) <= WIDEST else line[: WIDEST - 1] + "…"
