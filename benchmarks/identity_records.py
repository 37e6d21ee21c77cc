"""Millions of records of one retailer's customers, made by DuckDB in bulk, for benchmarks/identity_scale.py.

    records(database, 10_000_000)  ->  five tables of two million records each, as the peer's scale test shapes them
    news(database, 0.01)           ->  one per cent more of each
    likeness_features(database)    ->  a name, birth date and city behind each record, as int_identity_features has them

Every record is a person's, drawn by a hash of its number, so the same call gives the same rows on any machine. A person has one
e-mail address, one telephone and one card, and each record shows those that its table does not lack (SOURCES).
"""

from __future__ import annotations

from dataclasses import dataclass

from duckdb import DuckDBPyConnection

PEOPLE_PER_RECORD = 0.6  # of one table: the peer's "overlap rate"
FIRST_NAMES, LAST_NAMES, CITIES = 50, 3_000, 40
NEWS_START = 900_000_000  # the number of the first record that is news: no table is as long


@dataclass(frozen=True)
class Source:
    """A table of records; `columns`: {column: (what it shows, of 1 000 records how many lack it)}, in order of trust."""

    name: str
    table: str
    key: str
    prefix: str
    columns: dict[str, tuple[str, int]]


SOURCES = (
    Source("customer", "crm.customer", "customer_id", "C", {
        "first_name": ("first_name", 0), "last_name": ("last_name", 0), "email": ("email", 50), "phone": ("phone", 100),
        "loyalty_id": ("card", 150)}),
    Source("transactions", "sales.transactions", "order_id", "O", {"customer_email": ("email", 150), "customer_phone": ("phone", 200)}),
    Source("loyalty_accounts", "loyalty.loyalty_accounts", "loyalty_account_id", "LA", {
        "loyalty_id": ("card", 0), "email": ("email", 200), "phone": ("phone", 200)}),
    Source("web_events", "digital.web_events", "event_id", "W", {"email": ("email", 350), "phone": ("phone", 700)}),
    Source("store_visits", "store.store_visits", "visit_id", "V", {
        "email": ("email", 400), "phone": ("phone", 400), "loyalty_id": ("card", 250)}),
)

SHOWN = {
    "first_name": "'F' || person % 20",
    "last_name": "'N' || person // 20 % 20",
    "email": "case when hash(i * 7) % 1000 < 350 then upper(mailbox) else mailbox end",
    "phone": "'9' || lpad(cast(person * 7654321 % 1000000000 as varchar), 9, '0')",
    "card": "'L' || (100000 + person)",
}


def records(connection: DuckDBPyConnection, count: int) -> None:
    """Make the five tables, `count` records in all."""
    for number, source in enumerate(SOURCES):
        connection.execute(f"create schema if not exists {source.table.split('.')[0]}")
        connection.execute(f"create or replace table {source.table} as {_rows(source, number, 1, count // 5, count)}")


def news(connection: DuckDBPyConnection, share: float) -> int:
    """Add `share` as many records again, of people known and new alike; how many they are."""
    count = sum(connection.execute(f"select count(*) from {source.table}").fetchone()[0] for source in SOURCES)
    added = int(count * share) // 5
    for number, source in enumerate(SOURCES):
        connection.execute(f"insert into {source.table} {_rows(source, number, NEWS_START, added, count + 5 * added)}")
    return 5 * added


def likeness_features(connection: DuckDBPyConnection) -> None:
    """Make table `features`: what likeness compares, with the columns of int_identity_features and whether it is news.

    One record of twenty has a wrong letter in the last name, one of thirty a wrong day, one of twenty no birth date.
    """
    people = [f"select '{source.name}:' || {source.key} as profile_id, hash({source.key}) as chance, "
              f"{source.columns_sql('email')} as email, {source.columns_sql('phone')} as phone, "
              f"cast(regexp_extract({source.key}, '[0-9]+') as bigint) >= {NEWS_START} as is_news, "
              f"hash(coalesce(lower({source.columns_sql('email')}), {source.key})) as person from {source.table}"
              for source in map(_Shown, SOURCES)]
    connection.execute(f"""
        create or replace table features as
        select
            profile_id,
            'first' || cast(floor(sqrt(person % {FIRST_NAMES ** 2})) as integer) as first_name_key,
            case when chance % 20 = 0 then 'x' else '' end
            || 'last' || cast(floor(sqrt(person // 10000 % {LAST_NAMES ** 2})) as integer) as last_name_key,
            case when chance % 2 = 0 then 'middle' || person // 3 % 40 end as middle_name_key,
            case when chance // 7 % 20 <> 0 then
                date '1940-01-01' + cast(person // 1000 % 25000 as integer) + case when chance // 11 % 30 = 0 then 1 else 0 end
            end as birth_date,
            first_name_key as first_names,
            cast(null as varchar) as last_name_parts,
            strftime(birth_date, '%Y%m%d') as birth_digits,
            strftime(birth_date, '%Y') as birth_year,
            case when person % 2 = 0 then 'female' else 'male' end as sex,
            'city' || person // 77 % {CITIES} as city_key,
            lower(email) as email,
            phone,
            is_news
        from ({' union all '.join(people)})""")


class _Shown:
    def __init__(self, source: Source) -> None:
        self.name, self.table, self.key = source.name, source.table, source.key
        self._columns = {what: column for column, (what, _) in source.columns.items()}

    def columns_sql(self, what: str) -> str:
        """The column that shows it, or NULL."""
        return self._columns.get(what, "cast(null as varchar)")


def _rows(source: Source, number: int, first: int, count: int, records_count: int) -> str:
    people = int(records_count / 5 * PEOPLE_PER_RECORD)
    columns = ", ".join(
        f"case when hash(i * 100 + {20 * number + place}) % 1000 < {lacking} then null else {SHOWN[what]} end as {column}"
        for place, (column, (what, lacking)) in enumerate(source.columns.items()))
    return f"""
        select '{source.prefix}' || lpad(cast(i as varchar), 9, '0') as {source.key}, {columns},
            timestamp '2026-01-01' + to_seconds(i % 3800000) as ts
        from (
            select i, person, 'p' || person || '@' || ['gmail.com', 'yahoo.com', 'outlook.com', 'example.com'][1 + person % 4] as mailbox
            from (
                select i, 1 + cast(hash(i * 1000 + {number}) % {people} as bigint) as person
                from range({first}, {first + count}) as numbers(i)
            )
        )"""
