"""May the warehouse as it stands be published? Asked of the audits' own records, not of Dagster.

    quality/<build>/*.json + load_reconciliation + contacts + business_rules.yml  ──►  reasons to refuse, or none

Dagster already keeps the publishing step from starting when a blocking check fails. The gate reads everything again,
because that protection depends on how a run was started: a step launched alone in the UI would walk past it.
"""

from __future__ import annotations

from datetime import timedelta

from orchestration import audits, business_rules, exports, promises
from orchestration.contacts import Standing, standings

DBT = "dbt"
BUILD = "the dbt build ran to its end"
NAMED = 5


def reasons_to_refuse() -> list[str]:
    """Sentences that say why not; empty when the marts may go out."""
    return [*_failed_audits(), *_missing_audits(), *_reconciliation(), *_missing_vendors(standings()), *too_old(standings())]


def too_old(accounts: tuple[Standing, ...]) -> list[str]:
    """Switched-on vendors whose absence is longer than `publish_without_for_hours` allows, as sentences."""
    refused = []
    for standing in accounts:
        if not standing.is_stale:
            continue
        limit = patience(standing.vendor.name)
        if standing.age is None or standing.age >= limit:
            hours = limit.total_seconds() / 3600
            refused.append(
                f"{standing.sentence()}. The marts may be published without it for {hours:g} hours "
                "(publish_without_for_hours in business_rules.yml), and that has passed."
            )
    return refused


def _missing_vendors(accounts: tuple[Standing, ...]) -> list[str]:
    on = {standing.vendor.name for standing in accounts}
    return [
        f"{vendor} is required (vendors.required in business_rules.yml) and is not switched on: set its credentials."
        for vendor in business_rules.read().vendors.required
        if vendor not in on
    ]


def patience(vendor: str) -> timedelta:
    """How long the marts may be published without an answer of this vendor."""
    return timedelta(hours=business_rules.read().publish_without_for_hours(vendor))


def audits_passed() -> int:
    """How many audits of the newest build passed."""
    return sum(finding.passed for finding in audits.findings())


def _failed_audits() -> list[str]:
    failed = [finding for finding in audits.findings() if finding.blocks and not finding.passed]
    named = [finding.sentence or f"{finding.audit} failed." for finding in failed[:NAMED]]
    return [*named, f"And {len(failed) - NAMED} more audits failed."] if len(failed) > NAMED else named


def _missing_audits() -> list[str]:
    found = audits.findings()
    if not any(finding.kind == DBT and finding.audit == BUILD for finding in found):
        return ["The warehouse was not built to its end, so there is nothing whole to publish."]
    with exports.reading() as connection:
        tables = set(exports.tables(connection, "staging"))
    asked = {finding.audit for finding in found if finding.kind == promises.KIND}
    missing = [audit for audit, table in promises.expected_audits() if table in tables and audit not in asked]
    return (
        [f"{len(missing)} tables were not checked against their vendor's promise: {', '.join(missing[:NAMED])}."]
        if missing
        else []
    )


def _reconciliation() -> list[str]:
    with exports.reading() as connection:
        return exports.unbalanced(connection)
