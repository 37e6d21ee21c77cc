"""Every rule is read by the recomputations, so that no window or threshold is believed twice; the rest say why not.

Read off the source: `rules["family.name"]`, also with a part of the name filled in.
"""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

import tests.recomputed
from orchestration.business_rules import parameters
from orchestration.rules import BusinessRules

RUNNING = "when and how the refresh runs and what is kept of it: no KPI is made of it"
MATCHING = "which records are one fact is settled before any KPI: the facts are taken as published, matched by tests of their own"
NOT_READ = {
    "business.currency": "a word beside the money; amounts keep their own currency",
    "customer_value.holdout_days": "of the second fit, which tells how well the first foresees: diagnostics in clv_models, no KPI",
    "first_load.minutes_before_publish": RUNNING,
    "first_load.minutes_per_refresh": RUNNING,
    "identity.ask_weight": MATCHING,
    "identity.block_size_limit": MATCHING,
    "identity.cluster_size_limit": MATCHING,
    "identity.link_weight": MATCHING,
    "identity.model_change_limit": "which trained model is in force: a setting of training, no KPI",
    "identity.names_per_identifier": MATCHING,
    "identity.nameless_per_identifier": MATCHING,
    "identity.number_rests_days": MATCHING,
    "identity.records_per_birth_date": MATCHING,
    "identity.records_per_identifier": MATCHING,
    "identity.share_per_birth_date": MATCHING,
    "loyalty.balance_tolerance_points": "when a difference of balances warns; balance_difference itself has no tolerance",
    "loyalty.mirror_window_minutes": MATCHING,
    "messaging.open_rate_good_high": "a band for those who read reports, told in `parameters`; no column is made of it",
    "messaging.open_rate_good_low": "a band for those who read reports, told in `parameters`; no column is made of it",
    "publishing.readable_by": RUNNING,
    "publishing.restatements_kept_days": RUNNING,
    "publishing.versions_kept": RUNNING,
    "retention.audits_kept": RUNNING,
    "retention.lake_small_files": RUNNING,
    "retention.lake_superseded_days": RUNNING,
    "retention.reports_kept": RUNNING,
    "retention.runs_kept_days": RUNNING,
    "sales.gift_card_categories": "what kind of product a thing is, beside the vendor's own word, which is not published",
    "sales.mirror_moment_seconds": MATCHING,
    "sales.mirror_window_days": MATCHING,
    "schedule.refresh_at": RUNNING,
    "service.call_match_seconds": MATCHING,
    "vendors.publish_without_for_hours": RUNNING,
    "vendors.publish_without_for_hours_by_vendor": RUNNING,
    "vendors.field_missed_days": RUNNING,
    "vendors.required": RUNNING,
}


@pytest.fixture(scope="module")
def read() -> list[re.Pattern[str]]:
    """Names that the package reads, a part that is filled in standing for anything."""
    found = []
    for file in Path(tests.recomputed.__path__[0]).glob("*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Subscript) and getattr(node.value, "attr", getattr(node.value, "id", "")) == "rules":
                parts = node.slice.values if isinstance(node.slice, ast.JoinedStr) else [node.slice]
                found.append(re.compile("".join(re.escape(part.value) if isinstance(part, ast.Constant) else "[a-z_]+" for part in parts)))
    return found


def test_every_rule_is_read_or_excused(read):
    assert _unread(_names(), read) == NOT_READ.keys()


def test_a_rule_of_a_new_family_is_neither(read):
    assert _unread([*_names(), "weather.rainy_days"], read) - NOT_READ.keys() == {"weather.rainy_days"}


def test_no_recomputation_reads_a_rule_that_there_is_not(read):
    assert [pattern.pattern for pattern in read if not any(pattern.fullmatch(name) for name in _names())] == []


def _names():
    return [row["name"] for row in parameters(BusinessRules())]


def _unread(names, read):
    return {name for name in names if not any(pattern.fullmatch(name) for pattern in read)}
