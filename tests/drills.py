"""The documented queries from a KPI's value to its records (dbt_project/semantic/drills), held against the marts they explain.

A drill explains every row of its mart, and `select * from records where …` by the columns of the grain in place of its last select
lists the records. Its head may say `-- apart: column, column: reason` of what its records cannot give, and `-- where column = N:
condition` of a column of the grain that its records do not have themselves.
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
    """A drill as it is written: its query, the columns it leaves apart, and conditions on N where a column of the grain is no column of
    its records."""

    query: str
    apart: frozenset[str]
    where: dict[str, str]

    def records_of(self, row: dict[str, Any]) -> tuple[str, dict[str, Any]]:
        """The query of the records behind a row, told by its columns of the grain, with its parameters."""
        told = {column: self.where.get(column, f"{column} is not distinct from N") for column in row}
        conditions = " and ".join(re.sub(r"\bN\b", f"${column}", condition) for column, condition in told.items()) or "true"
        *_, last = re.finditer(r"^select\b", self.query, re.MULTILINE)
        asked = {column: value for column, value in row.items() if re.search(r"\bN\b", told[column])}
        return f"{self.query[:last.start()]}select * from records where {conditions}", asked


def drill_of(mart: Mart) -> Drill | None:
    """The drill of a mart, or None where there is none."""
    query = kpi_book.drill(mart.name)
    if query is None:
        return None
    head = " ".join(line.removeprefix("-- ") for line in query.splitlines() if line.startswith("--"))
    apart = {name for names in re.findall(r"apart: ([\w, ]+):", head) for name in names.split(", ")}
    return Drill(query, frozenset(apart), dict(re.findall(r"^-- where (\w+) = N: (.+)$", query, re.MULTILINE)))


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


def recordless(mart: Mart, connection: duckdb.DuckDBPyConnection) -> list[str]:
    """A mart whose drill lists no records by the columns of the grain; totals, which are made of all records, do not name theirs."""
    drill = drill_of(mart)
    something = " or ".join(f"cast({kpi.mart_column} as double) <> 0" for kpi in mart.kpis)
    rows = _rows(connection, f"select {', '.join(mart.grain)} from marts.{mart.name} where {something} order by all desc")
    tried = rows[:: len(rows) // 20 + 1]
    for row in tried:
        named = {column: value for column, value in row.items() if column not in mart.totals or mart.totals[column] != value}
        if connection.execute(*drill.records_of(named)).fetchone():
            return []
    return [f"{mart.name}: no records behind {len(tried)} rows"] if tried else []


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
