"""The documented queries from a KPI's value to its records (dbt_project/semantic/drills), held against the marts they explain.

A drill explains every row of its mart. It may say in its head `-- apart: column, column: reason` of what its records cannot give.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import duckdb

from orchestration import kpi_book
from orchestration.register import Mart
from tests.metrics_agreement import same
from tests.published_by_hand import ratio


@dataclass(frozen=True)
class Drill:
    """A drill as it is written: its query, and the columns it leaves apart."""

    query: str
    apart: frozenset[str]


def drill_of(mart: Mart) -> Drill | None:
    """The drill of a mart, or None where there is none."""
    query = kpi_book.drill(mart.name)
    if query is None:
        return None
    head = " ".join(line.removeprefix("-- ") for line in query.splitlines() if line.startswith("--"))
    apart = {name for names in re.findall(r"apart: ([\w, ]+):", head) for name in names.split(", ")}
    return Drill(query, frozenset(apart))


def unreached(mart: Mart, connection: duckdb.DuckDBPyConnection) -> list[str]:
    """KPIs of a mart that its drill neither computes, itself or by their parts, nor leaves apart."""
    drill = drill_of(mart)
    if drill is None:
        return [f"{mart.name} has no drill"]
    told = {column for column, *_ in connection.execute(f"describe {drill.query}").fetchall()} | drill.apart
    return [
        f"{mart.name}.{kpi.mart_column}"
        for kpi in mart.kpis
        if kpi.mart_column not in told and not (kpi.is_ratio and {kpi.numerator_column, kpi.denominator_column} <= told)
    ]


def differences(mart: Mart, connection: duckdb.DuckDBPyConnection) -> list[str]:
    """Where a drill and its mart differ, cell by cell. A row that the drill does not bring is one of zeros or NULLs in the mart."""
    drill = drill_of(mart)
    computed = _rows(connection, drill.query)
    published = _rows(connection, f"select * from marts.{mart.name}")
    columns = [column for column in (computed[0] if computed else {}) if column not in mart.grain]
    told = {tuple(row[name] for name in mart.grain): row for row in computed}
    found = []
    for row in published:
        key = tuple(row[name] for name in mart.grain)
        answer = told.pop(key, None)
        for column in columns:
            value, there = answer[column] if answer else None, row[column]
            if not same(value, there) and (value or there):
                found.append(f"{mart.name}.{column} {key}: {value} by its records, {there} in the mart")
    return found + [f"{mart.name} has no row {key}, and there are records" for key in told]


def broken_ratios(mart: Mart, connection: duckdb.DuckDBPyConnection) -> list[str]:
    """Where a published ratio is not what its formula in the register makes of its published parts."""
    return [
        f"{mart.name}.{kpi.mart_column} {[row[name] for name in mart.grain]}: {row[kpi.mart_column]}, and by its parts {parts}"
        for row in _rows(connection, f"select * from marts.{mart.name}")
        for kpi in mart.kpis
        if kpi.is_ratio
        and not same(parts := ratio(kpi.scale, row[kpi.numerator_column], row[kpi.denominator_column]), row[kpi.mart_column])
    ]


def _rows(connection: duckdb.DuckDBPyConnection, query: str) -> list[dict[str, Any]]:
    answer = connection.execute(query)
    names = [name for name, *_ in answer.description]
    return [dict(zip(names, row, strict=True)) for row in answer.fetchall()]
