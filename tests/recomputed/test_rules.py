"""Every rule that defines a KPI is read by the recomputations, so that no window or threshold is believed twice; the rest say why not.

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

FAMILIES = [
    "attribution", "channels", "contact_pressure", "customer_value", "identity", "lifecycle", "loyalty", "messaging", "sales", "service",
    "stock", "surveys", "triggers",
]
MATCHING = "which records are one fact is settled before any KPI: the facts are taken as published, matched by tests of their own"
NOT_READ = {
    "customer_value.holdout_days": "of the second fit, which tells how well the first foresees: diagnostics in clv_models, no KPI",
    "identity.ask_weight": MATCHING,
    "identity.block_size_limit": MATCHING,
    "identity.cluster_size_limit": MATCHING,
    "identity.link_weight": MATCHING,
    "identity.model_change_limit": "which trained model is in force: a setting of training, no KPI",
    "identity.names_per_identifier": MATCHING,
    "identity.records_per_identifier": MATCHING,
    "loyalty.balance_tolerance_points": "when a difference of balances warns; balance_difference itself has no tolerance",
    "loyalty.mirror_window_minutes": MATCHING,
    "messaging.open_rate_good_high": "a band for those who read reports, told in `parameters`; no column is made of it",
    "messaging.open_rate_good_low": "a band for those who read reports, told in `parameters`; no column is made of it",
    "sales.gift_card_categories": "what kind of product a thing is, beside the vendor's own word, which is not published",
    "sales.mirror_window_days": MATCHING,
    "service.call_match_seconds": MATCHING,
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


def test_every_rule_behind_a_kpi_is_read_or_excused(read):
    names = [row["name"] for row in parameters(BusinessRules())]
    of_kpis = [name for name in names if name.partition(".")[0] in FAMILIES]
    assert {name.partition(".")[0] for name in of_kpis} == set(FAMILIES)
    unread = {name for name in of_kpis if not any(pattern.fullmatch(name) for pattern in read)}
    assert unread == NOT_READ.keys()


def test_no_recomputation_reads_a_rule_that_there_is_not(read):
    names = [row["name"] for row in parameters(BusinessRules())]
    assert [pattern.pattern for pattern in read if not any(pattern.fullmatch(name) for name in names)] == []
