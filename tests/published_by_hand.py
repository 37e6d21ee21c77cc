"""A published file made by hand from the contracts alone: every mart with KPIs, its grain crossed, its numbers drawn from a hash.

Ratios are what the register says of their parts, so metrics can be held against marts in seconds and with every column filled.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator
from dataclasses import asdict
from datetime import date, datetime, time
from math import sqrt
from pathlib import Path
from typing import Any
from zlib import crc32

import duckdb

from orchestration import business_rules, formulas, measures, records, semantics, versions
from orchestration.register import Column, Kpi, Mart
from orchestration.versions import Version

TYPES = {"string": "varchar"}
DAYS = [date(2026, 1, 5), date(2026, 1, 20), date(2026, 2, 3)]
MONTHS = [date(2026, 1, 1), date(2026, 2, 1), date(2026, 4, 1)]
PUBLISHED_ON = date(2026, 5, 1)
RULES = {one["name"]: one["value"] for one in business_rules.parameters(business_rules.BusinessRules())}


def publish(marts: dict[str, Mart], data: Path) -> Path:
    """Write a version with these marts, let `current` lead to it, and give the file."""
    folder = data / "published" / "versions" / "by-hand"
    folder.mkdir(parents=True)
    card = Version("by-hand", "2026-05-01T00:00:00", "by-hand", None, 0, 0, 0, "", {})
    (folder / versions.CARD).write_text(json.dumps(asdict(card)), encoding="utf-8")
    file = folder / "omnimart.duckdb"
    with duckdb.connect(str(file)) as connection:
        connection.execute("create schema marts")
        connection.execute("create table marts.publications as select timestamp '2026-05-01 03:00:00' as published_at")
        connection.execute(
            "create table marts.dates as select cast(day as date) as date_on "
            "from range(timestamp '2026-01-01', timestamp '2027-01-01', interval 1 day) as days (day)"
        )
        tables = {table for table, _ in semantics.DIMENSIONS.values()}
        for mart in marts.values():
            columns = ", ".join(f'"{one.name}" {TYPES.get(one.data_type, one.data_type)}' for one in mart.columns.values())
            connection.execute(f"create table if not exists marts.{mart.name} ({columns})")
            if mart.kpis or mart.name in tables:
                rows = list(_rows(mart))
                connection.executemany(f"insert into marts.{mart.name} values ({', '.join('?' * len(mart.columns))})", rows)
        for name, value in RULES.items():
            connection.execute("insert into marts.parameters (name, value) values (?, ?)", [name, value])
    versions.flip("by-hand")
    return file


def put_records(marts: dict[str, Mart], root: Path) -> None:
    """In place of what the drills select from the records: none to two for each row of a mart, with values drawn from a hash."""
    with duckdb.connect(str(root / "relations.duckdb")) as connection:
        connection.execute(f"attach '{root.parent / 'published' / 'current' / 'omnimart.duckdb'}' as omnimart (read_only)")
        for mart in (mart for mart in marts.values() if records.columns(mart)):
            key, drawn, period = records.key(mart), [], semantics.period_of(mart).name
            for column in records.columns(mart):
                number, told = f"hash({key} || '{column} ' || record) % 90", records.told(mart, column)
                value = number if told.part else f"'person ' || {number} % 7"
                drawn.append(f"case when {number} % 5 > 0 then {value} end as {column}")
                if told.known:  # not in the first month, or in some records of each
                    knows = f"{period} > (select min({period}) from omnimart.marts.{mart.name})" if told.whole else f"{number} % 4 > 0"
                    drawn.append(f"case when {knows} then 1 else 0 end as {records.known(column)}")
            names = list(dict.fromkeys([*mart.grain, period]))
            connection.execute(f"drop view marts.{records.model(mart)}")
            connection.execute(
                f"create table marts.{records.model(mart)} as select {', '.join([*names, *drawn])} "
                f"from omnimart.marts.{mart.name}, range(2) as numbers (record) where hash({key} || record) % 3 > 0"
            )


def _rows(mart: Mart) -> Iterator[list[Any]]:
    period, own = semantics.period_of(mart), _own_grains(mart)
    gaps = bool(measures.repeated(mart))
    for number, key in enumerate(itertools.product(*(_keys(mart, mart.columns[name], period) for name in mart.grain))):
        row = dict(zip(mart.grain, key, strict=True))
        # A mart whose ratios stand on what repeats has no row where nothing happened.
        if gaps and crc32(f"{mart.name}.{number}".encode()) % 7 == 0:
            continue
        for column in mart.columns.values():
            place = crc32(str([row[name] for name in own[column.name]]).encode()) if column.name in own else number
            row.setdefault(column.name, _value(mart, column, place, period))
        for kpi in mart.kpis:
            if kpi.is_ratio:
                row[kpi.mart_column] = ratio(kpi.scale, row[kpi.numerator_column], row[kpi.denominator_column])
        for kpi in mart.kpis:
            if mart.sums(kpi.mart_column).worked_out:
                row[kpi.mart_column] = by_formula(kpi, row)
        yield [row[name] for name in mart.columns]


def _own_grains(mart: Mart) -> dict[str, tuple[str, ...]]:
    """Column -> the columns of the grain that alone decide what it is, of those that stand in several rows again."""
    found = {}
    for kpi in mart.kpis:
        for column in filter(None, (kpi.mart_column, kpi.numerator_column, kpi.denominator_column)):
            for sums in (mart.sums(column), mart.sums(kpi.mart_column)):
                if sums.repeats:
                    found[column] = sums.of
    kinds = tuple(sorted({total[0] for kpi in mart.kpis if (total := mart.sums(kpi.mart_column).total)}))
    return found | (dict.fromkeys(mart.attributes, kinds) if kinds else {})  # what a row is held against hangs on its kind


def ratio(scale: tuple[int, int], above: Any, below: Any) -> float | None:
    """times × above / below − less; None where either is not known, there is nothing to divide by, or a loss to grow from."""
    times, less = scale
    if above is None or not below or (less and below < 0):
        return None
    return times * float(above) / float(below) - less


def by_formula(kpi: Kpi, row: dict[str, Any]) -> float | None:
    """What the formula of a KPI makes of these columns; None where one is not known or there is nothing to divide by."""
    known = {column: None if row[column] is None else float(row[column]) for column in formulas.columns(kpi)}
    text = kpi.formula.replace("×", "*").replace("−", "-").replace("^", "**")
    for rule in formulas.rules(kpi):
        text = text.replace(rule, RULES[rule])
    functions = {"sqrt": lambda value: sqrt(max(value, 0)), "coalesce": lambda value, other: other if value is None else value}
    try:
        return eval(text, {"__builtins__": {}}, {**known, **functions})
    except (TypeError, ZeroDivisionError):
        return None


def _keys(mart: Mart, column: Column, period: Column | None) -> list[Any]:
    if column.name in mart.totals:
        parts = ["a", "b"] if column.data_type == "string" else [0, 1]
        kinds = {total[1] for kpi in mart.kpis if (total := mart.sums(kpi.mart_column).total) and total[0] == column.name}
        return [*parts, *sorted(kinds), mart.totals[column.name]]
    if column == period:
        return MONTHS if column.name.endswith("month") else DAYS
    if column.data_type == "date":
        return MONTHS[:2]
    if column.data_type == "boolean":
        return [False, True]
    if column.data_type != "string":
        return [0, 1]
    return ["a", "b"] if column.name.endswith("_id") else ["a", "b", None]


def _value(mart: Mart, column: Column, number: int, period: Column | None) -> Any:
    drawn = crc32(f"{mart.name}.{column.name}.{number}".encode())
    if column.data_type == "boolean":
        return drawn % 2 == 0
    if column.data_type == "date":
        return _keys(mart, column, period)[number % 2]
    if column.data_type == "string":
        return "ab"[drawn % 2]
    if column.data_type.startswith("timestamp"):
        return datetime.combine(DAYS[drawn % 3], time(12))
    return None if drawn % 11 == 0 else drawn // 11 % 90
