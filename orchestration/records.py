"""KPIs that never add up and are told anew over the records of any group: medians, percentiles, distinct people.

    semantic/drills/<mart>.sql  ──►  the relation <mart>_of_records, its measures and metrics  ──►  semantics.py, which writes them

The register says `over records`. The drill tells the rest, which a test holds against every row of the mart: its `records` are of the
mart's own dimensions, and a line of it says what the column is: `quantile_cont(wait_seconds, 0.5) filter (where …) as wait_p50`, or
`count(distinct customer_id) filter (where …) as buyers`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from orchestration.kpi_book import drill
from orchestration.register import PROJECT, Kpi, Mart, RegisterError

RELATION = (PROJECT / "semantic" / "templates" / "records_table.sql").read_text(encoding="utf-8")
RECORDS = re.compile(r"(?P<head>.*?(?:^|\s)records as \(\n.*?\n\))", re.DOTALL | re.MULTILINE)
FILTER = r"(?: filter \(where (?P<where>.*)\))?"
TOLD = r"^\s*(?:quantile_cont\((?P<value>\w+), (?P<part>[\d.]+)\)|count\(distinct (?P<key>\w+)\)){filter} as {column},?$"


@dataclass(frozen=True)
class Told:
    """How a column is told over records: of what value, of which of them, and which part of the values lies below (None: how many
    different ones)."""

    value: str
    where: str | None
    part: float | None

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
    return Told(found["value"] or found["key"], found["where"], float(found["part"]) if found["part"] else None)


def kpis(mart: Mart) -> list[Kpi]:
    """The KPIs of a mart that are told over records."""
    return [kpi for kpi in mart.kpis if not kpi.is_ratio and mart.sums(kpi.mart_column).anew]


def model(mart: Mart) -> str:
    """The name of the relation, and of its semantic model."""
    return f"{mart.name}_of_records"


def relation(mart: Mart, period: str) -> str:
    """The records of a mart with its grain, its period and a column for each of these KPIs."""
    read = RECORDS.match(drill(mart.name) or "")
    if not read:
        raise RegisterError(f"semantic/drills/{mart.name}.sql has no `records as (` with its end at the beginning of a line.")
    values = [f"{told(mart, kpi.mart_column).expression} as {kpi.mart_column}" for kpi in kpis(mart)]
    selected = ",\n".join(f"    {one}" for one in [*mart.grain, *values])
    query = f"{read['head']}\n\nselect\n{selected}\nfrom records"
    if period not in mart.grain:  # an attribute of the mart
        same = " and ".join(f"mart.{name} is not distinct from told.{name}" for name in mart.grain)
        query = f"select\n    told.*,\n    mart.{period}\nfrom (\n{query}\n) as told\njoin marts.{mart.name} as mart\n    on {same}"
    query = re.sub(r"^ *--.*\n", "", query, flags=re.MULTILINE)
    return RELATION.format(name=mart.name, query=re.sub(r"\bmarts\.(?=\w)", "omnimart.marts.", query))


def key(mart: Mart) -> str:
    """What tells the row of a mart, and of which row a record is: by it the records have the dimensions of their mart."""
    return " || chr(31) || ".join(f"coalesce(cast({name} as varchar), '')" for name in mart.grain)


def measure(mart: Mart, kpi: Kpi) -> dict[str, Any]:
    """The measure of a KPI over the relation."""
    one = told(mart, kpi.mart_column)
    named = {"name": f"{kpi.kpi_id}_over_records", "expr": kpi.mart_column}
    if one.part is None:
        return {**named, "agg": "count_distinct"}
    exact = {"use_discrete_percentile": False, "use_approximate_percentile": False}
    return {**named, "agg": "percentile", "agg_params": {"percentile": one.part, **exact}}
