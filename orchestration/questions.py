"""Questions to the metrics in the register's words: which KPIs there are, what one is, and why a question has no answer.

    register.py, semantics.py  ──►  listing, description, refusal  ──►  metrics.py, which prints them

    python -m orchestration.metrics list metrics --search churn
    python -m orchestration.metrics list metrics churn_rate

MetricFlow itself lists the helpers of the metrics among them, and explains a refusal by what stands inside.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cached_property

from orchestration import formulas, measures, records, semantics
from orchestration.register import Kpi, Mart

TIME = "metric_time"
WHERE = re.compile(r"(?:Time)?Dimension\(\s*['\"](\w+)['\"]|Entity\(\s*['\"](\w+)['\"]")
GRAINS = re.compile(r"__(day|week|month|quarter|year)$")
ASK = 'make metrics ARGS="{}"'


@dataclass(frozen=True)
class Questions:
    """What may be asked of these marts."""

    marts: dict[str, Mart]

    @cached_property
    def kpis(self) -> dict[str, Kpi]:
        """Every KPI that is a metric, in the register's order within its mart."""
        return {kpi.kpi_id: kpi for mart in self.marts.values() for kpi in mart.kpis}

    @cached_property
    def names(self) -> dict[str, Kpi]:
        """What is asked for and is no number."""
        return {kpi.kpi_id: kpi for mart in self.marts.values() for kpi in mart.names}

    def dimensions(self, kpi: Kpi) -> list[str]:
        """What a KPI may be sliced by, without the grains of time: its own first, then the columns of the things that its mart names."""
        mart = self.marts[kpi.mart]
        home = mart.home(kpi)
        things = semantics.things(mart, home)
        own = next((thing for thing in things if mart.grain == (semantics.DIMENSIONS[thing][1],)), semantics.subject(mart, home))
        found = [TIME, *(f"{own}__{column.name}" for column in semantics.slices(mart, home))]
        for thing in things:
            table = self.marts[semantics.DIMENSIONS[thing][0]]
            found += [thing, *(f"{thing}__{column.name}" for column in semantics.slices(table))]
        return list(dict.fromkeys([*found, f"{own}__{semantics.PERIOD}"]))

    def listing(self, search: str | None) -> str:
        """The KPIs with their names; with `search` those that have it in their id, in a name or in the id they were asked as."""
        wanted = (search or "").lower()
        found = [
            kpi for kpi in self.kpis.values()
            if any(wanted in text.lower() for text in (kpi.kpi_id, kpi.name_en, kpi.name_ru, kpi.asked_as))
        ]
        lines = [f"{kpi.kpi_id}: {kpi.name_en} · {kpi.name_ru}" for kpi in found]
        return "\n".join([*lines, f"{len(found)} KPIs. What one says and by what it may be sliced: `list metrics <KPI>`."])

    def description(self, name: str) -> str:
        """What one KPI says, how it is computed, and by what it may be sliced."""
        if name not in self.kpis:
            return self.unknown(name)
        kpi = self.kpis[name]
        lines = [
            f"{kpi.kpi_id}: {kpi.name_en} · {kpi.name_ru}", f"{kpi.definition}.", f"{kpi.definition_ru}.",
            f"Formula: {kpi.formula}. Unit: {kpi.unit}. Mart: {kpi.mart}.{kpi.mart_column}. Adds up: {kpi.additive}.",
            f"To be sliced by: {', '.join(self.dimensions(kpi))}",
            *self.why_empty(name, [], []),
        ]
        return "\n".join(lines)

    def unknown(self, name: str) -> str:
        """Why a name is no metric, and which KPIs may be meant."""
        if name in self.names:
            kpi = self.names[name]
            return f"{name} is no number and so no metric: read it in the column {kpi.mart_column} of marts.{kpi.mart}."
        if answers := [kpi for kpi in self.kpis.values() if kpi.asked_as == name]:
            told = "\n".join(f"  {kpi.kpi_id}: {kpi.name_en}" for kpi in answers)
            return f"{name} is answered by several KPIs, ask for one of them:\n{told}"
        words = [kpi_id for kpi_id in self.kpis if name.lower() in kpi_id]
        like = list(dict.fromkeys([*get_close_matches(name, self.kpis, n=4), *words]))[:6]
        meant = f" Do you mean {', '.join(like)}?" if like else ""
        return f"There is no KPI {name}.{meant} `{ASK.format('list metrics --search <word>')}` finds KPIs by a word of their names."

    def refusal(
        self, metrics: Sequence[str], group_by: Sequence[str], where: Sequence[str] = (), *, helpers: Callable[[], set[str]]
    ) -> str | None:
        """Why these metrics cannot be told by these dimensions or those of the conditions, in sentences; None where the register knows
        no reason. `helpers` are names that MetricFlow has beside the KPIs."""
        strange = [name for name in metrics if name not in self.kpis]
        if strange and (unknown := [name for name in strange if name not in helpers()]):
            return "\n".join(self.unknown(name) for name in unknown)
        used = list(dict.fromkeys([*group_by, *("".join(found) for condition in where for found in WHERE.findall(condition))]))
        lacking = {name: missing for name in metrics if name in self.kpis and (missing := self._missing(self.kpis[name], used))}
        if not lacking:
            return None
        apart = [] if where else self._apart(metrics, group_by)
        return "\n".join([*(self._no_such(self.kpis[name], missing) for name, missing in lacking.items()), *apart])

    def why_empty(self, name: str, group_by: Sequence[str], where: Sequence[str]) -> list[str]:
        """Why a KPI may have no number in an answer, in both languages: over what it does not add up, or of which parts of a period it is
        not known, where the question leaves that open. Empty where the question leaves nothing open, and for what is no KPI."""
        if name not in self.kpis:
            return []
        kpi = self.kpis[name]
        mart, known = self.marts[kpi.mart], self.dimensions(kpi)
        fixed = self._fixed(mart, [*group_by, *(one for condition in where for found in WHERE.findall(condition) for one in found if one)])
        parts, period = self._summed(mart, kpi), semantics.period_of(mart)
        over = {column for part in parts for column in mart.sums(part).not_over if column != mart.last_of(part)}
        left_open = [column for column in mart.grain if column in over - fixed - mart.totals.keys()]
        if period and period.name not in fixed and any(mart.sums(part).anew and records.told(mart, part).whole for part in parts):
            by = f"{TIME}__{semantics.grain_of(period)}"
            return [
                f"{name} is not known yet of every {period.name}: it is NULL where a group holds one of which it is not, since the others "
                f"would pass for the whole. Ask by {by}, or choose a period that is known from end to end with --where.",
                f"{name} известно ещё не за каждый период: пусто, где в группе есть неизвестная часть, иначе остальные сошли бы за целое. "
                f"Спросите в разрезе {by} или выберите через --where период, известный целиком.",
            ]
        if not left_open:
            return []
        things = {key: thing for thing, (_, key) in semantics.DIMENSIONS.items()}
        asked = {column: things.get(column, next((one for one in known if one.endswith(f"__{column}")), column)) for column in left_open}
        if period and period.name in asked:
            asked[period.name] = f"{TIME}__{semantics.grain_of(period)}"
        columns, dimensions = ", ".join(left_open), ", ".join(asked.values())
        return [
            f"{name} does not add up over {columns}: it is NULL where a group holds several values of these that tell it. "
            f"Ask by {dimensions}, or choose one with --where.",
            f"{name} не складывается по {columns}: пусто, где в группе несколько таких значений с числом. "
            f"Спросите в разрезе {dimensions} или выберите одно через --where.",
        ]

    def _summed(self, mart: Mart, kpi: Kpi) -> list[str]:
        if mart.sums(kpi.mart_column).worked_out:
            inner = [mart.registered.get(column) for column in formulas.columns(kpi)]
            return [part for one, column in zip(inner, formulas.columns(kpi), strict=True)
                    for part in (self._summed(mart, one) if one else [column])]
        if kpi.is_ratio and not measures.stands_in_one_row(mart, kpi):
            return [kpi.numerator_column, kpi.denominator_column]
        return [kpi.mart_column]

    def _fixed(self, mart: Mart, asked: Sequence[str]) -> set[str]:
        """The columns of the grain of which a group of such a question has one value."""
        period, keys = semantics.period_of(mart), {thing: key for thing, (_, key) in semantics.DIMENSIONS.items()}
        found = {keys.get(one, one.split("__")[-1]) for one in asked}
        for one in asked:
            timed = one.startswith(TIME) or f"__{semantics.PERIOD}" in one
            if period and timed and (not GRAINS.search(one) or GRAINS.search(one)[1] == semantics.grain_of(period)):
                found.add(period.name)
        return found

    def _missing(self, kpi: Kpi, group_by: Sequence[str]) -> list[str]:
        known = self.dimensions(kpi)
        return [group for group in group_by if "(" not in group and GRAINS.sub("", group) not in known and group not in known]

    def _no_such(self, kpi: Kpi, missing: Sequence[str]) -> str:
        mart, home = self.marts[kpi.mart], self.marts[kpi.mart].home(kpi)
        told = f"{kpi.kpi_id} cannot be sliced by {' and '.join(missing)}."
        closed = {column for column in mart.grain if column not in home} & {group.split("__")[-1] for group in missing}
        if closed:
            told += f" The register says: {kpi.definition}."
        told += f"\nIt has {', '.join(self.dimensions(kpi))}."
        others = [one for one in re.findall(r"\w+", kpi.definition) if one in self.kpis and one != kpi.kpi_id]
        if able := [one for one in dict.fromkeys(others) if not self._missing(self.kpis[one], missing)]:
            told += f"\nBy {' and '.join(missing)} there is {', '.join(able)}."
        return told

    def _apart(self, metrics: Sequence[str], group_by: Sequence[str]) -> Iterator[str]:
        """The same question as several that have answers, where each metric has a dimension of the same column."""
        asked: dict[tuple[str, ...], list[str]] = {}
        for name in (name for name in metrics if name in self.kpis):
            own = tuple(one for group in group_by if (one := self._alike(self.kpis[name], group)))
            asked.setdefault(own, []).append(name)
        if len(asked) > 1 or any(groups and set(groups) != set(group_by) for groups in asked):
            yield "Ask apart, each by what it has:" if len(asked) > 1 else "Ask:"
            for groups, names in asked.items():
                by = f" --group-by {','.join(groups)}" if groups else ""
                yield "  " + ASK.format(f"query --metrics {','.join(names)}{by}")

    def _alike(self, kpi: Kpi, group: str) -> str | None:
        if not self._missing(kpi, [group]):
            return group
        column = GRAINS.sub("", group).split("__")[-1]
        return next((one for one in self.dimensions(kpi) if one.split("__")[-1] == column), None)
