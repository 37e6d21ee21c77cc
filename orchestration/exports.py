"""The warehouse's marts, written out as one version that BI can open.

    warehouse.duckdb: schemas marts, pii, history  ──►  omnimart.duckdb, marts/*.parquet, contacts.duckdb, history/*.parquet

With restatements.py the one place in orchestration that speaks SQL, because a database file is what is being made. It knows no
table by name beyond the publications and the list of run-scoped tables below. Files are written with storage version v1.0.0, which the
older DuckDB drivers inside BI tools can open, and a file's stem differs from its schema, which DuckDB could not resolve.
"""

from __future__ import annotations

import os
from collections.abc import Container, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import pandas as pd

from ingestion import rooms
from ingestion.lake import data_root

STORAGE_VERSION = "v1.0.0"
# They differ after every run, with or without news; a version that differs in nothing else is not worth flipping to.
RUN_SCOPED = frozenset({"load_reconciliation", "source_freshness", "vendor_fields", "publications", "restatements"})
TOLD_BY_PUBLISHING = ("publications", "restatements")  # publishing adds the rows of the version it makes


@dataclass(frozen=True)
class Words:
    """What a table and its columns mean, from the dbt descriptions; they become comments in the published file."""

    table: str
    columns: Mapping[str, str]


def warehouse() -> Path:
    """The build file. Nobody but the refresh opens it."""
    return data_root() / "warehouse.duckdb"


@contextmanager
def reading() -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection that sees the build file, read only, as `warehouse`."""
    with rooms.in_memory(data_root()) as connection:
        connection.execute("set TimeZone = 'UTC'")
        connection.execute(f"attach {rooms.quoted(warehouse())} as warehouse (read_only)")
        yield connection


def tables(connection: duckdb.DuckDBPyConnection, schema: str) -> list[str]:
    """The tables and views of a schema of the warehouse, by name."""
    found = connection.execute(
        "select table_name from information_schema.tables where table_catalog = 'warehouse' and table_schema = ? order by 1",
        [schema],
    )
    return [name for (name,) in found.fetchall()]


def row_counts(connection: duckdb.DuckDBPyConnection) -> dict[tuple[str, str], int]:
    """(schema, table) -> rows of every table in the warehouse; views are not counted."""
    found = connection.execute(
        "select schema_name, table_name, estimated_size from duckdb_tables() where database_name = 'warehouse'"
    )
    return {(schema, table): rows for schema, table, rows in found.fetchall()}


def fingerprints(connection: duckdb.DuckDBPyConnection) -> dict[str, str]:
    """Content hash of every business table of marts and pii; the order of rows does not matter, the columns do."""
    prints = {}
    columns = connection.execute("""
        select table_schema, table_name, string_agg(column_name || ' ' || data_type, ',' order by ordinal_position)
        from information_schema.columns where table_catalog = 'warehouse' and table_schema in ('marts', 'pii') group by all order by all
    """).fetchall()
    for schema, name, spelled in columns:
        if name in RUN_SCOPED:
            continue
        content = connection.execute(
            f'select count(*), coalesce(sum(hash(t)::hugeint), 0), coalesce(bit_xor(hash(t)), 0) from warehouse.{schema}."{name}" as t'
        ).fetchone()
        shape = connection.execute("select hash(?)", [spelled]).fetchone()
        prints[f"{schema}.{name}"] = "-".join(str(part) for part in (duckdb.__version__, *shape, *content))
    return prints


def documents_of(
    connection: duckdb.DuckDBPyConnection, table: str, loads: list[str], *, columns: Container[str], at_most: int
) -> pd.DataFrame:
    """The typed rows that came with the given loads, of the given columns those that the table has, for an audit; raises
    duckdb.CatalogException when there is no such table."""
    relation = connection.sql(f'from warehouse.staging."{table}"')
    chosen = relation.filter(
        duckdb.ColumnExpression("load_id").isin(*map(duckdb.ConstantExpression, loads)) if loads else "false"
    )
    kept = [duckdb.ColumnExpression(column) for column in relation.columns if column in columns]
    return chosen.select(*kept).limit(at_most).df()


def documents_counted(connection: duckdb.DuckDBPyConnection, table: str, loads: list[str]) -> dict[str, int]:
    """account -> rows that came with the given loads; raises duckdb.CatalogException when there is no such table."""
    found = connection.execute(
        f'select source_account, count(*) from warehouse.staging."{table}" where list_contains(?::varchar[], load_id) group by all', [loads]
    )
    return dict(found.fetchall())


def changed_fields(connection: duckdb.DuckDBPyConnection, vendor: str, resource: str, loads: list[str]) -> list[tuple[str, str, str]]:
    """(change, path, type) of a list's fields: new or retyped with the given loads, or vanished; none before there is such a table."""
    try:
        found = connection.execute(
            "select change, field_path, string_agg(field_type, ', ' order by field_type) from warehouse.marts.vendor_fields "
            "where source_system = ? and resource = ? and (change = 'vanished' or list_contains(?::varchar[], first_load_id)) "
            "and change is not null group by all order by all", [vendor, resource, loads],
        )
    except duckdb.CatalogException:
        return []
    return found.fetchall()


def unbalanced(connection: duckdb.DuckDBPyConnection) -> list[str]:
    """Rows of load_reconciliation that do not add up, as sentences."""
    if "load_reconciliation" not in tables(connection, "marts"):
        return ["The table load_reconciliation is missing, so nothing proves that every received document was dealt with."]
    rows = connection.execute(
        "select source_system, source_account, resource, received, staged, superseded, quarantined "
        "from warehouse.marts.load_reconciliation where is_balanced is not true order by all"
    ).fetchall()
    return [
        f"{system}/{account} {resource}: received {received} documents, but staged {staged}, superseded {superseded} and quarantined "
        f"{quarantined} do not add up to them."
        for system, account, resource, received, staged, superseded, quarantined in rows
    ]


def as_of(connection: duckdb.DuckDBPyConnection) -> datetime | None:
    """The moment (UTC) for which the warehouse was built last; None where it does not say."""
    if "load_reconciliation" not in tables(connection, "marts"):
        return None
    (found,) = connection.execute("select max(refreshed_at) from warehouse.marts.load_reconciliation").fetchone() or (None,)
    return found.replace(tzinfo=UTC) if found else None


def versions_told(connection: duckdb.DuckDBPyConnection) -> frozenset[str]:
    """The names of all versions that were ever published, also of those that are gone."""
    if "publications" not in tables(connection, "marts"):
        return frozenset()
    return frozenset(name for (name,) in connection.execute("select version from warehouse.marts.publications").fetchall())


def business_database(
    connection: duckdb.DuckDBPyConnection, building: Path, *, words: Mapping[str, Words], publication: Mapping[str, object],
    added: Mapping[str, str],
) -> tuple[int, int]:
    """Write omnimart.duckdb and marts/*.parquet; gives (tables, rows). `publication` is added to the table publications,
    with the counts of what was written. `added`: table -> a relation whose rows come on top of what was built."""
    names = tables(connection, "marts")
    with _database(connection, building / "omnimart.duckdb", "marts"):
        rows = sum(_copy(connection, "marts", name, words.get(name)) for name in names)
        for name in sorted(added.keys() & set(names)):
            rows += connection.execute(f'insert into target.marts."{name}" by name from {added[name]}').fetchone()[0]
        if "publications" in names:
            rows += 1
            row = {**publication, "tables": len(names), "rows": rows}
            known = {
                column
                for (column,) in connection.execute(
                    "select column_name from information_schema.columns where table_catalog = 'target' and table_name = 'publications'"
                ).fetchall()
            }
            kept = {column: value for column, value in row.items() if column in known}
            connection.execute(
                f"insert into target.marts.publications ({', '.join(kept)}) values ({', '.join('?' * len(kept))})",
                list(kept.values()),
            )
        (building / "marts").mkdir()
        for name in names:
            _parquet(connection, f'target.marts."{name}"', building / "marts" / f"{name}.parquet")
    return len(names), rows


def contacts_database(connection: duckdb.DuckDBPyConnection, building: Path, *, words: Mapping[str, Words]) -> None:
    """Write contacts.duckdb, the schema pii, readable by its owner only from its first byte on."""
    before = os.umask(0o077)
    try:
        with _database(connection, building / "contacts.duckdb", "pii"):
            for name in tables(connection, "pii"):
                _copy(connection, "pii", name, words.get(name))
    finally:
        os.umask(before)


def history(connection: duckdb.DuckDBPyConnection, building: Path, names: list[str]) -> None:
    """Write what the next night starts from: registry, redirects, events, reconciliation and publications, as Parquet.
    What publishing tells comes from the new file, so that this version's own rows are among them."""
    (building / "history").mkdir(mode=0o700)
    for name in names:
        if name in TOLD_BY_PUBLISHING and (building / "marts" / f"{name}.parquet").exists():
            (building / "history" / f"{name}.parquet").write_bytes((building / "marts" / f"{name}.parquet").read_bytes())
            continue
        home = connection.execute(
            "select table_schema from information_schema.tables where table_catalog = 'warehouse' and table_name = ? "
            "order by table_schema <> 'marts', 1",
            [name],
        ).fetchone()
        if home:
            _parquet(connection, f'warehouse.{home[0]}."{name}"', building / "history" / f"{name}.parquet")


@contextmanager
def _database(connection: duckdb.DuckDBPyConnection, path: Path, schema: str) -> Iterator[None]:
    connection.execute(f"attach {rooms.quoted(path)} as target (storage_version '{STORAGE_VERSION}')")
    try:
        connection.execute(f"create schema target.{schema}")
        yield
        connection.execute("checkpoint target")
    finally:
        connection.execute("detach target")


def _copy(connection: duckdb.DuckDBPyConnection, schema: str, name: str, words: Words | None) -> int:
    target = f'target.{schema}."{name}"'
    connection.execute(f'create table {target} as from warehouse.{schema}."{name}"')
    if words:
        present = {column for _, column, *_ in connection.execute(f"pragma table_info('{target}')").fetchall()}
        connection.execute(f"comment on table {target} is {_text(words.table)}")
        for column, meaning in words.columns.items():
            if column in present and meaning:
                connection.execute(f'comment on column {target}."{column}" is {_text(meaning)}')
    return connection.execute(f"select count(*) from {target}").fetchone()[0]


def _parquet(connection: duckdb.DuckDBPyConnection, relation: str, path: Path) -> None:
    connection.execute(f"copy (from {relation}) to {rooms.quoted(path)} (format parquet, compression zstd)")


def _text(words: str) -> str:
    return "'" + " ".join(words.split()).replace("'", "''") + "'"
