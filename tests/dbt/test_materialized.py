"""How the project's own materializations replace a table, a view and rows that share a key, and what they refuse."""

from __future__ import annotations

import pytest
from small_project import SmallProject

from orchestration.dbt import run_dbt

KEEPING = "{{{{ config(materialized='incremental', incremental_strategy='append', on_schema_change='fail') }}}} select {columns}"
ON_THE_SHELF = "select table_type from information_schema.tables where table_name = 'thing'"


def refused(project: SmallProject) -> str:
    """What the one model that cannot be built says."""
    (failed,) = run_dbt(["build"], refresh_id="r", project=project.root).failed
    return failed.message


@pytest.mark.parametrize("kinds", [("table", "view"), ("view", "table"), ("view", "incremental")])
def test_a_model_that_becomes_another_kind_of_thing_takes_the_place_of_what_it_was(project: SmallProject, kinds: tuple[str, str]) -> None:
    types = {"table": "BASE TABLE", "view": "VIEW", "incremental": "BASE TABLE"}
    for number, kind in enumerate((*kinds, kinds[1])):
        how = "incremental_strategy='append', on_schema_change='fail'" if kind == "incremental" else ""
        project.write("models/intermediate/thing.sql", f"{{{{ config(materialized='{kind}', {how}) }}}} select {number} as x")
        project.build()
        assert project.rows(ON_THE_SHELF) == [(types[kind],)]
    assert project.rows("select x from intermediate.thing order by x") == ([(1,), (2,)] if kinds[1] == "incremental" else [(2,)])


def test_a_model_that_fails_leaves_what_stood_there_and_nothing_beside_it(project: SmallProject) -> None:
    project.write("models/intermediate/thing.sql", "select 1 as x")
    project.build()
    project.write("models/intermediate/thing.sql", "select error('no')::integer as x")
    assert "no" in refused(project)
    assert project.rows("select x from intermediate.thing") == [(1,)]
    assert project.rows("select table_name from information_schema.tables where table_schema = 'intermediate'") == [("thing",)]


@pytest.mark.parametrize("columns", ["2 as x, 3 as y", "2 as y", "'two' as x"])
def test_rows_of_other_columns_are_not_put_to_the_kept_ones(project: SmallProject, columns: str) -> None:
    project.write("models/intermediate/thing.sql", KEEPING.format(columns="1 as x"))
    project.build()
    project.write("models/intermediate/thing.sql", KEEPING.format(columns=columns))
    assert "has other columns than its model selects" in refused(project)
    assert project.rows("from intermediate.thing") == [(1,)]


def test_a_contract_holds_names_types_and_order(project: SmallProject) -> None:
    promised = "models: [{name: thing, columns: [{name: amount, data_type: 'decimal(18,2)'}, {name: day, data_type: date}]}]"
    project.write("models/marts/_thing.yml", promised)
    amount = "cast(1 as decimal(18, {digits})) as amount"
    project.write("models/marts/thing.sql", f"select date '2026-11-01' as day, {amount.format(digits=2)}")
    project.build()
    assert project.rows("select column_name, column_type from (describe marts.thing)") == [("amount", "DECIMAL(18,2)"), ("day", "DATE")]
    project.write("models/marts/thing.sql", f"select date '2026-11-01' as day, {amount.format(digits=3)}")
    assert "enforced contract that failed" in refused(project)


@pytest.mark.parametrize("asked", ["post_hook='select 1'", "grants={'select': ['bi']}", "persist_docs={'relation': true}"])
def test_what_these_materializations_do_not_know_is_refused(project: SmallProject, asked: str) -> None:
    project.write("models/intermediate/thing.sql", f"{{{{ config({asked}) }}}} select 1 as x")
    assert "are not known to macros/engine/materialized.sql" in refused(project)
