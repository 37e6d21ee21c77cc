"""What dbt's manifest says of the KPI marts: their grain and period, what their numbers are made of, rules and definition.

    manifest.json, meta of the models  ──►  Lineage  ──►  restatements.py (why a number moved)

A mart is made of the nearest facts above it: what lies behind a fact shows in the fact's own rows, so the walk ends there. It ends as
well at a model that says `meta.shown_by`: the facts in whose rows its changes show (`[]`: nothing that it reads moves a number, as the
calendar, which takes only its range from the facts). Of which facts each column is made a mart may say in `meta.made_of`, by columns
with `others` for those not named; a column whose facts hang on a column of the grain names them by its values.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

OTHERS = "others"
LAST_OF = "last of"  # how the register says that a period shows a number as of its end
Made = tuple[str, ...] | Mapping[str, Mapping[str, tuple[str, ...]]]  # facts, or column of the grain -> its value -> facts


@dataclass(frozen=True)
class Kpi:
    """A column of a mart that the register names: its parts where it is a ratio, and how it adds up."""

    kpi_id: str
    column: str
    parts: tuple[str, ...] = ()
    additive: str = ""


@dataclass(frozen=True)
class Mart:
    """A KPI mart: its grain, the column of its period and of its end where that is no day and no month, the column that counts months
    from there (cohorts), its KPIs, the facts below it, what its columns are made of where that is not all of them, the columns that a
    period shows as of its end, the values of the grain that stand for all, and the names of the rules that its lineage reads."""

    name: str
    grain: tuple[str, ...]
    period: str
    ends: str | None
    age: str | None
    kpis: tuple[Kpi, ...]
    facts: tuple[str, ...]
    made_of: Mapping[str, Made]
    stocks: frozenset[str]
    totals: Mapping[str, str | None]
    rules: frozenset[str]

    @property
    def dimensions(self) -> tuple[str, ...]:
        return tuple(column for column in self.grain if column != self.period)

    @property
    def told(self) -> tuple[str, ...]:
        """The grain, with the columns of the period where they are not of it."""
        return (*self.grain, *((self.period, self.ends) if self.ends else ()))

    @property
    def is_dated(self) -> bool:
        """Whether the period is of the grain; a campaign's is told beside it."""
        return self.period in self.grain

    @property
    def last_day(self) -> str:
        """The last day of a row's period, as SQL."""
        if self.ends or self.period == "day":
            return f'"{self.ends or self.period}"'
        age = f' + to_months(cast("{self.age}" as integer))' if self.age else ""
        return f'cast(last_day("{self.period}"{age}) as date)'

    def is_stock(self, kpi: Kpi) -> bool:
        """Whether what is dated before the period counts as what is dated in it; a ratio does as its parts do."""
        return not self.stocks.isdisjoint((kpi.column, *kpi.parts))

    def facts_of(self, kpi: Kpi) -> str:
        """The facts that a KPI is made of, as an SQL list, which may hang on the columns of the grain."""
        columns = [kpi.column] if kpi.column in self.made_of or not kpi.parts else kpi.parts
        told = [self.made_of.get(column, self.made_of.get(OTHERS, self.facts)) for column in columns]
        plain = sorted({fact for made in told if not isinstance(made, Mapping) for fact in made})
        by_value = [
            f'case "{column}" ' + " ".join(f"when '{value}' then {list(facts)!r}" for value, facts in values.items()) + " end"
            for made in told if isinstance(made, Mapping) for column, values in made.items()
        ]
        return " || ".join([f"cast({plain!r} as varchar[])", *(f"coalesce({case}, [])" for case in by_value)])


class Lineage:
    """What the manifest knows of the KPI marts and the facts."""

    def __init__(self, manifest: Mapping[str, Any]) -> None:
        self._nodes = manifest["nodes"]
        self._macros = manifest["macros"]
        self._marts = {node["name"]: node for node in self._nodes.values()
                       if node["resource_type"] == "model" and node["schema"] == "marts"}

    @cached_property
    def facts(self) -> dict[str, dict[str, Any]]:
        """Fact -> {key: its columns, dated_by: the column of its date}; where it says so with told_by, the column by whose values its rows
        are counted, and with columns, those that KPIs hang on: a row in which others changed did not move."""
        return {name: _meta(node)["fact"] for name, node in self._marts.items() if "fact" in _meta(node)}

    def definition(self, mart: str) -> str:
        """A hash of the SQL and seeds a mart stands on: another one is another definition."""
        sums = sorted(str(node["checksum"]["checksum"]) for node in self.above(mart) if "checksum" in node)
        return hashlib.sha256("".join(sums).encode()).hexdigest()[:16]

    def definitions(self) -> dict[str, str]:
        """KPI mart -> the hash of its definition."""
        return {name: self.definition(name) for name in self.marts}

    @property
    def marts(self) -> tuple[str, ...]:
        """The names of the KPI marts."""
        return tuple(name for name in self._marts if name.startswith("kpi_"))

    def mart(self, name: str, kpis: Iterable[Kpi], types: Mapping[str, str], rules: Iterable[str]) -> Mart | None:
        """The mart as restatements see it; None for one without a period, which tells only what is known today."""
        meta = _meta(self._marts[name]) if name in self._marts else {}
        grain, kpis = self.grain(name) if meta else (), tuple(kpis)
        first, ends = meta.get("period") or (next((column for column in grain if types.get(column) == "DATE"), None), None)
        if not first or not kpis:
            return None
        stocks = {kpi.column for kpi in kpis if LAST_OF in kpi.additive}
        stocks |= {column for column, additive in meta.get("additive", {}).items() if LAST_OF in additive}
        above = self.above(name)
        read = "\n".join(str(node.get("raw_code", "")) for node in above) + self._macro_code(above)
        return Mart(
            name, grain, first, ends, next((column for column in grain if column.startswith("age")), None), kpis,
            self.made_of(name), {column: _made(made) for column, made in meta.get("made_of", {}).items()}, frozenset(stocks),
            meta.get("totals", {}), frozenset(rule for rule in rules if f"'{rule}'" in read),
        )

    def made_of(self, name: str) -> tuple[str, ...]:
        """The facts a mart stands on and no other fact stands between."""
        return tuple(sorted(self._walk(name)[0]))

    def between(self, name: str) -> set[str]:
        """The nodes between a mart, itself among them, and the facts that it is made of."""
        return self._walk(name)[1]

    def above(self, name: str) -> list[Mapping[str, Any]]:
        """Every node that a mart's definition hangs on; what stands behind a calendar is none."""
        seen: dict[str, Mapping[str, Any]] = {}
        waiting = [self._marts[name]["unique_id"]]
        while waiting:
            unique_id = waiting.pop()
            if unique_id in self._nodes and unique_id not in seen:
                seen[unique_id] = node = self._nodes[unique_id]
                if _meta(node).get("shown_by") != []:
                    waiting += node["depends_on"].get("nodes", [])  # a seed stands on none
        return list(seen.values())

    def grain(self, name: str) -> tuple[str, ...]:
        """The grain that a mart says."""
        return tuple(_meta(self._marts[name]).get("grain", ()))

    def ages(self, name: str) -> list[str]:
        """The columns of a mart that grow with the calendar: they move every night and restate nothing."""
        return _meta(self._marts[name]).get("ages", []) if name in self._marts else []

    def _walk(self, mart: str) -> tuple[set[str], set[str]]:
        facts: set[str] = set()
        seen: set[str] = set()
        waiting = [self._marts[mart]["unique_id"]]
        while waiting:
            unique_id = waiting.pop()
            if unique_id not in self._nodes or unique_id in seen:
                continue
            node = self._nodes[unique_id]
            if node["name"] in self.facts and node["name"] != mart:
                facts.add(node["name"])
                continue
            seen.add(unique_id)
            if "shown_by" in _meta(node):
                facts.update(_meta(node)["shown_by"])
            else:
                waiting += node["depends_on"].get("nodes", [])
        return facts, seen

    def _macro_code(self, nodes: Iterable[Mapping[str, Any]]) -> str:
        named = {macro for node in nodes for macro in node["depends_on"]["macros"] if macro.startswith("macro.omnimart.")}
        return "\n".join(self._macros[macro]["macro_sql"] for macro in sorted(named) if macro in self._macros)


def _meta(node: Mapping[str, Any]) -> Mapping[str, Any]:
    return node.get("config", {}).get("meta", {}) or {}


def _made(told: Any) -> Made:
    return {column: {value: tuple(facts) for value, facts in values.items()} for column, values in told.items()} \
        if isinstance(told, Mapping) else tuple(told)
