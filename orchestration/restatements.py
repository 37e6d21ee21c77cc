"""Which published numbers moved since the last publication, by which dimensions, and why.

    marts/kpi_*.parquet of the last version + the warehouse's kpi marts  ──►  Restatement rows  ──►  marts.restatements

Publishing asks it for the rows that the version it makes adds; nothing else runs it. A number counts as published when its period was
over as of the moment for which the last version was built (its `as_of`, and not `published_at`: a refresh that runs over midnight
tells nothing whole of the day that has begun) and the mart told that period at all: days that a first load brings later were never
published, and a month that is still running is not restated but finished. A mart whose grain has no date may tell its period in
`meta.period` (a campaign's, from its first message to its last); else it is never finished and not restated. Numbers of periods that
began longer ago than publishing.restatements_kept_days are not told.

A cause names rows that moved in the facts that a number is made of (lineage.py), never others: first changed rules and a changed
definition, then of each fact the rows of the period; where none of these moved those of days before it, which windows and cohorts look
at (a stock is of all days up to its end); of days after it where no fact has others. Of a fact with columns of the row's grain (channel,
store, system) rows of the same values are told, else the others, as `outside its …`; where nothing moved, that it cannot be told.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import duckdb

from ingestion import rooms
from orchestration import business_rules, exports, versions
from orchestration.lineage import Kpi, Lineage, Mart
from orchestration.versions import Version

TABLE = "restatements"
SAME = 1e-9  # doubles that differ by less, relative to their size, are one number computed in another order
ELSE = "a mapping, a seed or another table that it looks at"
MOVES = {"added": "new", "removed": "gone", "changed": "changed", "rekeyed": "of another customer"}


def find(connection: duckdb.DuckDBPyConnection, lineage: Lineage, before: Version | None, changed: Iterable[str], version: str) -> str:
    """Fill the temporary table `restated` with the rows that `version` adds to marts.restatements; gives its name.

    connection: sees the build file as `warehouse`. changed: the tables whose content differs from the version `before`.
    """
    connection.execute(
        "create or replace temp table restated (kpi_id varchar, period date, dimensions varchar, old_value double, new_value double, "
        "version varchar, cause varchar)"
    )
    there = set(exports.tables(connection, "marts"))
    moved = {name.removeprefix("marts.") for name in changed if name.startswith("marts.")} & there
    if before is None or not {"kpi_register", TABLE} <= there:
        return "restated"
    rules = business_rules.read()
    zone = rules.business.timezone
    published = datetime.fromisoformat(before.as_of or before.published_at)
    over_before, as_of = (moment.astimezone(ZoneInfo(zone)).date() for moment in (published, exports.as_of(connection) or published))
    kept_after = as_of - timedelta(days=rules.publishing.restatements_kept_days)
    facts = _moved_facts(connection, lineage, before, moved, zone)
    changed_rules = _moved_rules(connection, before)
    for name in sorted(one for one in moved if one.startswith("kpi_") and one != "kpi_register" and _file(before, one)):
        types = _types(connection, f'warehouse.marts."{name}"')
        known = _types(connection, f"read_parquet({_file(before, name)})")
        kpis = [kpi for kpi in _kpis(connection, name) if {kpi.column} <= types.keys() & known.keys() - {*lineage.ages(name)}]
        mart = lineage.mart(name, kpis, types, changed_rules)
        if mart and {*mart.told} <= known.keys():
            why = [f"rule {rule}: {old} became {new}" for rule, (old, new) in sorted(changed_rules.items()) if rule in mart.rules]
            if before.definitions.get(name) not in (None, lineage.definition(name)):
                why.append("its definition changed")
            if _compare(connection, mart, before, over_before, kept_after):
                _explain(connection, mart, facts, version, "; ".join(why))
    return "restated"


def _kpis(connection: duckdb.DuckDBPyConnection, mart: str) -> list[Kpi]:
    """The KPIs of a mart by the warehouse's register; of several names for one column the first."""
    rows = connection.execute(
        "select mart_column, min(kpi_id), any_value(numerator_column), any_value(denominator_column), any_value(additive) "
        "from warehouse.marts.kpi_register where mart = ? group by 1 order by 1", [mart]).fetchall()
    return [Kpi(kpi, column, tuple(part for part in parts if part), additive or "") for column, kpi, *parts, additive in rows]


def _compare(connection: duckdb.DuckDBPyConnection, mart: Mart, before: Version, over_before: date, kept_after: date) -> int:
    """moved_numbers: a full join on the grain; a row per KPI that is not the same, with the facts it is made of. Gives how many."""
    grain = ", ".join(f'"{column}"' for column in mart.told)
    values = ", ".join(f'cast("{kpi.column}" as double) as "{kpi.column}"' for kpi in mart.kpis)
    both = ", ".join(
        f'{"greatest" if column == mart.ends else "coalesce"}(old."{column}", new."{column}") as "{column}"' for column in mart.told)
    pairs = ", ".join(
        f"{{'kpi_id': {_text(kpi.kpi_id)}, 'place': {place}, 'old': old.\"{kpi.column}\", 'new': new.\"{kpi.column}\"}}"
        for place, kpi in enumerate(mart.kpis)
    )
    made_of = " ".join(f"when {place} then {mart.facts_of(kpi)}" for place, kpi in enumerate(mart.kpis))
    of_row = " || ".join(sorted({mart.facts_of(kpi) for kpi in mart.kpis}))
    stocks = [place for place, kpi in enumerate(mart.kpis) if mart.is_stock(kpi)]
    same = " and ".join(f'new."{column}" is not distinct from old."{column}"' for column in mart.grain)
    was_told = f'"{mart.period}" in (select "{mart.period}" from old)' if mart.is_dated else "was_told"
    connection.execute(
        f"""
        create or replace temp table moved_numbers as
        with
        old as (select {grain}, {values}, true as was_told from read_parquet({_file(before, mart.name)})),
        new as (select {grain}, {values}, true as is_told from warehouse.marts."{mart.name}"),
        pairs as (
            select
                {both}, coalesce(old.was_told, false) as was_told, old.was_told is null or new.is_told is null as is_of_row,
                unnest([{pairs}]) as number
            from new full join old on {same}
        )
        select
            row_number() over () as number_id, * exclude (number, was_told),
            "{mart.period}" as first_day, {mart.last_day} as last_day, number.kpi_id, number.old, number.new,
            -- A row comes and goes as a whole, with any of its numbers.
            case when is_of_row then {of_row} else case number.place {made_of} end end as made_of,
            list_contains(cast({stocks!r} as integer[]), number.place) or (is_of_row and {bool(stocks)}) as is_stock
        from pairs
        where number.old is distinct from number.new
            and (number.old is null or number.new is null
                or abs(number.old - number.new) > {SAME} * greatest(abs(number.old), abs(number.new)))
            and {was_told} and {mart.last_day} < date '{over_before}' and "{mart.period}" > date '{kept_after}'
        """
    )
    return connection.table("moved_numbers").shape[0]


def _explain(connection: duckdb.DuckDBPyConnection, mart: Mart, facts: dict[str, list[str]], version: str, why: str) -> None:
    """Restate the moved numbers of a mart, each with its cause."""
    told = ", ".join(f"{_text(column)}: \"{column}\"" for column in mart.dimensions)
    connection.execute(
        "create or replace temp table reached (number_id bigint, fact varchar, outside varchar, told_by varchar, move varchar, "
        "words varchar, within hugeint, earlier hugeint, later hugeint)"
    )
    for fact, columns in facts.items():
        if any(f"'{fact}'" in mart.facts_of(kpi) for kpi in mart.kpis):
            shared = [column for column in mart.dimensions if column in columns]
            connection.execute(f"insert into reached {_reached(mart, fact, shared, None)}")
            if shared:  # of these, what has other values
                connection.execute(f"insert into reached {_reached(mart, fact, [], ', '.join(shared))}")
    looked_at = "nullif(array_to_string(list_sort(list_distinct(made_of)), ', '), '')"
    connection.execute(
        f"""
        insert into restated
        with
        -- The nearest rows that moved of each fact: those of the row's own values first, of the period before others.
        ranked as (
            select *, 'within' as reach, within as rows, if(outside is null, 0, 2) as distance from reached where within > 0
            union all
            select *, 'earlier', earlier, if(outside is null, 1, 3) from reached where earlier > 0
            union all
            select *, 'later', later, if(outside is null, 4, 6) from reached where later > 0
        ),
        nearest as (
            select ranked.*, distance >= 4 as is_later, min(distance >= 4) over (partition by number_id) as only_later
            from ranked
            inner join moved_numbers using (number_id)
            qualify distance = min(distance) over (partition by number_id, fact)
                and (not is_of_row or outside is null or bool_and(outside is not null) over (partition by number_id))
        ),
        by_kind as (
            select
                number_id, distance, reach, outside, fact, told_by, sum(rows) as rows,
                sum(sum(rows)) over (partition by number_id, distance, fact) as of_fact,
                fact || coalesce(' of ' || told_by, '') || ': ' || string_agg(rows || ' ' || words, ', ' order by move) as words
            from nearest
            where is_later = only_later
            group by number_id, distance, reach, outside, fact, told_by
        ),
        by_distance as (
            select
                number_id, distance,
                concat_ws(' ', case reach when 'earlier' then 'of days before it' when 'later' then 'of days after it' end,
                    'outside its ' || outside, string_agg(words, '; ' order by of_fact desc, fact, rows desc, told_by)) as words
            from by_kind
            group by number_id, distance, reach, outside
        ),
        causes as (select number_id, string_agg(words, '; ' order by distance, words) as words from by_distance group by number_id)
        select
            kpi_id, first_day, {f"cast(to_json({{{told}}}) as varchar)" if told else "'{}'"}, old, new, {_text(version)},
            coalesce(
                nullif(concat_ws('; ', nullif({_text(why)}, ''), causes.words), ''),
                'cannot be told: ' || coalesce('nothing moved in ' || {looked_at} || ', so ', '') || {_text(ELSE)}
            )
        from moved_numbers
        left join causes using (number_id)
        """
    )


def _reached(mart: Mart, fact: str, shared: list[str], outside: str | None) -> str:
    """Rows of a fact that moved in, before and after the period of each moved number, of the same values in the columns shared. The
    numbers of a period and values are looked up once; outside of them only where none in them moved up to its end."""
    alike = " and ".join(
        f'(moved."{column}" is not distinct from cells."{column}"'
        + (f' or cells."{column}" is not distinct from {_text(mart.totals[column])})' if column in mart.totals else ")")
        for column in shared
    )
    columns = "".join(f', "{column}"' for column in shared)
    same = " and ".join(f'numbers."{column}" is not distinct from spread."{column}"' for column in ["first_day", "last_day", *shared])
    found = f"(select number_id from reached where fact = '{fact}' and (within > 0 or earlier > 0))"
    which = f"list_contains(made_of, '{fact}')" + (f" and number_id not in {found}" if outside else "")
    return f"""
        with
        numbers as (select number_id, first_day, last_day, is_stock{columns} from moved_numbers where {which}),
        cells as (select distinct first_day, last_day{columns} from numbers),
        moved as (select on_day, told_by, move, words{columns}, sum(rows) as rows from "moved_{fact}" group by all),
        spread as (
            select
                cells.*, told_by, move, words,
                sum(rows) filter (on_day between first_day and last_day) as within,
                sum(rows) filter (on_day < first_day) as earlier, sum(rows) filter (on_day > last_day) as later
            from cells inner join moved on {alike or 'true'}
            group by all
        )
        select
            number_id, '{fact}', {_text(outside)}, told_by, move, words,
            case when is_stock then coalesce(within, 0) + coalesce(earlier, 0) else within end,
            case when not is_stock then earlier end,
            later
        from numbers inner join spread on {same}
    """


def _moved_facts(
    connection: duckdb.DuckDBPyConnection, lineage: Lineage, before: Version, moved: Iterable[str], zone: str
) -> dict[str, list[str]]:
    """Fact -> its columns; moved_<fact> (on_day, told_by, move, words, its columns of any mart's grain, rows): rows that differ from the
    last version, by business day and these values; one that changed day or values is told by the old and the new ones."""
    grains = {column for name in lineage.marts for column in lineage.grain(name)}
    found = {}
    needed = {fact for name in lineage.marts for fact in lineage.made_of(name)}
    for fact in sorted(one for one in needed.intersection(moved) if _file(before, one)):
        told, old = lineage.facts[fact], f"read_parquet({_file(before, fact)})"
        types, known = _types(connection, f'warehouse.marts."{fact}"'), _types(connection, old)
        on, key = told["dated_by"], ", ".join(f'"{column}"' for column in told["key"])
        if on not in known or not set(told["key"]) <= known.keys():
            continue
        shared = [column for column in types if column in known and column != "customer_id"]
        content = ", ".join(f'"{column}"' for column in shared if column in told.get("columns", shared))
        sides = [column for column in shared if column in grains and types[column] == "VARCHAR"]
        day = f'"{on}"' if types[on] == "DATE" else f"""cast(timezone({_text(zone)}, timezone('UTC', "{on}")) as date)"""
        person = '"customer_id"' if "customer_id" in types and "customer_id" in known else "cast(null as varchar)"
        by = f'"{told["told_by"]}"' if told.get("told_by") in shared else "cast(null as varchar)"
        stands = ", ".join(["'on_day': " + day, "'told_by': " + by, *(f"{_text(column)}: \"{column}\"" for column in sides)])
        columns = f"hash({key}) as key, {{{stands}}} as stands, hash({content}) as content, {person} as person"
        connection.execute(
            f"""
            create or replace temp table "moved_{fact}" as
            with
            old as (select {columns} from {old}),
            new as (select {columns} from warehouse.marts."{fact}"),
            moves as (
                select
                    new.stands as new_stands, old.stands as old_stands,
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
            standing as (
                select move, new_stands as stands from moves where new_stands is not null
                union all
                select move, old_stands as stands from moves where old_stands is not null and old_stands is distinct from new_stands
            ),
            counted as (
                select stands, move, map {MOVES}[move] as words, count(*) as rows
                from standing
                where stands.on_day is not null
                group by stands, move
            )
            select unnest(stands), move, words, rows from counted
            """
        )
        found[fact] = sides
    return found


def _moved_rules(connection: duckdb.DuckDBPyConnection, before: Version) -> dict[str, tuple[str, str]]:
    """Rule -> (value at the last publication, value now), of those that differ."""
    if not (file := _file(before, "parameters")):
        return {}
    found = connection.execute(
        f"select new.name, old.value, new.value from warehouse.marts.parameters as new inner join read_parquet({file}) as old "
        "on new.name = old.name where new.value is distinct from old.value"
    ).fetchall()
    return {name: (old, new) for name, old, new in found}


def _file(version: Version, table: str) -> str | None:
    path = versions.folder(version.version) / "marts" / f"{table}.parquet"
    return rooms.quoted(path) if path.exists() else None


def _types(connection: duckdb.DuckDBPyConnection, relation: str) -> dict[str, str]:
    return {name: kind for name, kind, *_ in connection.execute(f"describe from {relation}").fetchall()}


def _text(words: str | None) -> str:
    return "null" if words is None else "'" + words.replace("'", "''") + "'"
