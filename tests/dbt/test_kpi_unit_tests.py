"""Every KPI has a dbt unit test: the register names columns, and each stands with a value in what a test of its mart expects.

    seeds/registered_kpis.csv, unit_tests of the models' YAML  ──►  columns that no test tells a value of

Alone: `pytest tests/dbt/test_kpi_unit_tests.py -n 0`. A column that is only ever expected to be NULL proves nothing and counts as
not tested; and no test may expect a ratio to be anything but NULL where there is nothing to divide by.
"""

from __future__ import annotations

import csv
import re
from pathlib import Path

import pytest
import yaml

PROJECT = Path(__file__).resolve().parents[2] / "dbt_project"
KPI = dict[str, str]


def registered() -> list[KPI]:
    """The rows of the register."""
    with (PROJECT / "seeds" / "registered_kpis.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def expected_rows(unit_test: dict) -> list[dict[str, object]]:
    """What a unit test expects, row by row; of rows told in SQL each column that it names, as a value."""
    rows = unit_test["expect"].get("rows") or []
    if isinstance(rows, str):
        return [dict.fromkeys(re.findall(r"\bas\s+(\w+)", rows), "told")]
    return rows


@pytest.fixture(scope="module")
def told() -> dict[str, list[dict[str, object]]]:
    """mart → every row that a unit test of it expects."""
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    rows: dict[str, list[dict[str, object]]] = {}
    for file in sorted((PROJECT / "models" / "marts").rglob("*.yml")):
        for unit_test in (yaml.load(file.read_text(encoding="utf-8"), loader) or {}).get("unit_tests", []):
            rows.setdefault(unit_test["model"], []).extend(expected_rows(unit_test))
    return rows


def test_every_kpi_has_a_unit_test(told: dict[str, list[dict[str, object]]]) -> None:
    untested = {
        f"{kpi['mart']}.{column}"
        for kpi in registered()
        for column in (kpi["mart_column"], kpi["numerator_column"], kpi["denominator_column"])
        if column and all(row.get(column) is None for row in told.get(kpi["mart"], []))
    }
    assert sorted(untested) == []


def test_no_ratio_is_told_where_there_is_nothing_to_divide_by(told: dict[str, list[dict[str, object]]]) -> None:
    impossible = {
        f"{kpi['mart']}.{kpi['mart_column']}"
        for kpi in registered()
        for row in told.get(kpi["mart"], [])
        if kpi["denominator_column"] and row.get(kpi["denominator_column"]) == 0 and row.get(kpi["mart_column"]) is not None
    }
    assert sorted(impossible) == []
