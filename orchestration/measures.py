"""The measures and metrics of one grain of a mart: how each column is summed, and where it is told at all.

    Mart, Kpi (register.py)  ──►  measures, metrics (dictionaries)  ──►  semantics.py, which writes them

What a metric may be asked stands in semantics.py.
"""

from __future__ import annotations

import re
from typing import Any

from orchestration import formulas, records
from orchestration.register import PROJECT, Kpi, Mart, Sum

PERIOD = "period"
NAMES = {"kpi_store_monthly": "store_sales", "kpi_employee_monthly": "employee_sales"}
IN_FORCE = (PROJECT / "semantic" / "templates" / "rule_in_force.sql").read_text(encoding="utf-8").strip()
# More rows than a mart has of one group: what counts rows by their totals counts in this base.
SO_MANY = 10_000


def subject(mart: Mart, home: tuple[str, ...] | None = None) -> str:
    """What stands before the two underscores of a dimension: `messaging` of kpi_messaging_daily, `attribution_channel` of what only the
    channels of kpi_attribution_monthly have."""
    name = NAMES.get(mart.name) or re.sub(r"^kpi_|_(daily|monthly)$", "", mart.name)
    if home in (None, mart.grain):
        return name
    return "_".join([name, *([one for one in home if mart.columns[one].data_type != "date"] or home)])


def homes(mart: Mart) -> list[tuple[str, ...]]:
    """The grains of a mart's KPIs: its own first, then those of what has fewer dimensions."""
    return list(dict.fromkeys([mart.grain, *(mart.home(kpi) for kpi in mart.kpis)]))


def metric_name(mart: Mart, column: str, home: tuple[str, ...] | None = None) -> str:
    """The metric of a column: the KPI's own id, or the mart's subject and the column of a part, as it is at that grain."""
    home = home or mart.grain
    if (kpi := mart.registered.get(column)) and mart.home(kpi) == home:
        return kpi.kpi_id
    name = f"{subject(mart)}_{column}" + (f"_of_{'_'.join(home)}" if home != mart.grain else "")
    return f"{name}_part" if name in mart.taken else name


def stands_in_one_row(mart: Mart, kpi: Kpi) -> bool:
    """Whether a ratio is told by one row alone and not by its parts: in a mart of totals, where neither part adds up."""
    parts = (mart.sums(kpi.numerator_column), mart.sums(kpi.denominator_column))
    return bool(mart.totals) and all(part.by_row for part in parts)


def columns_at(mart: Mart, home: tuple[str, ...]) -> list[str]:
    """The columns that the metrics of a grain need: its KPIs, and the parts of its ratios."""
    here = [kpi for kpi in mart.kpis if mart.home(kpi) == home]
    divided = [kpi for kpi in here if kpi.is_ratio and not stands_in_one_row(mart, kpi)]
    parts = sorted({column for kpi in divided for column in (kpi.numerator_column, kpi.denominator_column)})
    parts += [column for kpi in here if mart.sums(kpi.mart_column).worked_out for column in formulas.columns(kpi)]
    return list(dict.fromkeys([*(kpi.mart_column for kpi in here), *parts]))


def repeated(mart: Mart) -> tuple[str, ...]:
    """Columns beneath ratios of the whole grain that stand in several of its rows again."""
    ratios = [kpi for kpi in mart.kpis if kpi.is_ratio and mart.home(kpi) == mart.grain]
    parts = {column for kpi in ratios for column in (kpi.numerator_column, kpi.denominator_column)}
    return tuple(sorted(column for column in parts if fills(mart, column)))


def fills(mart: Mart, column: str) -> bool:
    """Whether a column stands in several rows of its mart again, and belongs to its own also where they are missing."""
    sums = mart.sums(column)
    return sums.repeats and not {name for name in mart.grain if name not in sums.of} <= set(sums.not_over)


class Measured:
    """The measures and metrics of a mart's grain, as they are written; helpers (`…_rows`, `…_in_row`) stand where a KPI needs them."""

    def __init__(self, mart: Mart, home: tuple[str, ...]) -> None:
        self.mart, self.home = mart, home
        self.prefix = subject(mart, home)
        self.measures: list[dict[str, Any]] = []
        self.metrics: list[dict[str, Any]] = []
        for column in columns_at(mart, home):
            self._add(column)

    def _add(self, column: str) -> None:
        mart, name = self.mart, metric_name(self.mart, column, self.home)
        if mart.sums(column).anew:  # a semantic model of its own: records.py
            return
        kpi = mart.registered.get(column)
        words = words_of(mart, column, self.home)
        if mart.sums(column).worked_out:
            self._worked_out(words, kpi)
            return
        if kpi and kpi.is_ratio and stands_in_one_row(mart, kpi):
            self._told_by_itself(words, name, column)
            return
        if kpi and kpi.is_ratio and mart.home(kpi) == self.home:
            self.metrics.append({**words, **self._ratio(kpi)})
            return
        sums, coarser = mart.sums(column), self.home != mart.grain
        not_over = tuple(one for one in sums.not_over if one in self.home)
        if not coarser and sums.by_row:
            self._told_by_itself(words, name, column)
        elif not not_over and (coarser or not fills(mart, column)):
            self._sum(words, column, at_the_end=bool(sums.last))
        else:
            inside = f"{name}_in_one"
            self._sum(_helper(inside, f"{words['label']}, unguarded"), column, at_the_end=bool(sums.last))
            self._guarded(words, name, column, inside, not_over, sums)

    def _guarded(self, words: dict[str, Any], name: str, column: str, inside: str, not_over: tuple[str, ...], sums: Sum) -> None:
        totals = {} if self.home != self.mart.grain else {one: value for one, value in self.mart.totals.items() if one in not_over}
        alone = [self._distinct(one) for one in not_over if one not in totals]
        parted = [self._distinct(one) for one in totals]
        inputs, told = [*alone, *parted, inside], inside
        conditions = [f"{one} = 1" for one in alone]
        if self.home == self.mart.grain and fills(self.mart, column):
            keys, others = self._distinct(*sums.of), self._distinct(*(one for one in self.mart.grain if one not in sums.of))
            inputs += [rows for rows in (self._rows(), keys, others) if rows not in inputs]
            conditions.append(f"{self._rows()} = {keys} * {others}")
            told = f"{inside} / {others}"
        if totals:
            whole = f"{name}_in_total"
            measure = self._measure(column, f"case when {self._is_total(totals)} then {column} end")
            measure["name"] += "_in_total"
            self._simple(_helper(whole, f"{words['label']}, rows of totals"), measure, at_the_end=bool(sums.last))
            inputs.append(whole)
            told = f"case when {' and '.join(f'{one} = 1' for one in parted)} then {told} else {whole} end"
        self._derived(words, f"case when {' and '.join(conditions)} then {told} end" if conditions else told, inputs)

    def _is_total(self, totals: dict[str, str | None]) -> str:
        return " and ".join(f"{one} is null" if value is None else f"{one} = '{value}'" for one, value in totals.items())

    def _measure(self, column: str, expression: str) -> dict[str, Any]:
        return {"name": self._measured(column), "agg": "sum", "expr": expression}

    def _sum(self, words: dict[str, Any], column: str, *, at_the_end: bool) -> None:
        self._simple(words, self._measure(column, column), at_the_end=at_the_end)

    def _rows(self) -> str:
        rows = f"{self.prefix}_rows"
        self._once(rows, f"{self.prefix}: rows", {"name": rows, "agg": "sum", "expr": "1"})
        return rows

    def _level(self, column: str) -> str:
        totals = self.mart.totals_of(column) if self.home == self.mart.grain else {}
        return " + ".join(f"case when {self._is_total({one: value})} then 1 else 0 end" for one, value in totals.items())

    def _told_by_itself(self, words: dict[str, Any], name: str, column: str) -> None:
        value, level = f"{name}_in_row", self._level(column)
        # Of several months the one that is known already must not pass for all of them; a state is that of the last.
        last = self.mart.last_of(column)
        period = [self._distinct(one) for one in self.mart.grain if self.mart.columns[one].data_type == "date" and one != last]
        of_one = "".join(f"{one} = 1 and " for one in period)
        measure = {"name": self._measured(column), "agg": "max", "expr": column}
        if not level:
            rows = f"{name}_rows"
            counted = {"name": f"{measure['name']}_rows", "agg": "sum", "expr": f"case when {column} is not null then 1 end"}
            self._simple(_helper(value, f"{words['label']}, unguarded"), measure, at_the_end=bool(last))
            self._simple(_helper(rows, f"{words['label']}, rows that tell it"), counted, at_the_end=bool(last))
            self._derived(words, f"case when {of_one}{rows} = 1 then {value} end", [*period, rows, value])
            return
        # Of the rows that tell the column the one with the most totals, if there is one such row: it holds the others of its group.
        # How many there are is counted in base SO_MANY by how many of a row's columns hold totals.
        told = f"case when {column} is not null then "
        measure["expr"] = f"{told}struct_pack(level := {level}, value := {column}) end"
        counted = {"name": f"{measure['name']}_rows", "agg": "sum", "expr": f"{told}cast({SO_MANY} ** ({level}) as bigint) end"}
        rows = f"{name}_rows"
        self._simple(_helper(value, f"{words['label']}, of the row with the most totals"), measure, at_the_end=bool(last))
        self._simple(_helper(rows, f"{words['label']}, rows that tell it"), counted, at_the_end=bool(last))
        levels = [SO_MANY**number for number in range(len(self.mart.totals) + 1)]
        single = " or ".join(f"({rows} >= {one} and {rows} < {2 * one})" for one in levels)
        self._derived(words, f"case when {of_one}({single}) then struct_extract({value}, 'value') end", [*period, rows, value])

    def _worked_out(self, words: dict[str, Any], kpi: Kpi) -> None:
        named = {column: metric_name(self.mart, column, self.home) for column in formulas.columns(kpi)}
        for rule in formulas.rules(kpi):
            named[rule] = f"{self.prefix}_{rule.replace('.', '_')}"
            in_force = IN_FORCE.format(name=rule)
            self._once(named[rule], f"{self.prefix}: {rule}", {"name": named[rule], "agg": "max", "expr": in_force})
        self._derived(words, formulas.expression(kpi, named.__getitem__), list(named.values()))

    def _distinct(self, *columns: str) -> str:
        name = f"{self.prefix}_distinct_{'_'.join(columns)}"
        expression = " || chr(31) || ".join(f"coalesce(cast({column} as varchar), '')" for column in columns)
        self._once(name, f"{self.prefix}: distinct {', '.join(columns)}", {"name": name, "agg": "count_distinct", "expr": expression})
        return name

    def _once(self, name: str, label: str, measure: dict[str, Any]) -> None:
        if all(metric["name"] != name for metric in self.metrics):
            self._simple(_helper(name, label), measure)

    def _simple(self, words: dict[str, Any], measure: dict[str, Any], *, at_the_end: bool = False) -> None:
        end = {"non_additive_dimension": {"name": PERIOD, "window_choice": "max"}} if at_the_end else {}
        self.measures.append({**measure, **end})
        self.metrics.append({**words, "type": "simple", "type_params": {"measure": measure["name"]}})

    def _derived(self, words: dict[str, Any], expression: str, inputs: list[str]) -> None:
        params = {"expr": expression, "metrics": [{"name": one} for one in inputs]}
        self.metrics.append({**words, "type": "derived", "type_params": params})

    def _ratio(self, kpi: Kpi) -> dict[str, Any]:
        above, below = (metric_name(self.mart, column, self.home) for column in (kpi.numerator_column, kpi.denominator_column))
        times, less = kpi.scale
        if (times, less) == (1, 0):
            return {"type": "ratio", "type_params": {"numerator": above, "denominator": below}}
        expression = f"cast({above} as double) / nullif(cast({below} as double), 0)"
        expression = f"{times} * {expression}" if times != 1 else expression
        # Growth over nothing, or over a loss, is none.
        expression = f"case when {below} > 0 then {expression} - {less} end" if less else expression
        return {"type": "derived", "type_params": {"expr": expression, "metrics": [{"name": above}, {"name": below}]}}

    def _measured(self, column: str) -> str:
        return f"{self.prefix}_{column}_measured"


class OverRecords:
    """The measures and metrics of what a grain of a mart tells over records anew."""

    def __init__(self, mart: Mart, home: tuple[str, ...], columns: list[str]) -> None:
        self.measures: list[dict[str, Any]] = []
        self.metrics: list[dict[str, Any]] = []
        for column in columns:
            words, told = words_of(mart, column, home), metric_name(mart, column, home)
            made = records.measures(mart, column, told)
            self.measures += made
            if len(made) == 1:
                self.metrics.append({**words, "type": "simple", "type_params": {"measure": made[0]["name"]}})
                continue
            inputs = [f"{told}_told", f"{told}_is_known"]
            for name, measure in zip(inputs, made, strict=True):
                helper = _helper(name, f"{words['label']}, {'unguarded' if name == inputs[0] else 'whether its records know it'}")
                self.metrics.append({**helper, "type": "simple", "type_params": {"measure": measure["name"]}})
            params = {"expr": f"case when {inputs[1]} = 1 then {inputs[0]} end", "metrics": [{"name": one} for one in inputs]}
            self.metrics.append({**words, "type": "derived", "type_params": params})


def words_of(mart: Mart, column: str, home: tuple[str, ...]) -> dict[str, Any]:
    """The name, the label, the description and what the register says of the metric of a column."""
    kpi = mart.registered.get(column)
    if not kpi or mart.home(kpi) != home:
        part_of = ", ".join(one.kpi_id for one in mart.kpis if column in (one.numerator_column, one.denominator_column))
        meta = {"mart": mart.name, "mart_column": column, "part_of": part_of}
        return {
            "name": metric_name(mart, column, home),
            "label": f"{mart.name}: {column}" + (f" of {', '.join(home)}" if home != mart.grain else ""),
            "description": mart.columns[column].description,
            "config": {"meta": meta},
        }
    told = {
        "name_ru": kpi.name_ru, "unit": kpi.unit, "mart": kpi.mart, "mart_column": kpi.mart_column, "grain": kpi.grain,
        "additive": kpi.additive, "owner": kpi.owner,
    }
    return {
        "name": kpi.kpi_id,
        "label": f"{kpi.name_en} ({mart.name})",
        "description": f"{kpi.definition}. {kpi.formula}.{_reach(mart, kpi)}",
        "config": {"meta": told},
    }


def _reach(mart: Mart, kpi: Kpi) -> str:
    """What a metric may not be asked, in words."""
    columns, home = [kpi.numerator_column, kpi.denominator_column] if kpi.is_ratio else [kpi.mart_column], mart.home(kpi)
    sums = {column: mart.sums(column) for column in columns}
    by_itself = kpi.is_ratio and stands_in_one_row(mart, kpi)
    ends = {mart.last_of(kpi.mart_column)} if by_itself else {one.last for one in sums.values()}
    told = " As it stands at the end of the period." if any(ends) else ""
    if any(one.anew for one in sums.values()):
        told += " Over the records of any group anew."
    if home != mart.grain:
        lacking = " nor by ".join(name for name in mart.grain if name not in home)
        told += f" Not to be sliced by {lacking}: " + (
            f"it is the same for all of a {' and '.join(home)}." if mart.sums(kpi.mart_column).repeats else "by these it misleads."
        )
    else:
        for column, one in sums.items():
            if fills(mart, column):
                told += f" {column} is counted once for each {' and '.join(one.of)}."
    by_row = home == mart.grain and any(one.by_row for one in sums.values())
    closed = [name for name in home if name not in ends] if by_row else [
        name for name in home if any(name in one.not_over for one in sums.values())
    ]
    totals = ", or the total of the rows" if mart.totals and home == mart.grain and closed else ""
    if by_row:
        kind = mart.sums(kpi.mart_column).total
        totals += f", which for {kind[0]} is {kind[1]}" if kind else ""
        return f"{told} Told where a group is one row of the mart ({', '.join(closed)}){totals}, NULL elsewhere."
    return told + (f" Told where a group holds one value of {' and of '.join(closed)}{totals}, NULL elsewhere." if closed else "")


def _helper(name: str, label: str) -> dict[str, Any]:
    return {"name": name, "label": label, "description": "Helps to guard a metric that does not add up; ask for that one."}
