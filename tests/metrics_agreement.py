"""What each metric must answer by the register and the rows of its mart, and where MetricFlow answers otherwise.

The expectation is worked out from rows in Python and knows nothing of semantic models; only names are asked of them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from math import isclose
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from orchestration import semantics
from orchestration.register import Mart
from tests.published_by_hand import PUBLISHED_ON, ratio

if TYPE_CHECKING:
    from dbt_metricflow.cli.cli_configuration import CLIConfiguration

Rows = list[dict[str, Any]]


def rows_of(configuration: CLIConfiguration, mart: Mart) -> Rows:
    """The mart itself, as it is published."""
    table = configuration.sql_client.query(f"select * from marts.{mart.name}")
    return [dict(zip(table.column_names, row, strict=True)) for row in table.rows]


def alone(configuration: CLIConfiguration, mart: Mart) -> SimpleNamespace:
    """The configuration with an engine that knows the metrics of one mart only: it plans in half the time, since MetricFlow tries
    every semantic model for every metric."""
    from metricflow.engine.metricflow_engine import MetricFlowEngine
    from metricflow_semantics.model.semantic_manifest_lookup import SemanticManifestLookup

    whole = configuration.semantic_manifest
    models = [model for model in whole.semantic_models if model.name == mart.name]
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


def disagreements(configuration: CLIConfiguration, mart: Mart, *, as_published: date = PUBLISHED_ON) -> list[str]:
    """Where a metric differs from its column at the mart's own grain, or by quarter from what the register says of that column."""
    rows = rows_of(configuration, mart)
    period = semantics.period_of(mart)
    grain = [name for name in mart.grain if not period or name != period.name]
    prefix = "customer" if mart.grain == ("customer_id",) else semantics.subject(mart)
    groups = ["customer" if name == "customer_id" else f"{prefix}__{name}" for name in grain]

    def day(row: dict[str, Any]) -> date:
        return _day(row[period.name]) if period else as_published

    told = _answers(configuration, mart, [f"{prefix}__{semantics.PERIOD}", *groups])
    found = []
    for row in rows:
        answer = told.get((str(day(row)), *(row[name] for name in grain)), {})
        found += [
            f"{kpi.kpi_id} of {mart.name} {[row[name] for name in mart.grain]}: {answer.get(kpi.kpi_id)}, and there {row[kpi.mart_column]}"
            for kpi in mart.kpis
            if not same(answer.get(kpi.kpi_id), row[kpi.mart_column])
        ]
    if len(told) != len(rows):
        found.append(f"{mart.name} has {len(rows)} rows, and its metrics {len(told)}")

    quarters = defaultdict(list)
    for row in rows:
        quarters[str(day(row).replace(month=(day(row).month - 1) // 3 * 3 + 1, day=1))].append(row)
    told = _answers(configuration, mart, ["metric_time__quarter"])
    for quarter, inside in quarters.items():
        for kpi in mart.kpis:
            wanted = expected(mart, kpi.mart_column, inside)
            if not same(answer := told[(quarter,)][kpi.kpi_id], wanted):
                found.append(f"{kpi.kpi_id} of {mart.name} in the quarter of {quarter}: {answer}, and by the register {wanted}")
    return found


def expected(mart: Mart, column: str, rows: Sequence[dict[str, Any]]) -> Any:
    """What a column of a mart is over several of its rows."""
    kpi = mart.registered.get(column)
    if kpi and kpi.is_ratio:
        return ratio(kpi.scale, expected(mart, kpi.numerator_column, rows), expected(mart, kpi.denominator_column, rows))
    sums = mart.sums(column)
    if sums.not_over == mart.grain:
        return rows[0][column] if len(rows) == 1 else None
    if any(len({row[name] for row in rows}) > 1 for name in sums.not_over):
        return None
    if sums.last:
        end = max(row[sums.last] for row in rows)
        rows = [row for row in rows if row[sums.last] == end]
    values = [row[column] for row in rows if row[column] is not None]
    return sum(values) if values else None


def _answers(configuration: CLIConfiguration, mart: Mart, groups: list[str]) -> dict[tuple, dict[str, Any]]:
    from metricflow.engine.metricflow_engine import MetricFlowQueryRequest

    names = [kpi.kpi_id for kpi in mart.kpis]
    table = configuration.mf.query(MetricFlowQueryRequest.create(metric_names=names, group_by_names=groups)).result_df
    columns = list(table.column_names)
    keys = [group if group in columns else next(column for column in columns if column.startswith(f"{group}__")) for group in groups]
    return {_key([row[columns.index(key)] for key in keys]): {name: row[columns.index(name)] for name in names} for row in table.rows}


def _key(values: Iterable[Any]) -> tuple:
    first, *others = values
    return (str(_day(first)), *others)


def _day(value: Any) -> date:
    return value.date() if isinstance(value, datetime) else value


def same(one: Any, other: Any) -> bool:
    """Whether two answers are one, to nine digits; NULL is only NULL."""
    if one is None or other is None:
        return one is other
    return isclose(float(one), float(other), rel_tol=1e-9, abs_tol=1e-9)
