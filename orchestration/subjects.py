"""What an alert is about: vendor, asset, how many rows, and what to do next.

    the failed step  +  the newest build's failed audits  +  the accounts that are stale  ──►  subjects and the next step

Every next step names a heading of docs/operations.md, where the commands stand.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import duckdb

from orchestration import audits, contacts, exports, gate, shortage
from orchestration.audits import Finding
from orchestration.contacts import Standing
from orchestration.manifest import manifest

AGAIN, LANDING, BUILD, PROMISES, PUBLISHED = "land_window", "land_", "build_warehouse", "vendors_keep_their_promises", "published__omnimart"
ANSWERED, FRESHNESS, RUN = "every_vendor_answered", "freshness", "the run itself"
MOST = 5
ENDED = "The refresh was ended from outside (Ctrl+C, a signal) before it was done. What was published stays."
NEXT = {
    "A vendor is down": "The next run asks again and catches up; see to the vendor if it stays so.",
    "A check failed": "Mend the cause, then `make refresh`; yesterday's marts stay published meanwhile.",
    "A refresh was killed": "Start it again: `make refresh`.",
    "A trained likeness model waits": "`make identity-diff ARGS=\"--model <version>\"` tells whom it would touch.",
    **shortage.NEXT,
    "Backfill: days of a vendor are read again": "Mend what it names and start the same backfill again; the nights go on meanwhile.",
}


@dataclass(frozen=True)
class Subject:
    """One thing that an alert is about. `vendor` is empty where several meet; `rows` says how many of how many."""

    vendor: str
    asset: str
    rows: str

    def line(self) -> str:
        """As people read it."""
        return " ".join(filter(None, (self.vendor, self.asset))) + (f": {self.rows}" if self.rows else "")


def subjects(step: str) -> tuple[Subject, ...]:
    """What a failed step was about; the first MOST. Empty where the step is about none of them."""
    if step in (BUILD, PROMISES):
        return tuple(_of_findings())[:MOST]
    if step == PUBLISHED:
        return (*_of_findings(), *_of_standings())[:MOST]
    if step == AGAIN:
        return ()
    if step in (ANSWERED, FRESHNESS) or step.startswith(LANDING):
        return tuple(_of_standings(step.removeprefix(LANDING) if step.startswith(LANDING) else None))[:MOST]
    return ()


def heading(step: str, text: str = "", about: tuple[Subject, ...] = ()) -> str:
    """The heading of docs/operations.md that says what to do about a failed step and what it said."""
    if lacks := shortage.told(text):
        return lacks
    if text == ENDED:
        return "A refresh was killed"
    if step in (BUILD, PROMISES):
        return "A check failed"
    if step == PUBLISHED:
        return "A vendor is down" if about and not any(_failed()) else "A check failed"
    if step == AGAIN:
        return "Backfill: days of a vendor are read again"
    if step in (ANSWERED, FRESHNESS) or step.startswith(LANDING):
        return "A vendor is down"
    return "A refresh was killed"


def next_step(heading: str) -> str:
    """The sentence that ends an alert."""
    return f"{NEXT[heading]} docs/operations.md, “{heading}”."


def _failed() -> Iterator[Finding]:
    return (finding for finding in audits.findings() if finding.blocks and not finding.passed)


def _of_findings() -> Iterator[Subject]:
    found = list(_failed())
    rows = _row_counts() if found else {}
    nodes = manifest()["nodes"]
    for finding in found:
        if finding.kind == gate.DBT:
            yield _of_dbt(finding, nodes, rows)
        else:
            vendor, _, resource = finding.audit.partition(".")
            numbers = finding.numbers
            counted = f"{numbers['rows']} rows of its newest loads" if "rows" in numbers else ""
            rejected = f", {numbers['rejected']} rejected" if numbers.get("rejected") else ""
            yield Subject(vendor, f"raw_{vendor}/{resource}", counted + rejected)


def _of_dbt(finding: Finding, nodes: dict, rows: dict[tuple[str, str], int]) -> Subject:
    node = nodes.get(finding.audit, {})
    tested = nodes.get(node.get("attached_node") or next(iter(node.get("depends_on", {}).get("nodes", [])), ""), node)
    if not tested:
        return Subject("", finding.audit, "")
    place = (tested.get("schema", ""), tested.get("alias", ""))
    rooms = tested.get("fqn", [])
    failures = finding.numbers.get("failures")
    all_of_it = f" of {rows[place]}" if place in rows else ""
    return Subject(
        rooms[2] if rooms[1:2] == ["staging"] else "", "/".join(place), "" if failures is None else f"{failures}{all_of_it} rows"
    )


def _row_counts() -> dict[tuple[str, str], int]:
    try:
        with exports.reading() as connection:
            return exports.row_counts(connection)
    except duckdb.Error:  # the build may have died before there was a file; the alert goes out without the counts
        return {}


def _of_standings(vendor: str | None = None) -> Iterator[Subject]:
    for standing in contacts.standings():
        if standing.is_stale and vendor in (None, standing.vendor.name):
            yield Subject(standing.name, f"raw_{standing.vendor.name}", _landed(standing))


def _landed(standing: Standing) -> str:
    if standing.answered_at is None:
        return "0 documents, it has never answered"
    return f"{standing.documents} documents when it last answered"
