"""The register of KPIs and the marts they stand in, read from the files of the dbt project; and what is generated from them.

    seeds/registered_kpis.csv, models/marts/**.yml  ──►  Mart, Kpi  ──►  semantic/models/ (metrics), docs/kpis.md

    python -m orchestration.register          write both again
    python -m orchestration.register --check  say what differs from the files, and fail when anything does

No dbt is parsed and no warehouse opened: contracts tell every column, and the register tells what it means.
"""

from __future__ import annotations

import csv
import re
import sys
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cache, cached_property
from pathlib import Path
from typing import Any

import yaml

from ingestion.accounts import REPOSITORY

PROJECT = REPOSITORY / "dbt_project"
SEED = PROJECT / "seeds" / "registered_kpis.csv"
FAST = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # the contracts are 1 s of Python's own reader
NOT_OVER, LAST_OF, FACT_OF, ONLY_BY, TOTAL_WHERE = "not over ", "last of ", "fact of ", "only by ", "total where "
OVER_RECORDS, BY_FORMULA = "over records", "by its formula"
NAME = "name"  # the unit of what is asked for and is no number: who owns a channel
# `100 × net_promoters / nps_answers`, `this_year / last_year − 1`; what follows an equals sign only explains.
RATIO = re.compile(r"(?:(?P<times>\d+) [×*] )?(?P<numerator>\w+) / (?P<denominator>\w+)(?: [−-] (?P<less>\d+))?(?: = .*)?")


class RegisterError(Exception):
    """A row of the register and its mart do not fit together; the text is a sentence."""


@dataclass(frozen=True)
class Column:
    """A column of a mart, as its contract says."""

    name: str
    data_type: str
    description: str


@dataclass(frozen=True)
class Kpi:
    """One row of the register, by its own column names; '' where it says nothing."""

    kpi_id: str
    name_en: str
    name_ru: str
    definition: str
    formula: str
    unit: str
    grain: str
    mart: str
    mart_column: str
    numerator_column: str
    denominator_column: str
    additive: str
    owner: str
    source_document: str
    definition_ru: str
    formula_ru: str
    asked_as: str

    @property
    def is_number(self) -> bool:
        return self.unit != NAME

    @property
    def is_ratio(self) -> bool:
        return bool(self.denominator_column)

    @cached_property
    def scale(self) -> tuple[int, int]:
        """(times, less) of a ratio: its value is times × numerator / denominator − less. Raises RegisterError on another formula."""
        read = RATIO.fullmatch(self.formula)
        if not read or (read["numerator"], read["denominator"]) != (self.numerator_column, self.denominator_column):
            raise RegisterError(
                f"The formula of {self.kpi_id} in {SEED.name} is {self.formula!r}, but its parts are {self.numerator_column} and "
                f"{self.denominator_column}. Write it as `{self.numerator_column} / {self.denominator_column}`, where need be with a "
                "whole number and × before it or − and a whole number behind it."
            )
        return int(read["times"] or 1), int(read["less"] or 0)


@dataclass(frozen=True)
class Sum:
    """How a column sums: not where a group holds several values of `not_over`, and of a period only its `last` day or month; or not at all,
    and is told where one row tells it (`by_row`; with `last` one of the period's last day or month). `of` are
    the columns of the grain that it has, where it lacks some: a fact of these stands in every row of the others again (`repeats`), or
    it is told only by these and summed over the others, since by them it would mislead. `total` is (column, value) of the row that stands
    for all of that column, where it is not the one that the mart's totals name: the omnichannel shoppers', whom a KPI is of. What is told
    `anew` does not sum: a median or distinct people, over the records of any group; nor what is `worked_out` by its formula in each."""

    not_over: tuple[str, ...] = ()
    by_row: bool = False
    last: str | None = None
    of: tuple[str, ...] = ()
    repeats: bool = False
    total: tuple[str, str] | None = None
    anew: bool = False
    worked_out: bool = False

    @property
    def named(self) -> set[str]:
        return {*self.not_over, *self.of, *([self.last] if self.last else []), *(self.total or ())[:1]}


@dataclass(frozen=True)
class Mart:
    """A published table: its contract, and what the register says of its columns."""

    name: str
    description: str
    description_ru: str
    grain: tuple[str, ...]
    attributes: tuple[str, ...]
    columns: dict[str, Column]
    kpis: tuple[Kpi, ...]  # numbers, each a metric
    names: tuple[Kpi, ...]  # what is a name and no metric
    parts_additive: dict[str, str]  # of parts that are no KPI themselves and do not add up; `others` stands for all that are not named
    totals: dict[str, str | None]  # column of the grain -> its value in rows that hold the total of the others
    taken: frozenset[str]  # every kpi_id of the register

    @cached_property
    def registered(self) -> dict[str, Kpi]:
        """Column -> its KPI."""
        return {kpi.mart_column: kpi for kpi in self.kpis}

    @cached_property
    def parts(self) -> tuple[str, ...]:
        """Columns that are the numerator or the denominator of a KPI and none themselves."""
        named = (column for kpi in self.kpis for column in (kpi.numerator_column, kpi.denominator_column) if column)
        return tuple(sorted({column for column in named if column not in self.registered}))

    def sums(self, column: str) -> Sum:
        """How a KPI sums by the register, or a part by the mart's meta (`additive`); parts of which nothing is said add up. Raises
        RegisterError on other words."""
        if column in self.registered:
            additive = self.registered[column].additive
        else:
            additive = self.parts_additive.get(column, self.parts_additive.get("others", "yes"))
        said = Sum()
        for words in additive.split("; "):
            if words == "yes":
                continue
            if words == "no":
                said = replace(said, not_over=self.grain)
            elif words == OVER_RECORDS:
                said = replace(said, anew=True)
            elif words == BY_FORMULA:
                said = replace(said, worked_out=True)
            elif words.startswith(TOTAL_WHERE):
                column_of_total, _, value = words.removeprefix(TOTAL_WHERE).partition(" = ")
                said = replace(said, total=(column_of_total, value))
            elif words.startswith(NOT_OVER):
                said = replace(said, not_over=_listed(words, NOT_OVER))
            elif words.startswith(LAST_OF):
                said = replace(said, last=words.removeprefix(LAST_OF))
            elif words.startswith(FACT_OF):
                said = replace(said, of=_listed(words, FACT_OF), repeats=True)
            elif words.startswith(ONLY_BY):
                said = replace(said, of=_listed(words, ONLY_BY))
            else:
                raise RegisterError(f"{self.name}.{column} is said to add up {additive!r}; see docs/add-a-kpi.md for the words.")
        if said.total and said.total[0] not in self.totals:
            raise RegisterError(f"{self.name}.{column} is said to add up {additive!r}, but the totals of the mart are {self.totals}.")
        if said.named - set(self.grain):
            raise RegisterError(f"{self.name}.{column} is said to add up {additive!r}, but the grain of the mart is {self.grain}.")
        by_row = bool(self.grain) and said.not_over == self.grain
        return replace(said, by_row=by_row, not_over=tuple(name for name in said.not_over if name != said.last))

    def last_of(self, column: str) -> str | None:
        """The day or month as of whose end a column stands, or both parts of a ratio do; None for what happens in a period."""
        kpi = self.registered.get(column)
        if not kpi or not kpi.is_ratio:
            return self.sums(column).last
        above, below = (self.last_of(part) for part in (kpi.numerator_column, kpi.denominator_column))
        return above if above == below else None

    def totals_of(self, column: str) -> dict[str, str | None]:
        """The totals of the mart as a column has them."""
        total = self.sums(column).total
        return {**self.totals, **dict([total] if total else [])}

    def home(self, kpi: Kpi) -> tuple[str, ...]:
        """The columns of the grain that a KPI has: all of them, or those of which it is a fact."""
        return self.home_of(kpi.mart_column)

    def home_of(self, column: str) -> tuple[str, ...]:
        """The same of a column, be it a KPI or a part of one."""
        return self.sums(column).of or self.grain


def _listed(words: str, before: str) -> tuple[str, ...]:
    return tuple(words.removeprefix(before).split(", "))


def kpis() -> tuple[Kpi, ...]:
    """The register, in its own order."""
    with SEED.open(encoding="utf-8", newline="") as file:
        return tuple(Kpi(**row) for row in csv.DictReader(file))


def marts() -> dict[str, Mart]:
    """Every published table by name, with the KPIs that stand in it. Raises RegisterError when the register names no such column."""
    described = {model["name"]: model for model in _models()}
    registered: dict[str, list[Kpi]] = {}
    for kpi in kpis():
        registered.setdefault(kpi.mart, []).append(kpi)
    if strangers := sorted(registered.keys() - described.keys()):
        raise RegisterError(f"The register names {', '.join(strangers)}, and no YAML under models/marts describes such a table.")
    taken = frozenset(kpi.kpi_id for one in registered.values() for kpi in one)
    found = {name: _mart(model, tuple(registered.get(name, ())), taken) for name, model in sorted(described.items())}
    for mart in found.values():
        for kpi in (*mart.kpis, *mart.names):
            for column in (kpi.mart_column, kpi.numerator_column, kpi.denominator_column):
                if column and column not in mart.columns:
                    raise RegisterError(f"{kpi.kpi_id} in the register speaks of {mart.name}.{column}, which is not in its contract.")
        for column in (*mart.registered, *mart.parts):
            mart.sums(column)
    return found


def _models() -> Iterable[dict[str, Any]]:
    for path in sorted((PROJECT / "models" / "marts").rglob("*.yml")):
        yield from _described(path.read_text(encoding="utf-8"))


@cache
def _described(text: str) -> list[dict[str, Any]]:
    return (yaml.load(text, Loader=FAST) or {}).get("models", [])


def _mart(model: dict[str, Any], registered: tuple[Kpi, ...], taken: frozenset[str]) -> Mart:
    meta = model.get("config", {}).get("meta", {})
    sound = next((test["sound"]["arguments"] for test in model.get("data_tests", []) if isinstance(test, dict) and "sound" in test), {})
    columns = {
        column["name"]: Column(column["name"], column["data_type"], " ".join(column.get("description", "").split()))
        for column in model["columns"]
    }
    return Mart(
        name=model["name"],
        description=" ".join(model["description"].split()),
        description_ru=" ".join(meta.get("description_ru", "").split()),
        grain=tuple(meta.get("grain") or sound.get("grain", ())),
        attributes=tuple(meta.get("attributes", ())),
        columns=columns,
        kpis=tuple(kpi for kpi in registered if kpi.is_number),
        names=tuple(kpi for kpi in registered if not kpi.is_number),
        parts_additive=meta.get("additive", {}),
        totals=meta.get("totals", {}),
        taken=taken,
    )


def generated() -> dict[Path, str]:
    """Every file that comes from the register, by its place."""
    from orchestration import kpi_book, semantics

    everything = marts()
    return {**semantics.files(everything), **kpi_book.files(everything)}


def differing() -> list[Path]:
    """Files that are not what the register and the contracts say, and those in the generated folder that nobody needs any more."""
    from orchestration.semantics import MODELS

    wanted = generated()
    stale = [path for path in sorted(MODELS.iterdir()) if path not in wanted]
    return [path for path, text in wanted.items() if not path.exists() or path.read_text(encoding="utf-8") != text] + stale


def main(arguments: list[str]) -> int:
    """The command line; gives the exit code."""
    try:
        wanted, differ = generated(), differing()
    except RegisterError as error:
        print(error, file=sys.stderr)
        return 2
    if "--check" in arguments:
        print("\n".join(f"{path.relative_to(REPOSITORY)} is not what the register says." for path in differ))
        return 1 if differ else 0
    for path in differ:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(wanted[path], encoding="utf-8") if path in wanted else path.unlink()
    print(f"{len(differ)} of {len(wanted)} files were written again." if differ else "Everything is as the register says.")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
