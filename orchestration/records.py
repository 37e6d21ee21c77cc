"""Columns that never add up and are told anew over the records of any group: medians, percentiles, distinct people.

    semantic/drills/<mart>.sql  ──►  the relation <mart>_of_records, its measures and metrics  ──►  semantics.py, which writes them

The register says `over records` (of a part, the YAML of its mart). The drill tells the rest, which a test holds against every row of the
mart: its `records` are of the mart's own dimensions, and a line of it says what the column is:
`quantile_cont(wait_seconds, 0.5) filter (where …) as wait_p50`, or `count(distinct customer_id) filter (where …) as buyers`. What some
records cannot know is `if(bool_and(has_lapses), count(distinct …) filter (where …), null) as churned` where it is not known yet (who left,
while the history is too short: two months of a year must not pass for the year), and `if(bool_or(…), …)` where the records are nobody's
and the others are all there is (orders of marketplaces beside those of people).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from orchestration.kpi_book import drill
from orchestration.register import PROJECT, Mart, RegisterError

RELATION = (PROJECT / "semantic" / "templates" / "records_table.sql").read_text(encoding="utf-8")
RECORDS = re.compile(r"(?P<head>.*?(?:^|\s)records as \(\n.*?\n\))", re.DOTALL | re.MULTILINE)
FILTER = r"(?: filter \(where (?P<where>.*?)\))?"
TOLD = (
    r"^\s*(?:if\(bool_(?P<which>and|or)\((?P<known>\w+)\), )?"
    r"(?:quantile_cont\((?P<value>\w+), (?P<part>[\d.]+)\)|count\(distinct (?P<key>\w+)\))"
    r"{filter}(?:, null\))? as {column},?$"
)


@dataclass(frozen=True)
class Told:
    """How a column is told over records: of what value, of which of them, which part of the values lies below (None: how many different
    ones), and which flag says that a record can know it; `whole` where every record of a group has to."""

    value: str
    where: str | None
    part: float | None
    known: str | None
    whole: bool = False

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
    part = float(found["part"]) if found["part"] else None
    return Told(found["value"] or found["key"], found["where"], part, found["known"], found["which"] == "and")


def columns(mart: Mart, home: tuple[str, ...] | None = None) -> list[str]:
    """The columns of a mart that are told over records, KPIs and parts of ratios; of one grain of it alone, or of all."""
    named = [*(kpi.mart_column for kpi in mart.kpis if not kpi.is_ratio), *mart.parts]
    return [column for column in named if mart.sums(column).anew and home in (None, mart.home_of(column))]


def model(mart: Mart) -> str:
    """The name of the relation, and of its semantic model."""
    return f"{mart.name}_of_records"


def relation(mart: Mart, period: str) -> str:
    """The records of a mart with its grain, its period and each of these columns."""
    read = RECORDS.match(drill(mart.name) or "")
    if not read:
        raise RegisterError(f"semantic/drills/{mart.name}.sql has no `records as (` with its end at the beginning of a line.")
    values = []
    for column in columns(mart):
        one = told(mart, column)
        values.append(f"{one.expression} as {column}")
        if one.known:
            values.append(f"case when {one.known} then 1 else 0 end as {known(column)}")
    selected = ",\n".join(f"    {one}" for one in [*mart.grain, *values])
    query = f"{read['head']}\n\nselect\n{selected}\nfrom records"
    if period not in mart.grain:  # an attribute of the mart
        same = " and ".join(f"mart.{name} is not distinct from told.{name}" for name in mart.grain)
        query = f"select\n    told.*,\n    mart.{period}\nfrom (\n{query}\n) as told\njoin marts.{mart.name} as mart\n    on {same}"
    query = re.sub(r"^ *--.*\n", "", query, flags=re.MULTILINE)
    return RELATION.format(name=mart.name, query=re.sub(r"\bmarts\.(?=\w)", "omnimart.marts.", query))


def known(column: str) -> str:
    """The column that is 1 in records that can know this one, 0 in the others."""
    return f"{column}_known"


def key(mart: Mart, home: tuple[str, ...] | None = None) -> str:
    """What tells the row of a mart, and of which row a record is: by it the records have the dimensions of their mart, or of a grain."""
    return " || chr(31) || ".join(f"coalesce(cast({name} as varchar), '')" for name in home or mart.grain)


def measures(mart: Mart, column: str, name: str) -> list[dict[str, Any]]:
    """The measure of a column over the relation, for the metric of that name; behind it, where not every record can know it, the one that
    says whether any can, or all."""
    one = told(mart, column)
    named = {"name": f"{name}_over_records", "expr": column}
    if one.part is None:
        value = {**named, "agg": "count_distinct"}
    else:
        exact = {"use_discrete_percentile": False, "use_approximate_percentile": False}
        value = {**named, "agg": "percentile", "agg_params": {"percentile": one.part, **exact}}
    return [value, {"name": f"{name}_known", "agg": "min" if one.whole else "max", "expr": known(column)}] if one.known else [value]
