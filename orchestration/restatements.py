"""Which published numbers moved since the last publication, by which dimensions, and why.

    marts/kpi_*.parquet of the last version + the warehouse's kpi marts  ──►  Restatement rows  ──►  marts.restatements

Publishing asks it for the rows that the version it makes adds; nothing else runs it. A number counts as published when its period was
over as of the moment for which the last version was built (its `as_of`, and not `published_at`: a refresh that runs over midnight
tells nothing whole of the day that has begun) and the mart told that period at all: days that a first load brings later were never
published, and a month that is still running is not restated but finished. Why a number moved is read from the facts its mart stands
on: which of their rows, dated in the same period, are new, gone, different or of another customer; then whether a rule it reads or
its definition changed. Facts of days before the period, which windows and cohorts look at, are named where none of their rows in it
moved. A mart whose grain has no date (a campaign's whole life) is never finished, so it is not restated. A mart says its grain in
`meta.grain`, a fact its key and its date in `meta.fact`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import duckdb

from orchestration import business_rules, versions
from orchestration.versions import Version

TABLE = "restatements"
SAME = 1e-9  # doubles that differ by less, relative to their size, are one number computed in another order
MOVES = {"added": "new", "removed": "gone", "changed": "changed", "rekeyed": "of another customer"}


@dataclass(frozen=True)
class Mart:
    """A KPI mart: its grain, the column of its period, the column that counts months from there (cohorts), its KPI columns with
    their ids, the facts below it and the names of the rules that its lineage reads."""

    name: str
    grain: tuple[str, ...]
    period: str
    age: str | None
    kpis: Mapping[str, str]
    facts: tuple[str, ...]
    rules: frozenset[str]

    @property
    def dimensions(self) -> tuple[str, ...]:
        return tuple(column for column in self.grain if column != self.period)

    @property
    def last_day(self) -> str:
        """The last day of a row's period, as SQL."""
        if self.period == "day":
            return '"day"'
        age = f' + to_months(cast("{self.age}" as integer))' if self.age else ""
        return f'cast(last_day("{self.period}"{age}) as date)'


class Lineage:
    """What the manifest knows of the KPI marts and the facts."""

    def __init__(self, manifest: Mapping[str, Any]) -> None:
        self._nodes = manifest["nodes"]
        self._macros = manifest["macros"]
        self._marts = {node["name"]: node for node in self._nodes.values()
                       if node["resource_type"] == "model" and node["schema"] == "marts"}

    @cached_property
    def facts(self) -> dict[str, dict[str, Any]]:
        """Fact -> {key: its columns, dated_by: the column of its date}."""
        return {name: node["config"]["meta"]["fact"] for name, node in self._marts.items() if "fact" in node["config"].get("meta", {})}

    def definition(self, mart: str) -> str:
        """A hash of the SQL and seeds a mart stands on: another one is another definition."""
        sums = sorted(str(node["checksum"]["checksum"]) for node in self._above(mart) if "checksum" in node)
        return hashlib.sha256("".join(sums).encode()).hexdigest()[:16]

    def definitions(self) -> dict[str, str]:
        """KPI mart -> the hash of its definition."""
        return {name: self.definition(name) for name in self._marts if name.startswith("kpi_")}

    def mart(self, name: str, kpis: Mapping[str, str], types: Mapping[str, str], rules: Iterable[str]) -> Mart | None:
        """The mart as restatements see it; None for one without a period, which tells only what is known today."""
        grain = tuple(self._marts[name]["config"].get("meta", {}).get("grain", ())) if name in self._marts else ()
        dates = [column for column in grain if types.get(column) == "DATE"]
        if not dates or not kpis:
            return None
        above = list(self._above(name))
        read = "\n".join(str(node.get("raw_code", "")) for node in above) + self._macro_code(above)
        return Mart(
            name, grain, dates[0], next((column for column in grain if column.startswith("age")), None), kpis,
            tuple(sorted(node["name"] for node in above if node["name"] in self.facts)),
            frozenset(rule for rule in rules if f"'{rule}'" in read),
        )

    def ages(self, name: str) -> list[str]:
        """The columns of a mart that grow with the calendar: they move every night and restate nothing."""
        return self._marts[name]["config"].get("meta", {}).get("ages", []) if name in self._marts else []

    def _above(self, mart: str) -> list[Mapping[str, Any]]:
        seen: dict[str, Mapping[str, Any]] = {}
        waiting = [self._marts[mart]["unique_id"]]
        while waiting:
            unique_id = waiting.pop()
            if unique_id in self._nodes and unique_id not in seen:
                seen[unique_id] = self._nodes[unique_id]
                waiting += self._nodes[unique_id]["depends_on"].get("nodes", [])  # a seed stands on none
        return list(seen.values())

    def _macro_code(self, nodes: Iterable[Mapping[str, Any]]) -> str:
        named = {macro for node in nodes for macro in node["depends_on"]["macros"] if macro.startswith("macro.omnimart.")}
        return "\n".join(self._macros[macro]["macro_sql"] for macro in sorted(named) if macro in self._macros)


def find(connection: duckdb.DuckDBPyConnection, lineage: Lineage, before: Version | None, changed: Iterable[str], version: str) -> str:
    """Fill the temporary table `restated` with the rows that `version` adds to marts.restatements; gives its name.

    connection: sees the build file as `warehouse`. changed: the tables whose content differs from the version `before`.
    """
    connection.execute(
        "create or replace temp table restated (kpi_id varchar, period date, dimensions varchar, old_value double, new_value double, "
        "version varchar, cause varchar)"
    )
    there = {name for (name,) in connection.execute(
        "select table_name from information_schema.tables where table_catalog = 'warehouse' and table_schema = 'marts'").fetchall()}
    moved = {name.removeprefix("marts.") for name in changed if name.startswith("marts.")} & there
    if before is None or not {"kpi_register", TABLE} <= there:
        return "restated"
    zone = business_rules.read().business.timezone
    _moved_facts(connection, lineage, before, moved, zone)
    rules = _moved_rules(connection, before)
    for name in sorted(moved):
        if not name.startswith("kpi_") or name == "kpi_register" or not _file(before, name):
            continue
        types = _types(connection, f'warehouse.marts."{name}"')
        known = _types(connection, f"read_parquet('{_file(before, name)}')")
        registered = connection.execute(
            "select mart_column, min(kpi_id) from warehouse.marts.kpi_register where mart = ? group by 1", [name]).fetchall()
        kpis = {column: kpi for column, kpi in registered if column in types and column in known and column not in lineage.ages(name)}
        mart = lineage.mart(name, kpis, types, rules)
        if mart and set(mart.grain) <= known.keys():
            why = [f"rule {rule}: {old} became {new}" for rule, (old, new) in sorted(rules.items()) if rule in mart.rules]
            if before.definitions.get(name) not in (None, lineage.definition(name)):
                why.append("its definition changed")
            _compare(connection, mart, before, version, zone, "; ".join(why))
    return "restated"


def _compare(connection: duckdb.DuckDBPyConnection, mart: Mart, before: Version, version: str, zone: str, why: str) -> None:
    """One full join on the grain; a row per KPI whose value is not the same."""
    grain = ", ".join(f'"{column}"' for column in mart.grain)
    values = ", ".join(f'cast("{column}" as double) as "{column}"' for column in mart.kpis)
    both = ", ".join(f'coalesce(new."{column}", old."{column}") as "{column}"' for column in mart.grain)
    pairs = ", ".join(f"{{'kpi_id': {_text(kpi)}, 'old': old.\"{column}\", 'new': new.\"{column}\"}}" for column, kpi in mart.kpis.items())
    same = " and ".join(f'new."{column}" is not distinct from old."{column}"' for column in mart.grain)
    told = ", ".join(f"{_text(column)}: \"{column}\"" for column in mart.dimensions)
    connection.execute(
        f"""
        insert into restated
        with
        old as (select {grain}, {values} from read_parquet('{_file(before, mart.name)}')),
        new as (select {grain}, {values} from warehouse.marts."{mart.name}"),
        told as (select distinct "{mart.period}" as period from old),
        pairs as (
            select {both}, unnest([{pairs}]) as number
            from new full join old on {same}
        ),
        moved as (
            select *, {mart.last_day} as last_day
            from pairs
            where number.old is distinct from number.new
                and (number.old is null or number.new is null
                    or abs(number.old - number.new) > {SAME} * greatest(abs(number.old), abs(number.new)))
                and "{mart.period}" in (select period from told)
        ),
        spans as (select distinct "{mart.period}" as first_day, last_day from moved),
        dated as (
            select first_day, last_day, fact, move, words, on_day < first_day as is_earlier, sum(rows) as rows
            from spans
            inner join moved_facts on on_day <= last_day and list_contains({list(mart.facts)!r}, fact)
            group by all
        ),
        facts as (
            select
                first_day, last_day, fact, is_earlier, fact || ': ' || string_agg(rows || ' ' || words, ', ' order by move) as words,
                min(is_earlier) over (partition by first_day, last_day, fact) as is_only_earlier
            from dated
            group by first_day, last_day, fact, is_earlier
        ),
        causes as (
            select
                first_day, last_day,
                concat_ws(
                    '; ', string_agg(words, '; ' order by fact) filter (not is_earlier),
                    'of days before it ' || string_agg(words, '; ' order by fact) filter (is_only_earlier)
                ) as words
            from facts
            group by first_day, last_day
        )
        select
            number.kpi_id, "{mart.period}", {f"cast(to_json({{{told}}}) as varchar)" if told else "'{}'"}, number.old, number.new,
            {_text(version)},
            coalesce(nullif(concat_ws('; ', causes.words, nullif({_text(why)}, '')), ''), {_text(_elsewhere(connection, mart))})
        from moved
        left join causes on moved."{mart.period}" = causes.first_day and moved.last_day = causes.last_day
        where moved.last_day < cast(timezone({_text(zone)}, timestamptz '{before.as_of or before.published_at}') as date)
        """
    )


def _elsewhere(connection: duckdb.DuckDBPyConnection, mart: Mart) -> str:
    """The cause of numbers that look beyond the end of their own period."""
    found = connection.execute(
        "select fact, sum(rows) from moved_facts where list_contains(?, fact) group by 1 order by 1", [list(mart.facts)]).fetchall()
    told = "; ".join(f"{fact}: {rows}" for fact, rows in found)
    return f"rows of later days that it looks at ({told})" if told else "a mapping, a seed or another table that it looks at"


def _moved_facts(connection: duckdb.DuckDBPyConnection, lineage: Lineage, before: Version, moved: Iterable[str], zone: str) -> None:
    """moved_facts (fact, on_day, move, words, rows): rows of the facts that differ from the last version, by business day."""
    connection.execute("create or replace temp table moved_facts (fact varchar, on_day date, move varchar, words varchar, rows bigint)")
    for fact in sorted(set(moved) & lineage.facts.keys()):
        if not _file(before, fact):
            continue
        told, old = lineage.facts[fact], f"read_parquet('{_file(before, fact)}')"
        types, known = _types(connection, f'warehouse.marts."{fact}"'), _types(connection, old)
        on, key = told["dated_by"], ", ".join(f'"{column}"' for column in told["key"])
        if on not in known or not set(told["key"]) <= known.keys():
            continue
        shared = [column for column in types if column in known and column != "customer_id"]
        content = ", ".join(f'"{column}"' for column in shared)
        day = f'"{on}"' if types[on] == "DATE" else f"""cast(timezone({_text(zone)}, timezone('UTC', "{on}")) as date)"""
        person = '"customer_id"' if "customer_id" in types and "customer_id" in known else "cast(null as varchar)"
        columns = f"hash({key}) as key, {day} as on_day, hash({content}) as content, {person} as person"
        words = " ".join(f"when '{move}' then '{word}'" for move, word in MOVES.items())
        connection.execute(
            f"""
            insert into moved_facts
            with
            old as (select {columns} from {old}),
            new as (select {columns} from warehouse.marts."{fact}"),
            moves as (
                select
                    new.on_day as new_day, old.on_day as old_day,
                    case
                        when old.key is null then 'added'
                        when new.key is null then 'removed'
                        -- What hangs on its customer (is it the first order?) changes with it.
                        when old.person is distinct from new.person then 'rekeyed'
                        else 'changed'
                    end as move
                from new full join old on new.key = old.key
                where old.key is null or new.key is null
                    or old.content is distinct from new.content or old.person is distinct from new.person
            ),
            days as (
                select move, new_day as on_day from moves where new_day is not null
                union all
                select move, old_day as on_day from moves where old_day is not null and old_day is distinct from new_day
            )
            select {_text(fact)}, on_day, move, case move {words} end, count(*) from days group by all
            """
        )


def _moved_rules(connection: duckdb.DuckDBPyConnection, before: Version) -> dict[str, tuple[str, str]]:
    """Rule -> (value at the last publication, value now), of those that differ."""
    file = _file(before, "parameters")
    if not file:
        return {}
    found = connection.execute(
        f"select new.name, old.value, new.value from warehouse.marts.parameters as new inner join read_parquet('{file}') as old "
        "on new.name = old.name where new.value is distinct from old.value"
    ).fetchall()
    return {name: (old, new) for name, old, new in found}


def _file(version: Version, table: str) -> str | None:
    path = versions.folder(version.version) / "marts" / f"{table}.parquet"
    return str(path) if path.exists() else None


def _types(connection: duckdb.DuckDBPyConnection, relation: str) -> dict[str, str]:
    return {name: kind for name, kind, *_ in connection.execute(f"describe from {relation}").fetchall()}


def _text(words: str) -> str:
    return "'" + words.replace("'", "''") + "'"
