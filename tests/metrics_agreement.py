"""What each metric must answer by the register and the rows of its mart, and where MetricFlow answers otherwise.

The expectation is worked out from rows in Python and knows nothing of semantic models; only names are asked of them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextvars import copy_context
from dataclasses import dataclass
from datetime import date, datetime
from math import isclose
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from orchestration import formulas, measures, records, semantics
from orchestration.register import Column, Kpi, Mart
from tests.published_by_hand import PUBLISHED_ON, by_formula, ratio

if TYPE_CHECKING:
    from dbt_metricflow.cli.cli_configuration import CLIConfiguration

Row = dict[str, Any]
Rows = list[Row]


def rows_of(configuration: CLIConfiguration, mart: Mart) -> Rows:
    """The mart itself, as it is published."""
    table = configuration.sql_client.query(f"select * from marts.{mart.name}")
    return [dict(zip(table.column_names, row, strict=True)) for row in table.rows]


def records_of(configuration: CLIConfiguration, mart: Mart, rows: Rows) -> Rows:
    """What is told anew over records, in each of them, with what the row of the mart that it belongs to says of the rest."""
    if not records.columns(mart):
        return []
    table = configuration.sql_client.query(f"select * from relations.marts.{records.model(mart)}")
    known = {tuple(row[name] for name in mart.grain): row for row in rows}
    told = [dict(zip(table.column_names, row, strict=True)) for row in table.rows]
    return [{**known[tuple(row[name] for name in mart.grain)], **row} for row in told]


def alone(configuration: CLIConfiguration, mart: Mart) -> SimpleNamespace:
    """The configuration with an engine that knows the metrics of one mart only: it plans in half the time, since MetricFlow tries
    every semantic model for every metric."""
    from metricflow.engine.metricflow_engine import MetricFlowEngine
    from metricflow_semantics.model.semantic_manifest_lookup import SemanticManifestLookup

    whole = configuration.semantic_manifest
    models = [model for model in whole.semantic_models if model.name == mart.name or model.name.startswith(f"{mart.name}_of_")]
    measures = {measure.name for model in models for measure in model.measures}
    kept: dict[str, Any] = {}
    for _ in range(3):  # a measure's metric, a guarded one made of it, a ratio of these
        for metric in whole.metrics:
            params = metric.type_params
            above = [one.name for one in (*(params.metrics or ()), params.numerator, params.denominator) if one]
            if params.measure.name in measures if params.measure else all(name in kept for name in above):
                kept[metric.name] = metric
    part = whole.copy(update={"semantic_models": models, "metrics": list(kept.values())})
    client = configuration.sql_client
    return SimpleNamespace(sql_client=client, mf=MetricFlowEngine(SemanticManifestLookup(part), sql_client=client))


@dataclass(frozen=True)
class Asked:
    """A way to slice the metrics of a mart: the names MetricFlow knows it by, and the group that a row belongs to."""

    groups: tuple[str, ...]
    columns: tuple[str, ...]
    bucket: Callable[[Row], date | None]

    def group(self, row: Row) -> tuple:
        return (self.bucket(row), *(row[name] for name in self.columns))


def disagreements(configuration: CLIConfiguration, mart: Mart, *, as_published: date = PUBLISHED_ON) -> list[str]:
    """Where a metric differs from what the register says of its column over the rows of its mart: ungrouped, by month (of a monthly mart by
    quarter), by each dimension, and at its own grain, there from the column itself; or can be sliced by what it does not have."""
    rows, period = rows_of(configuration, mart), semantics.period_of(mart)
    behind = records_of(configuration, mart, rows)
    found = []
    for home in measures.homes(mart):
        kpis = [kpi for kpi in mart.kpis if mart.home(kpi) == home]
        for asked in _questions(mart, home, period, as_published):
            told = _answers(configuration, kpis, asked)
            groups = defaultdict(list)
            for row in rows:
                groups[asked.group(row)].append(row)
            answered = [group for group, answer in told.items() if any(value is not None for value in answer.values())]
            if strange := [group for group in answered if group not in groups]:
                found.append(f"{mart.name} by {asked.groups} has no {strange[:3]}, and its metrics have")
            for group, inside in groups.items():
                around = [row for row in rows if asked.bucket(row) == group[0]]
                of_group = [row for row in behind if asked.group(row) == group]
                for kpi in kpis:
                    wanted, answer = expected(mart, kpi, inside, around, of_group), told.get(group, {}).get(kpi.kpi_id)
                    if not same(answer, wanted):
                        found.append(f"{kpi.kpi_id} of {mart.name} by {asked.groups} {group}: {answer}, and by its rows {wanted}")
                    summed = not any(mart.sums(column).anew for column in columns_of(kpi))  # records by hand are no mart's
                    if summed and len(inside) == 1 and home == mart.grain and not same(answer, inside[0][kpi.mart_column]):
                        found.append(f"{kpi.kpi_id} of {mart.name} {group}: {answer}, and there {inside[0][kpi.mart_column]}")
        found += _open_doors(configuration, mart, kpis, home)
    return found


def _questions(mart: Mart, home: tuple[str, ...], period: Column | None, as_published: date) -> Iterator[Asked]:
    prefix = "customer" if mart.grain == ("customer_id",) else semantics.subject(mart, home)

    def day(row: Row) -> date:
        return _day(row[period.name]) if period else as_published

    def month(row: Row) -> date:
        return day(row).replace(day=1)

    def quarter(row: Row) -> date:
        return day(row).replace(month=(day(row).month - 1) // 3 * 3 + 1, day=1)

    def named(column: str) -> str:
        return "customer" if column == "customer_id" else f"{prefix}__{column}"

    others = tuple(name for name in home if not period or name != period.name)
    monthly = bool(period) and period.name.endswith("month")
    yield Asked((f"{prefix}__{semantics.PERIOD}", *map(named, others)), others, day)
    yield Asked((), (), lambda row: None)
    yield Asked(("metric_time__quarter" if monthly else "metric_time__month",), (), quarter if monthly else month)
    for column in semantics.slices(mart, home):
        yield Asked((named(column.name),), (column.name,), lambda row: None)


def _open_doors(configuration: CLIConfiguration, mart: Mart, kpis: Sequence[Kpi], home: tuple[str, ...]) -> list[str]:
    lacking = {name for name in mart.grain if name not in home}
    if not lacking:
        return []
    offered = {one.name for kpi in kpis for one in configuration.mf.simple_dimensions_for_metrics([kpi.kpi_id])}
    return [f"{mart.name}: what has only {home} can be sliced by {name}" for name in sorted(lacking & offered)]


def columns_of(kpi: Kpi) -> list[str]:
    """What a KPI is worked out from: the parts of a ratio, or its own column."""
    return [kpi.numerator_column, kpi.denominator_column] if kpi.is_ratio else [kpi.mart_column]


def _worked_out(mart: Mart, kpi: Kpi, rows: Rows, around: Rows, behind: Rows) -> Any:
    """What its formula makes of what its columns are over the group."""
    parts = {}
    for column in formulas.columns(kpi):
        inner = mart.registered.get(column)
        parts[column] = expected(mart, inner, rows, around, behind) if inner else _summed(mart, column, mart.grain, rows, around)
    return by_formula(kpi, parts)


def expected(mart: Mart, kpi: Kpi, rows: Rows, around: Rows, behind: Rows) -> Any:
    """What a KPI is over a group of its mart's rows, `around` being all rows of the same period, `behind` the records of the group."""
    home = mart.home(kpi)
    if mart.sums(kpi.mart_column).worked_out:
        return _worked_out(mart, kpi, rows, around, behind)
    if home != mart.grain:
        rows, around = (_coarser(mart, kpi, home, some) for some in (rows, around))
    columns = columns_of(kpi)
    if mart.totals and all(mart.sums(column).by_row for column in columns):
        return _of_its_kind(mart, kpi.mart_column, _at_the_end(mart, columns, rows, around))
    values = [
        _anew(mart, column, behind) if mart.sums(column).anew else _summed(mart, column, home, rows, around) for column in columns
    ]
    return ratio(kpi.scale, *values) if kpi.is_ratio else values[0]


def _anew(mart: Mart, column: str, rows: Rows) -> Any:
    """A percentile of the values of these records, between the two nearest; or how many different ones there are. None where a record has
    to know it and none does, or all have to and one does not."""
    told, values = records.told(mart, column), sorted(row[column] for row in rows if row[column] is not None)
    part = told.part
    if told.known and not (all if told.whole else any)(row[f"{column}_known"] for row in rows):
        return None
    if part is None:
        return len(set(values)) if rows else None
    if not values:
        return None
    below, beyond = divmod(part * (len(values) - 1), 1)
    return values[int(below)] + beyond * (values[min(int(below) + 1, len(values) - 1)] - values[int(below)])


def _coarser(mart: Mart, kpi: Kpi, home: tuple[str, ...], rows: Rows) -> Rows:
    columns = [column for column in (kpi.mart_column, kpi.numerator_column, kpi.denominator_column) if column]
    alike = defaultdict(list)
    for row in rows:
        alike[tuple(row[name] for name in home)].append(row)
    told = []
    for key, some in alike.items():
        one = dict(zip(home, key, strict=True))
        for column in columns:
            values = [row[column] for row in some if row[column] is not None]
            one[column] = sum(values[:1] if mart.sums(kpi.mart_column).repeats else values) if values else None
        told.append(one)
    return told


def _summed(mart: Mart, column: str, home: tuple[str, ...], rows: Rows, around: Rows) -> Any:
    sums = mart.sums(column)
    if home == mart.grain and sums.by_row:
        return _alone(mart, column, _at_the_end(mart, [column], rows, around))
    for name in (name for name in sums.not_over if name in home):
        if len({row[name] for row in rows}) > 1:
            if name not in mart.totals:
                return None
            rows = [row for row in rows if row[name] == mart.totals[name]]
    if home == mart.grain and measures.fills(mart, column):
        fixed = {name: rows[0][name] for name in _fixed(mart, sums.of, rows)}
        like_them = [row for row in around if all(row[name] == value for name, value in fixed.items())]
        rows = list({tuple(row[name] for name in sums.of): row for row in like_them}.values())
    if sums.last:
        end = max(row[sums.last] for row in around)
        rows = [row for row in rows if row[sums.last] == end]
    values = [row[column] for row in rows if row[column] is not None]
    return sum(values) if values else None


def _at_the_end(mart: Mart, columns: Sequence[str], rows: Rows, around: Rows) -> Rows:
    """Of states the rows of the last month of all around; of what is none, all."""
    last = {mart.last_of(column) for column in columns}
    if len(last) > 1 or None in last:
        return rows
    end = max(row[min(last)] for row in around)
    return [row for row in rows if row[min(last)] == end]


def _alone(mart: Mart, column: str, rows: Rows) -> Any:
    """The value of the only row that tells the column; of rows that hold totals, of the only one among these with the most of them."""
    if _of_several_periods(mart, rows):
        return None
    if not mart.totals:
        values = [row[column] for row in rows if row[column] is not None]
        return values[0] if len(values) == 1 else None
    telling = [(sum(row[name] == total for name, total in mart.totals.items()), row[column]) for row in rows if row[column] is not None]
    highest = [value for height, value in telling if height == max(telling)[0]]
    return highest[0] if len(highest) == 1 else None


def _of_several_periods(mart: Mart, rows: Rows) -> bool:
    """A month that tells a value is not the quarter, also where the quarter's other months do not tell it yet."""
    period = semantics.period_of(mart)
    return bool(period) and period.name in mart.grain and len({row[period.name] for row in rows}) > 1


def _of_its_kind(mart: Mart, column: str, rows: Rows) -> Any:
    """The same of a KPI that is of one kind: of that kind's rows, where any tells it, the one that is the total of everything by which they
    differ."""
    kind = mart.sums(column).total
    if not kind:
        return _alone(mart, column, rows)
    if _of_several_periods(mart, rows):
        return None
    telling = [row for row in rows if row[column] is not None]
    telling = [row for row in telling if row[kind[0]] == kind[1]] or telling
    differ = {name: total for name, total in mart.totals.items() if len({row[name] for row in telling}) > 1}
    whole = [row[column] for row in telling if all(row[name] == total for name, total in differ.items())]
    return whole[0] if len(whole) == 1 else None


def _fixed(mart: Mart, names: Sequence[str], rows: Rows) -> list[str]:
    """The dimensions of these that a group is made by: all its rows have one value of them."""
    period = semantics.period_of(mart)
    return [name for name in names if name != (period and period.name) and len({row[name] for row in rows}) == 1]


def _answers(configuration: CLIConfiguration, kpis: Sequence[Kpi], asked: Asked) -> dict[tuple, dict[str, Any]]:
    from metricflow.engine.metricflow_engine import MetricFlowQueryRequest

    names = [kpi.kpi_id for kpi in kpis]
    request = MetricFlowQueryRequest.create(metric_names=names, group_by_names=list(asked.groups))
    # MetricFlow leaves its timers in the context, which dbt then walks through at each statement.
    table = copy_context().run(configuration.mf.query, request).result_df
    columns = list(table.column_names)
    keys = [group if group in columns else next(column for column in columns if column.startswith(f"{group}__")) for group in asked.groups]
    timed = len(asked.groups) > len(asked.columns)
    told = {}
    for row in table.rows:
        key = [row[columns.index(name)] for name in keys]
        told[(_day(key[0]), *key[1:]) if timed else (None, *key)] = {name: row[columns.index(name)] for name in names}
    return told


def _day(value: Any) -> date:
    return value.date() if isinstance(value, datetime) else value


def same(one: Any, other: Any) -> bool:
    """Whether two answers are one, to nine digits; NULL is only NULL."""
    if one is None or other is None:
        return one is other
    return isclose(float(one), float(other), rel_tol=1e-9, abs_tol=1e-9)
