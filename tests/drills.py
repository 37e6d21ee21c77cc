"""The documented queries from a KPI's value to its records (dbt_project/semantic/drills), held against the marts they explain.

A drill explains every row of its mart, and `select * from records where …` by the columns of the grain (of what is a fact of fewer: by
these) in place of its last select lists the records. Its head may say `-- apart: column, column: reason` of what its records cannot
give, and `-- where column = N: condition` of a column of the grain that its records do not have themselves, or `-- where column = N
(number, number): condition` of some numbers.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

import duckdb

from orchestration import kpi_book, measures, records, semantics
from orchestration.register import Mart
from tests.metrics_agreement import same
from tests.published_by_hand import ratio


@dataclass(frozen=True)
class Drill:
    """A drill as it is written: its query, the columns it leaves apart, and conditions on N where a column of the grain is no column of
    its records, of all numbers or of some."""

    query: str
    apart: frozenset[str]
    where: dict[tuple[str, str], str]  # (column of the grain, number or '' for all) -> condition

    def told_by(self, mart: Mart, number: str) -> dict[str, str]:
        """What selects the records behind a number of a row: a condition for each column of the grain, or of those that it is a fact of."""
        sums = mart.sums(number)
        return {
            column: self.where.get((column, number)) or self.where.get((column, "")) or f"records.{column} is not distinct from N"
            for column in (sums.of if sums.repeats else mart.grain)
        }

    def without_records(self, mart: Mart, told: dict[str, str], numbers: Sequence[str], of_all: dict[str, bool]) -> str:
        """In place of the last select: the rows of a mart that hold something in one of these numbers and behind which there are no
        records, told as they are; those columns apart that stand for their total (`of_all`)."""
        conditions = [re.sub(r"\bN\b", f"told.row_{column}", words) for column, words in told.items() if not of_all.get(column)]
        something = " or ".join(f"cast({number} as double) <> 0" for number in numbers)
        totals = [f"{column} is {'not ' if total else ''}distinct from {_literal(mart.totals[column])}" for column, total in of_all.items()]
        rows = f"select distinct {', '.join(f'{column} as row_{column}' for column in told)} from marts.{mart.name}"
        return f"""
            select '{mart.name}: no records behind {' or '.join(numbers)} of ' || cast(told as varchar)
            from ({rows} where {' and '.join([f'({something})', *totals])}) as told
            where not exists (select 1 from records where {' and '.join(conditions) or 'true'})
        """

    def with_last(self, select: str) -> str:
        """The query with another last select."""
        *_, last = re.finditer(r"^select\b", self.query, re.MULTILINE)
        return self.query[:last.start()] + select


def drill_of(mart: Mart) -> Drill | None:
    """The drill of a mart, or None where there is none."""
    query = kpi_book.drill(mart.name)
    if query is None:
        return None
    head = " ".join(line.removeprefix("-- ") for line in query.splitlines() if line.startswith("--"))
    apart = {name for names in re.findall(r"apart: ([\w, ]+):", head) for name in names.split(", ")}
    where = {
        (column, number): condition
        for column, numbers, condition in re.findall(r"^-- where (\w+) = N(?: \(([\w, ]+)\))?: (.+)$", query, re.MULTILINE)
        for number in numbers.split(", ")
    }
    return Drill(query, frozenset(apart), where)


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
    """Where a drill and its mart differ, cell by cell, 0 and NULL too. A row that the drill does not bring is one of zeros or NULLs in the
    mart."""
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
            if not same(value, there) and (answer or there):
                found.append(f"{mart.name}.{column} {key}: {value} by its records, {there} in the mart")
    return found + [f"{mart.name} has no row {key}, and there are records" for key in told]


def recordless(mart: Mart, connection: duckdb.DuckDBPyConnection) -> list[str]:
    """Rows of a mart behind whose numbers its drill lists no records: by the columns of the grain, or by those of which a number is a
    fact; totals, which are made of all records, do not name theirs."""
    drill = drill_of(mart)
    alike: dict[tuple[tuple[str, str], ...], list[str]] = {}
    for number in (*(kpi.mart_column for kpi in mart.kpis if not kpi.is_ratio), *mart.parts):
        if number not in drill.apart:
            alike.setdefault(tuple(drill.told_by(mart, number).items()), []).append(number)
    asked = []
    for told, numbers in alike.items():
        totals = [column for column, _ in told if column in mart.totals]
        for summed in product((True, False), repeat=len(totals)):
            asked.append(drill.without_records(mart, dict(told), numbers, dict(zip(totals, summed, strict=True))))
    return [row for row, in connection.execute(drill.with_last(" union all ".join(asked))).fetchall()]


def told_otherwise(mart: Mart, connection: duckdb.DuckDBPyConnection) -> list[str]:
    """Rows of a mart in which what metrics tell over records is not what the mart tells; without records it has 0 or NULL."""
    return [one for home in measures.homes(mart) if records.columns(mart, home) for one in _told_otherwise(mart, home, connection)]


def _told_otherwise(mart: Mart, home: tuple[str, ...], connection: duckdb.DuckDBPyConnection) -> list[str]:
    asked, values = records.columns(mart, home), []
    for column in asked:
        told = records.told(mart, column)
        part = f"percentile_cont({told.part}) within group (order by {column})" if told.part else f"count(distinct {column})"
        known = f"{'min' if told.whole else 'max'}({column}_known) = 1"
        values.append(f"{f'if({known}, {part}, null)' if told.known else part} as {column}")
    grain = ", ".join(home)
    _, _, relation = records.relation(mart, semantics.period_of(mart).name).partition("\n")
    answers = _rows(connection, f"select {grain}, {', '.join(values)} from ({relation}) as records group by {grain}")
    told = {tuple(row[name] for name in home): row for row in answers}
    summed = asked if home == mart.grain else [f"sum({column}) as {column}" for column in asked]
    published = f"select {', '.join([*home, *summed])} from marts.{mart.name}" + ("" if home == mart.grain else " group by all")
    return [
        f"{mart.name}.{column} {key}: {told.get(key, {}).get(column)} by metrics, {row[column]} in the mart"
        for row in _rows(connection, published)
        for key in [tuple(row[name] for name in home)]
        for column in asked
        if not same(told.get(key, {}).get(column), row[column]) and (key in told or row[column])
    ]


def broken_ratios(mart: Mart, connection: duckdb.DuckDBPyConnection) -> list[str]:
    """Where a published ratio is not what its formula in the register makes of its published parts."""
    return [
        f"{mart.name}.{kpi.mart_column} {[row[name] for name in mart.grain]}: {row[kpi.mart_column]}, and by its parts {parts}"
        for row in _rows(connection, f"select * from marts.{mart.name}")
        for kpi in mart.kpis
        if kpi.is_ratio
        and not same(parts := ratio(kpi.scale, row[kpi.numerator_column], row[kpi.denominator_column]), row[kpi.mart_column])
    ]


def _literal(value: str | None) -> str:
    return "null" if value is None else f"'{value}'"


def _rows(connection: duckdb.DuckDBPyConnection, query: str) -> list[dict[str, Any]]:
    answer = connection.execute(query)
    names = [name for name, *_ in answer.description]
    return [dict(zip(names, row, strict=True)) for row in answer.fetchall()]
