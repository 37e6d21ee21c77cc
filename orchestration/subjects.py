"""What an alert is about: vendor, asset and how many rows.

    the failed step  +  the audits it names  +  the accounts that are stale  +  the lake and the warehouse as they are  ──►  subjects

Every step of every job has its line in STEPS, with the heading of docs/operations.md that says what to do (next_steps.py); a step
without one fails tests/orchestration/test_alerts.py.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pyarrow.parquet as pq

from ingestion import backfill, lake
from ingestion.vendors import vendors
from orchestration import audits, contacts, exports, gate, versions
from orchestration.audits import Finding
from orchestration.contacts import Standing
from orchestration.manifest import manifest
from orchestration.run_events import BACKFILL, LANDING, RUN, Fault

AGAIN, BUILD, PROMISES, PUBLISHED = "land_window", "build_warehouse", "vendors_keep_their_promises", "published__omnimart"
ANSWERED, HOUSEKEEPING, MODEL, DIFF = "every_vendor_answered", "lake__housekeeping", "identity__model", "identity__diff"
FRESHNESS, BEFORE = "freshness", "before the run"
MOST = 5


@dataclass(frozen=True)
class Subject:
    """One thing that an alert is about. `vendor` is empty where several meet; `rows` says how many of how many."""

    vendor: str
    asset: str
    rows: str

    def line(self) -> str:
        """As people read it."""
        return " ".join(filter(None, (self.vendor, self.asset))) + (f": {self.rows}" if self.rows else "")


def subjects(fault: Fault, run_id: str = "", job: str = "", config: Mapping[str, Any] | None = None) -> tuple[Subject, ...]:
    """What a fault is about, the first MOST; of a backfill its vendor and days first. config: the run's. Raises KeyError for a step that
    nobody gave a subject."""
    step = LANDING if fault.step.startswith(LANDING) and fault.step != AGAIN else fault.step
    found = list(STEPS[step](fault))
    if job == BACKFILL or step == AGAIN:
        found = [*_of_window(config or {}, run_id), *found]
    return tuple(dict.fromkeys(found))[:MOST]


def by_name(step: str) -> Subject:
    """A subject of which nothing more could be found out."""
    vendor = step.removeprefix(LANDING) if step.startswith(LANDING) and step != AGAIN else ""
    return Subject(vendor, f"raw_{vendor}" if vendor else step.replace("__", "/"), "row counts could not be found out")


def _of_build(fault: Fault) -> Iterator[Subject]:
    """The audits that it names; else what it was to build."""
    named = [finding for finding in audits.findings() if finding.blocks and not finding.passed and _says(fault.text, finding)]
    yield from _of_findings(named) if named else _of_warehouse("warehouse")


def _of_publication(fault: Fault) -> Iterator[Subject]:
    failed = [finding for finding in audits.findings() if finding.blocks and not finding.passed]
    found = [*_of_findings(failed), *_unbalanced(fault.text), *_stale(fault.text, all_of_them=not failed)]
    yield from found or _of_published()


def _of_published(fault: Fault | None = None) -> Iterator[Subject]:
    """What readers see."""
    now = versions.current()
    stays = f"{now.tables} tables, {now.rows} rows stay published (version {now.version})" if now else "nothing was ever published"
    yield Subject("", "published/omnimart", stays)


def _of_landing(fault: Fault) -> Iterator[Subject]:
    vendor = fault.step.removeprefix(LANDING)
    found = [_of_standing(one) for one in contacts.standings() if one.vendor.name == vendor]
    yield from found or [Subject(vendor, f"raw_{vendor}", "0 documents, it is switched off")]


def _of_silence(fault: Fault) -> Iterator[Subject]:
    yield from _stale(fault.text) or _stale(fault.text, all_of_them=True) or _of_published()


def _of_window(config: Mapping[str, Any], run_id: str) -> Iterator[Subject]:
    """Whose days were to be read again, and what came of them; nothing where the run was asked for none."""
    asked = config.get("ops", {}).get(AGAIN, {}).get("config", {})
    vendor = next((one for one in vendors() if one.name == asked.get("vendor")), None)
    if vendor is None:
        return
    came = backfill.documents_of(vendor, run_id)
    account = f"/{asked['account']}" if asked.get("account") else ""
    lists = f"/{', '.join(asked['resources'])}" if asked.get("resources") else ""
    yield Subject(f"{vendor.name}{account}", f"{vendor.dataset}{lists}",
                  f"days {asked.get('first_day')} … {asked.get('last_day')}, {came} documents came")


def _of_housekeeping(fault: Fault) -> Iterator[Subject]:
    """The list that it names, else the lake."""
    named = next((vendor for vendor in vendors() if re.search(rf"\b{vendor.dataset}/", fault.text)), None)
    place = re.search(rf"\b{named.dataset}/\w+", fault.text)[0] if named else ""
    files = [path for path in (lake.root() / place).rglob("*.parquet") if not path.name.startswith(".")]
    documents = f"{sum(map(_documents, files))} documents in " if place else ""
    yield Subject(named.name if named else "", place or "lake/housekeeping", f"{documents}{len(files)} files of Parquet")


def _documents(path: Path) -> int:
    try:
        return pq.read_metadata(path).num_rows
    except (OSError, ValueError):  # the damaged file may be what broke it
        return 0


def _of_model(fault: Fault) -> Iterator[Subject]:
    yield from _of_warehouse("identity/model", ("intermediate", "int_identity_features"))


def _of_diff(fault: Fault) -> Iterator[Subject]:
    yield from _of_warehouse("identity/diff", ("intermediate", "identity_registry"))


STEPS: dict[str, Callable[[Fault], Iterator[Subject]]] = {
    LANDING: _of_landing,
    AGAIN: lambda fault: iter(()),  # the window, which any step of a backfill tells
    BUILD: _of_build,
    PROMISES: _of_build,
    PUBLISHED: _of_publication,
    ANSWERED: _of_silence,
    HOUSEKEEPING: _of_housekeeping,
    MODEL: _of_model,
    DIFF: _of_diff,
    FRESHNESS: _of_silence,
    RUN: _of_published,
    BEFORE: _of_published,
}


def _says(text: str, finding: Finding) -> bool:
    return bool(finding.sentence) and finding.sentence in text


def _of_findings(found: list[Finding]) -> Iterator[Subject]:
    rows = _row_counts() if found else {}
    nodes = manifest()["nodes"] if found else {}
    for finding in found:
        if finding.kind == gate.DBT:
            yield _of_dbt(finding, nodes, rows)
        else:
            vendor, _, resource = finding.audit.partition(".")
            numbers = finding.numbers
            counted = f"{numbers['rows']} rows of its newest loads" if "rows" in numbers else "no rows: it could not be asked"
            rejected = f", {numbers['rejected']} rejected" if numbers.get("rejected") else ""
            yield Subject(vendor, f"raw_{vendor}/{resource}", counted + rejected)


def _of_dbt(finding: Finding, nodes: dict, rows: dict[tuple[str, str], int]) -> Subject:
    node = nodes.get(finding.audit, {})
    tested = nodes.get(node.get("attached_node") or next(iter(node.get("depends_on", {}).get("nodes", [])), ""), node)
    if finding.audit.startswith(("model.", "seed.")):
        tested = node
    if not tested:
        return Subject("", finding.audit, "")
    place = (tested.get("schema", ""), tested.get("alias", ""))
    rooms = tested.get("fqn", [])
    failures = finding.numbers.get("failures")
    all_of_it = f" of {rows[place]}" if place in rows else ""
    counted = f"{failures}{all_of_it} rows" if failures is not None else f"{rows.get(place, 0)} rows as they were before"
    return Subject(rooms[2] if rooms[1:2] == ["staging"] else "", "/".join(place), counted)


def _of_warehouse(asset: str, table: tuple[str, str] | None = None) -> Iterator[Subject]:
    """The warehouse as it stands, or one table of it."""
    rows = _row_counts()
    if table:
        yield Subject("", asset, f"{rows[table]} rows of {'/'.join(table)}" if table in rows else f"{'/'.join(table)} was never built")
    else:
        yield Subject("", asset, f"{len(rows)} tables, {sum(rows.values())} rows as they stand" if rows else "no table was built")


def _row_counts() -> dict[tuple[str, str], int]:
    try:
        with exports.reading() as connection:
            return exports.row_counts(connection)
    except duckdb.Error:  # the build may have died before there was a file; the alert goes out without the counts
        return {}


def _unbalanced(text: str) -> Iterator[Subject]:
    for vendor, account, resource, rest in re.findall(r"(\w+)/(\w+) (\w+): (received [^.]*?) do not add up", text):
        yield Subject(f"{vendor}/{account}", f"raw_{vendor}/{resource}", rest)


def _stale(text: str, *, all_of_them: bool = False) -> list[Subject]:
    """Stale accounts that the text names, or all of them."""
    stale = [standing for standing in contacts.standings() if standing.is_stale]
    return [_of_standing(standing) for standing in stale if all_of_them or re.search(rf"\b{standing.name}\b", text)]


def _of_standing(standing: Standing) -> Subject:
    if standing.answered_at is None:
        return Subject(standing.name, standing.vendor.dataset, "0 documents, it has never answered")
    return Subject(standing.name, standing.vendor.dataset, f"{standing.documents} documents when it last answered")
