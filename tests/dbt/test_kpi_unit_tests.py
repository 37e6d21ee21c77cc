"""Every KPI has a dbt unit test: the register names columns, and each stands with a value in what a test of its mart expects.

    seeds/registered_kpis.csv, unit_tests of the models' YAML  ──►  columns that no test tells a value of

Alone: `pytest tests/dbt/test_kpi_unit_tests.py -n 0`. A column that is only ever expected to be NULL proves nothing and counts as
not tested; and no test may expect a ratio to be anything but NULL where there is nothing to divide by. Two KPIs of a mart must differ
somewhere in what is expected, or a mart that mixes them up passes; and something else than 0 and 1 must be expected of each, or a
count passes that counts once whatever it finds. Rows told in SQL have no values that can be read here: these two need rows told in YAML.
"""

from __future__ import annotations

import csv
import itertools
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


def registered_columns() -> dict[str, list[str]]:
    """mart → the columns of it that the register names, as KPIs or as their parts."""
    columns: dict[str, set[str]] = {}
    for kpi in registered():
        names = (kpi["mart_column"], kpi["numerator_column"], kpi["denominator_column"])
        columns.setdefault(kpi["mart"], set()).update(name for name in names if name)
    return {mart: sorted(names) for mart, names in columns.items()}


def differ(rows: list[dict[str, object]], one: str, other: str) -> bool:
    """Whether a row that names both columns expects different values of them; rows told in SQL have none that can be read."""
    return any(row[one] != row[other] for row in rows if {one, other} <= row.keys())


def says_enough(values: list[object]) -> bool:
    """Whether more than nothing and one is expected; of a flag, both that it is and that it is not."""
    if all(isinstance(value, bool) for value in values):
        return len(set(values)) == 2
    return not set(values) <= {0, 1, "told"}


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


def test_no_two_kpis_are_expected_to_be_the_same(told: dict[str, list[dict[str, object]]]) -> None:
    twins = {
        f"{mart}: {one} and {other}"
        for mart, columns in registered_columns().items()
        for one, other in itertools.combinations(columns, 2)
        if not differ(told[mart], one, other)
    }
    assert sorted(twins) == []


def test_every_kpi_is_expected_to_be_more_than_nothing_or_one(told: dict[str, list[dict[str, object]]]) -> None:
    poor = {
        f"{mart}.{column}"
        for mart, columns in registered_columns().items()
        for column in columns
        if not says_enough([row[column] for row in told[mart] if row.get(column) is not None])
    }
    assert sorted(poor) == []
