"""The macros that models borrow, on awkward values; one project, built once, with a model per macro."""

from __future__ import annotations

import hmac
import stat
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from hashlib import sha256
from pathlib import Path
from typing import Any

import duckdb
import pytest
from small_project import Document, SmallProject

from dbt_project.plugins.functions import e164, hash_key
from orchestration.dbt import run_dbt
from orchestration.exports import warehouse

MODELS = {
    "times": """
        select
            {{ business_date("timestamp '2026-10-31 20:59:59'") }} as before_midnight,
            {{ business_date("timestamp '2026-10-31 21:00:00'") }} as at_midnight,
            {{ business_date("cast(null as timestamp)") }} as nothing,
            {{ business_day_starts_at("date '2026-11-01'") }} as day_starts_at,
            {{ as_of_date() }} as as_of_date,
            {{ as_of() }} as as_of,
            {{ refresh_id() }} as refresh_id,
            {{ rule('contact_pressure.cap_7_days') }} as cap,
            '{{ rule('business.currency') }}' as currency
    """,
    "numbers": """
        select {{ quantile('x', 0.5) }} as median, {{ quantile('x', 0.9) }} as p90
        from (values (1), (2), (3), (10), (null)) as t (x)
    """,
    "tags": """
        select t.id, u.tag from (select 1 as id, ['b', 'a'] as tags union all select 2, []) as t
        {{ unnest('t.tags', 'u', 'tag') }}
        order by all
    """,
    "currencies": """
        select t.told, {{ currency_code('t.told') }} as code from (values
            ('RUB'), (' rub '), ('RUR'), ('руб.'), ('643'), ('kzt'), ('398'), ('XXX'), (' '), (null)
        ) as t (told)
    """,
    "texts": """
        select
            {{ json_text('x', 'a.b') }} as nested,
            {{ json_text('x', 'list[1]') }} as second,
            {{ json_text('x', 'nothing') }} as nothing,
            {{ json_text("'broken {'", 'a') }} as broken
        from (select '{"a": {"b": "в"}, "list": [1, 2]}' as x) as t
    """,
    "people": """
        select phone, {{ normalize_phone('phone') }} as e164, {{ keyed_hash('phone') }} as hashed
        from (values ('8 (916) 123-45-67'), ('+7 916 123 45 67'), ('123'), (null), ('8 (916) 123-45-67')) as t (phone)
    """,
    "comments": """
        select {{ without_contacts('x') }} as shown
        from (values ('write to ivan.petrov+x@mail.ru, ring +7 (916) 123-45-67!'), ('order 123456A of 31.10.2026 and 2026-10-31'),
            ('8 916 123–45–67'), ('8/916/1234567'), ('8_916_123_45_67'), ('1 000 000 - 2'), (null)) as t (x)
    """,
    "statuses": """
        with orders as (
            select * from (values ('acme', 'main', 'ok'), ('acme', 'second', 'ok'), ('acme', 'main', 'odd'), ('acme', 'main', null))
            as t (source_system, source_account, raw_status)
        )
        select orders.source_account, orders.raw_status, {{ mapped_value('order_status') }} as status
        from orders
        {{ mapped('order_status', 'orders.source_system', 'orders.raw_status') }}
        order by all
    """,
    "stg_one__stores": "select 'one' as source_system, 'main' as source_account, '1' as source_record_id, 'Store' as name, 7 as extra",
    "stg_two__stores": "select 'Two' as name, 'two' as source_system, 'main' as source_account, '2' as source_record_id, "
                       "'2020-01-01' as opened_on",
    "stores": "{{ canonical_union('stores', ['stg_one__stores', 'stg_two__stores']) }}",
    "redirects": "select * from {{ published_table('customer_id_redirects') }} as redirects",
}


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """The project, built with nothing published."""
    from small_project import project_at

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("OMNIMART_HASH_KEY", "a secret")
        project = project_at(tmp_path_factory.mktemp("macros") / "project", patch)
        project.write("models/published/_published__sources.yml",
                      "sources: [{name: published, tables: [{name: customer_id_redirects}]}]")
        for name, sql in MODELS.items():
            project.write(f"models/intermediate/{name}.sql", sql)
        project.build(refresh_id="r-1", as_of="2026-10-31 23:00:00", as_of_on="2026-11-01")
        yield project


def test_times_and_rules(built: SmallProject) -> None:
    texts = "columns(*)::varchar"
    assert built.rows(f"select {texts} from intermediate.times") == [(
        "2026-10-31", "2026-11-01", None, "2026-10-31 21:00:00", "2026-11-01", "2026-10-31 23:00:00", "r-1", "4", "RUB")]


def test_quantiles_interpolate_and_skip_nulls(built: SmallProject) -> None:
    """Golden: numpy.quantile([1, 2, 3, 10], [0.5, 0.9]) = 2.5, 7.9."""
    assert built.rows("select median, round(p90, 9) from intermediate.numbers") == [(2.5, 7.9)]


def test_unnest_drops_empty_lists(built: SmallProject) -> None:
    assert built.rows("select * from intermediate.tags") == [(1, "a"), (1, "b")]


def test_json_text_of_places_that_are_not_there(built: SmallProject) -> None:
    assert built.rows("select * from intermediate.texts") == [("в", "2", None, None)]


def test_phones_and_keyed_hashes(built: SmallProject) -> None:
    def hashed(text: str) -> str:
        return hmac.new(b"a secret", text.encode(), sha256).hexdigest()

    assert built.rows("select distinct phone, e164, hashed from intermediate.people order by all") == [
        ("+7 916 123 45 67", "+79161234567", hashed("+7 916 123 45 67")),
        ("123", None, hashed("123")),
        ("8 (916) 123-45-67", "+79161234567", hashed("8 (916) 123-45-67")),
        (None, None, None),
    ]


def test_free_text_is_shown_without_addresses_and_numbers(built: SmallProject) -> None:
    shown = built.rows("select shown from intermediate.comments")
    assert [text for (text,) in shown] == [
        "write to ***@***, ring ***!", "order 123456A of 31.10.2026 and 2026-10-31", "***", "***", "***", "1 000 000 - 2", None]


def test_currencies_are_spelled_as_iso_does(built: SmallProject) -> None:
    assert dict(built.rows("select told, code from intermediate.currencies")) == {
        "RUB": "RUB", " rub ": "RUB", "RUR": "RUB", "руб.": "RUB", "643": "RUB", "kzt": "KZT", "398": "KZT", "XXX": "XXX", " ": None,
        None: None}


def test_a_mapping_of_the_account_goes_before_the_vendors(built: SmallProject) -> None:
    assert built.rows("select * from intermediate.statuses") == [
        ("main", "odd", "unknown"), ("main", "ok", "completed"), ("main", None, "unknown"), ("second", "ok", "new")]


def test_canonical_union_has_one_shape_whatever_a_vendor_gives(built: SmallProject) -> None:
    assert built.rows("select source_system, source_record_id, name, region, opened_on from intermediate.stores order by 1") == [
        ("one", "1", "Store", None, None), ("two", "2", "Two", None, date(2020, 1, 1))]
    assert [name for (name,) in built.rows("select column_name from information_schema.columns where table_name = 'stores' "
                                           "order by ordinal_position")] == [
        "source_system", "source_account", "source_record_id", "external_id", "name", "region", "city", "address", "format", "time_zone",
        "is_franchise", "opened_on", "closed_on", "kind"]


def test_a_published_table_is_empty_at_first_and_may_lack_new_columns(built: SmallProject, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMNIMART_DATA", str(built.root / "data"))
    assert built.rows("select count(*) from intermediate.redirects") == [(0,)]
    history = built.root / "data" / "published" / "current" / "history"
    history.mkdir(parents=True)
    duckdb.sql(f"copy (select 'c1' as old_customer_id, 'c2' as customer_id) to '{history}/customer_id_redirects.parquet'")
    built.build("--select", "redirects")
    assert built.rows("select * from intermediate.redirects") == [("c1", "c2", None)]


def test_an_unknown_rule_is_a_sentence(built: SmallProject, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMNIMART_DATA", str(built.root / "data"))
    built.write("models/intermediate/ruled.sql", "select {{ rule('sales.nonsense') }} as x")
    with pytest.raises(AssertionError, match=r"The business rule 'sales.nonsense' is not known"):
        built.build("--select", "ruled")


@pytest.mark.parametrize(("raw", "normal"), [
    ("8 (916) 123-45-67", "+79161234567"),
    ("79161234567", "+79161234567"),
    ("9161234567", "+79161234567"),
    ("+375 29 123-45-67", "+375291234567"),
    ("8 495 123 45 67 доб. 12", "+74951234567"),
    ("не звонить", None),
    ("", None),
    ("00000", None),
])
def test_phone_numbers_as_people_write_them(raw: str, normal: str | None) -> None:
    """Golden: the numbers' E.164 form by hand; +375 is Belarus."""
    assert e164(raw) == normal


def test_the_hash_key_is_made_once_and_only_its_owner_reads_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMNIMART_DATA", str(tmp_path))
    monkeypatch.delenv("OMNIMART_HASH_KEY", raising=False)
    first = hash_key()
    assert len(first) == 64
    assert hash_key() == first
    assert stat.S_IMODE((tmp_path / "secrets" / "hash_key").stat().st_mode) == 0o600
    assert [path.name for path in (tmp_path / "secrets").iterdir()] == ["hash_key"]


def test_threads_that_meet_at_the_missing_hash_key_read_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMNIMART_DATA", str(tmp_path))
    monkeypatch.delenv("OMNIMART_HASH_KEY", raising=False)
    together = threading.Barrier(8)

    def arrive(_: int) -> bytes:
        together.wait()
        return hash_key()

    with ThreadPoolExecutor(8) as threads:
        assert len(set(threads.map(arrive, range(8)))) == 1
    assert [path.name for path in (tmp_path / "secrets").iterdir()] == ["hash_key"]


def test_no_handle_stays_open_and_a_failure_is_an_outcome(project: SmallProject) -> None:
    project.write("models/intermediate/good.sql", "select 1 as x")
    project.write("models/intermediate/bad.sql", "select nonsense from nowhere")
    outcome = run_dbt(["build"], refresh_id="r", project=project.root)
    assert not outcome.success
    assert [node.unique_id for node in outcome.failed] == ["model.omnimart.bad"]
    with duckdb.connect(str(warehouse())) as connection:  # a second writer: refused while dbt holds the file
        connection.execute("create table intermediate.mine as select 1 as x")
    with duckdb.connect(str(warehouse()), read_only=True) as connection:
        assert connection.execute("select x from intermediate.good").fetchall() == [(1,)]


def test_a_project_that_cannot_be_parsed_is_an_outcome_too(project: SmallProject) -> None:
    project.write("models/intermediate/lost.sql", "select * from {{ ref('nowhere') }}")
    outcome = run_dbt(["build"], refresh_id="r", project=project.root)
    assert not outcome.success
    assert "depends on a node named 'nowhere' which was not found" in (outcome.error or "")


def test_documents_survive_a_value_with_quotes(project: SmallProject) -> None:
    project.declare("things")
    project.write("models/staging/acme/base/base_acme__things.sql",
                  "{% set contract = [('name', 'name', 'text', 'required')] %}{{ staged_documents('acme', 'things', contract) }}")
    project.land("things", Document("1", {"name": "it's \"quoted\" \\ {{ jinja }}"}))
    project.build()
    assert project.rows("select name from staging.base_acme__things") == [("it's \"quoted\" \\ {{ jinja }}",)]
