"""KPIs that never add up and are told anew over the records of any group: medians, percentiles, distinct people.

    semantic/drills/<mart>.sql  ──►  the relation <mart>_of_records, its measures and metrics  ──►  semantics.py, which writes them

The register says `over records`. The drill tells the rest, which a test holds against every row of the mart: its `records` are of the
mart's own dimensions, and a line of it says what the column is: `quantile_cont(wait_seconds, 0.5) filter (where …) as wait_p50`, or
`count(distinct customer_id) filter (where …) as buyers`; what some records cannot know (who left, while the history is too short) is
`if(bool_or(has_lapses), count(distinct …) filter (where …), null) as churned`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from orchestration.kpi_book import drill
from orchestration.register import PROJECT, Kpi, Mart, RegisterError

RELATION = (PROJECT / "semantic" / "templates" / "records_table.sql").read_text(encoding="utf-8")
RECORDS = re.compile(r"(?P<head>.*?(?:^|\s)records as \(\n.*?\n\))", re.DOTALL | re.MULTILINE)
FILTER = r"(?: filter \(where (?P<where>.*?)\))?"
TOLD = (
    r"^\s*(?:if\(bool_or\((?P<known>\w+)\), )?(?:quantile_cont\((?P<value>\w+), (?P<part>[\d.]+)\)|count\(distinct (?P<key>\w+)\))"
    r"{filter}(?:, null\))? as {column},?$"
)


@dataclass(frozen=True)
class Told:
    """How a column is told over records: of what value, of which of them, which part of the values lies below (None: how many different
    ones), and which flag says that a record can know it."""

    value: str
    where: str | None
    part: float | None
    known: str | None

    @property
    def expression(self) -> str:
        """The value in the records that count, NULL in the others."""
        return f"case when {self.where} then {self.value} end" if self.where else self.value


def told(mart: Mart, column: str) -> Told:
    """What the mart's drill says of a column. Raises RegisterError where it says nothing."""
    found = re.search(TOLD.format(filter=FILTER, column=column), drill(mart.name) or "", re.MULTILINE)
    if not found:
        raise RegisterError(
            f"The register says that {mart.name}.{column} is told over records, but semantic/drills/{mart.name}.sql has no line "
            f"`quantile_cont(value, 0.5) filter (where …) as {column}` or `count(distinct value) filter (where …) as {column}`."
        )
    return Told(found["value"] or found["key"], found["where"], float(found["part"]) if found["part"] else None, found["known"])


def kpis(mart: Mart, home: tuple[str, ...] | None = None) -> list[Kpi]:
    """The KPIs of a mart that are told over records; of one grain of it alone, or of all."""
    return [kpi for kpi in mart.kpis if not kpi.is_ratio and mart.sums(kpi.mart_column).anew and home in (None, mart.home(kpi))]


def model(mart: Mart) -> str:
    """The name of the relation, and of its semantic model."""
    return f"{mart.name}_of_records"


def relation(mart: Mart, period: str) -> str:
    """The records of a mart with its grain, its period and a column for each of these KPIs."""
    read = RECORDS.match(drill(mart.name) or "")
    if not read:
        raise RegisterError(f"semantic/drills/{mart.name}.sql has no `records as (` with its end at the beginning of a line.")
    values = []
    for kpi in kpis(mart):
        one = told(mart, kpi.mart_column)
        values.append(f"{one.expression} as {kpi.mart_column}")
        if one.known:
            values.append(f"case when {one.known} then 1 end as {known(kpi)}")
    selected = ",\n".join(f"    {one}" for one in [*mart.grain, *values])
    query = f"{read['head']}\n\nselect\n{selected}\nfrom records"
    if period not in mart.grain:  # an attribute of the mart
        same = " and ".join(f"mart.{name} is not distinct from told.{name}" for name in mart.grain)
        query = f"select\n    told.*,\n    mart.{period}\nfrom (\n{query}\n) as told\njoin marts.{mart.name} as mart\n    on {same}"
    query = re.sub(r"^ *--.*\n", "", query, flags=re.MULTILINE)
    return RELATION.format(name=mart.name, query=re.sub(r"\bmarts\.(?=\w)", "omnimart.marts.", query))


def known(kpi: Kpi) -> str:
    """The column that is 1 in records that can know a KPI."""
    return f"{kpi.mart_column}_known"


def key(mart: Mart, home: tuple[str, ...] | None = None) -> str:
    """What tells the row of a mart, and of which row a record is: by it the records have the dimensions of their mart, or of a grain."""
    return " || chr(31) || ".join(f"coalesce(cast({name} as varchar), '')" for name in home or mart.grain)


def measures(mart: Mart, kpi: Kpi) -> list[dict[str, Any]]:
    """The measure of a KPI over the relation; behind it, where not every record can know it, the one that says whether any can."""
    one = told(mart, kpi.mart_column)
    named = {"name": f"{kpi.kpi_id}_over_records", "expr": kpi.mart_column}
    if one.part is None:
        value = {**named, "agg": "count_distinct"}
    else:
        exact = {"use_discrete_percentile": False, "use_approximate_percentile": False}
        value = {**named, "agg": "percentile", "agg_params": {"percentile": one.part, **exact}}
    return [value, {"name": f"{kpi.kpi_id}_known", "agg": "max", "expr": known(kpi)}] if one.known else [value]
