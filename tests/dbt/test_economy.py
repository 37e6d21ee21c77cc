"""What orchestration/economy.py replaces in dbt gives what dbt's own gives."""

from __future__ import annotations

import datetime
import gc
from types import SimpleNamespace

import pytest
from dbt import compilation
from dbt.adapters.cache import RelationsCache
from dbt.adapters.duckdb import DuckDBAdapter
from dbt.adapters.duckdb.relation import DuckDBRelation
from dbt.adapters.exceptions import ApproximateMatchError
from dbt.clients.jinja import MacroStack
from dbt.compilation import Linker
from dbt.context.macros import MacroNamespace, MacroNamespaceBuilder
from dbt.contracts.graph.manifest import Manifest
from dbt.contracts.graph.nodes import InjectedCTE
from dbt_common.behavior_flags import BehaviorFlagRendered
from dbt_common.clients import agate_helper
from dbt_common.clients.agate_helper import table_from_data_flat
from dbt_common.events import functions
from dbt_common.events.functions import fire_event
from dbt_common.events.types import Note, SystemStdErr
from jinja2.runtime import Context
from small_project import SmallProject

from orchestration import economy
from orchestration.dbt import run_dbt

OF_DBT = ["dbt_duckdb", "dbt"]


@pytest.fixture(scope="module")
def macros(parsed_project):
    """The project's macros and dbt's own, by package, as dbt reads them."""
    read = Manifest.from_msgpack((parsed_project / "dbt" / "target" / "partial_parse.msgpack").read_bytes())
    return read.get_macros_by_package()


@pytest.mark.parametrize("package", ["omnimart", "dbt_duckdb", "dbt"])
def test_a_node_finds_the_macros_that_it_finds_in_dbt(macros, package):
    def found():
        names = MacroNamespaceBuilder("omnimart", package, MacroStack(), OF_DBT, None).build_namespace(macros, {})
        reached = {name: names[name] for name in names}
        return ({name: one.macro.unique_id for name, one in reached.items() if not isinstance(one, dict)},
                {name: sorted(one) for name, one in reached.items() if isinstance(one, dict)},
                [names.get_from_package(where, "ref_id") for where in (None, "dbt", "omnimart")])

    before = found()
    with economy.economy(quiet=True):
        assert found() == before
    assert before[0]["materialization_table_duckdb"].startswith("macro.omnimart." if package == "omnimart" else "macro.")
    assert len(before[0]) > 500


def test_the_macros_of_a_node_and_what_their_calls_made_are_let_go_of_with_it(project: SmallProject):
    """Without a collection, which a build does without: what is left is of the command, however many nodes there are."""
    def left(number):
        for one in range(number):
            project.write(f"models/intermediate/thing_{one}.sql", f"select {one} as x")
        gc.collect()
        gc.disable()
        try:
            assert run_dbt(["build"], refresh_id="r", project=project.root).success
            return sum(type(one) in (MacroNamespace, Context) for one in gc.get_objects())
        finally:
            gc.enable()

    left(2)  # and the new models are parsed
    few = left(2)
    left(12)
    assert left(12) - few < 5


def test_a_debug_event_is_filled_in_when_it_is_read():
    with economy.economy(quiet=True):
        event = Note(msg="read me")
        assert "pb_msg" not in vars(event)
        assert (event.msg, event.message(), event.to_dict()) == ("read me", "read me", {"msg": "read me"})
        fire_event(Note(msg="nobody listens"))
        fire_event(SystemStdErr(bmsg="nobody listens"))
    assert vars(Note(msg="as ever"))["pb_msg"].msg == "as ever"


def test_the_columns_of_an_answer_have_the_types_that_dbt_gives_them():
    rows = [{"n": 1, "t": "2026-11-01", "d": datetime.date(2026, 11, 1), "none": None, "list": [1]},
            {"n": 2, "t": "005", "d": None, "none": None, "list": []}]

    def answered():
        table = table_from_data_flat(rows, list(rows[0]))
        return [type(kind) for kind in table.column_types], [tuple(row) for row in table.rows]

    before = answered()
    with economy.economy(quiet=True):
        assert [answered(), answered()] == [before, before]


@pytest.mark.parametrize("asked", ["orders", "ORDERS", "Orders", "order", "clients"])
def test_a_table_is_found_as_dbt_finds_it(asked):
    adapter = object.__new__(DuckDBAdapter)
    there = [DuckDBRelation.create(database="warehouse", schema=schema, identifier=name)
             for schema in ("marts", "staging") for name in ("orders", "clients", "returns")]
    adapter._make_match_kwargs = lambda database, schema, identifier: {"database": database, "schema": schema, "identifier": identifier}

    def found():
        try:
            return adapter._make_match(there, "warehouse", "marts", asked)
        except ApproximateMatchError as error:
            return str(error)

    before = found()
    with economy.economy(quiet=True):
        assert found() == before
    assert (before == []) == (asked == "order")


@pytest.mark.parametrize("asked", [("warehouse", "marts", "orders"), ("WAREHOUSE", "Marts", "ORDERS"), ("warehouse", "marts", "orders_1"),
                                   ("warehouse", "marts", "order"), ("warehouse", "staging", "clients")])
def test_a_kept_table_is_got_as_dbt_gets_it(asked):
    adapter = object.__new__(DuckDBAdapter)
    adapter.cache, adapter.config = RelationsCache(), SimpleNamespace(quoting=dict.fromkeys(("database", "schema", "identifier"), True))
    for schema, names in (("marts", ("orders", "Clients")), ("staging", ("clients",))):
        adapter.cache.update_schemas([("warehouse", schema)])
        for name in names:
            adapter.cache.add(DuckDBRelation.create(database="warehouse", schema=schema, identifier=name))
    adapter.list_relations_without_caching = lambda schema: []

    def found():
        try:
            return adapter.get_relation(*asked)
        except ApproximateMatchError as error:
            return str(error)

    before = found()
    with economy.economy(quiet=True):
        assert found() == before
    assert (before is None) == (asked[2] in ("orders_1", "order"))


@pytest.mark.parametrize("sql", [
    "with a as (select 1 as x) select * from a",
    "\n\n -- with is not here\n /* nor with here */\n  WITH\n a as (select 'with' as x)\nselect * from a\n",
    "with recursive a as (select 1 as x) select * from a",
    "with /* which */ recursive_one as (select 1 as x) select * from recursive_one",
    "select 1 as x",
    "(with a as (select 1 as x) select * from a)",
    "with a as (select ';' as x) select * from a",
    "-- one thing; and another\nwith a as (select 1 as x) -- a; b\nselect * from a",
])
@pytest.mark.parametrize("fixtures", [0, 1, 2])
def test_fixtures_of_a_unit_test_are_put_where_dbt_puts_them(sql, fixtures):
    ctes = [InjectedCTE(id=f"f{one}", sql=f" f{one} as (select {one} as y)") for one in range(fixtures)]
    before = compilation.inject_ctes_into_sql(sql, ctes)
    with economy.economy(quiet=True):
        assert compilation.inject_ctes_into_sql(sql, ctes) == before


def test_a_statement_without_an_answer_has_an_empty_table():
    before = agate_helper.empty_table()
    with economy.economy(quiet=True):
        assert (agate_helper.empty_table().column_names, len(agate_helper.empty_table().rows)) == (before.column_names, len(before.rows))


def test_secrets_of_the_environment_are_taken_out_of_every_line(monkeypatch):
    monkeypatch.setenv("DBT_ENV_SECRET_KEY", "open sesame")
    assert functions.env_scrubber("say open sesame") == "say *****"
    with economy.economy(quiet=True):
        assert functions.env_scrubber("say open sesame") == "say *****"


@pytest.mark.parametrize(("edges", "told"), [
    (["ab", "bc", "ac"], None),
    (["ab", "bc", "ca"], "b --> c --> a"),
    (["ab", "bb"], "b"),
])
def test_a_cycle_of_models_is_named_as_dbt_names_it(edges, told):
    linker = Linker()
    for parent, child in edges:
        linker.dependency(child, parent)
    assert linker.find_cycles() == told
    with economy.economy(quiet=True):
        assert linker.find_cycles() == told


def test_a_models_tests_are_waited_for_as_in_dbt(parsed_project):
    manifest = Manifest.from_msgpack((parsed_project / "dbt" / "target" / "partial_parse.msgpack").read_bytes())
    manifest.build_parent_and_child_maps()

    def awaited():
        linker = Linker()
        linker.link_graph(manifest)
        linker.add_test_edges_1(manifest)
        return {(test, node): about for test, node, about in linker.graph.edges(data=True)}

    before = awaited()
    with economy.economy(quiet=True):
        assert awaited() == before
    assert sum("edge_type" in about for about in before.values()) > 10_000


def test_the_module_that_made_an_adapter_is_named_as_dbt_names_it():
    before = BehaviorFlagRendered._default_source()
    with economy.economy(quiet=True):
        assert BehaviorFlagRendered._default_source() == before == __name__
    assert isinstance(vars(BehaviorFlagRendered)["_default_source"], staticmethod)


def test_every_cursor_has_the_time_zone_and_the_settings_of_the_profile(project: SmallProject):
    project.write("models/intermediate/thing.sql", """
        select
            current_setting('TimeZone') as zone, current_setting('autoload_known_extensions') as loads,
            current_setting('autoinstall_known_extensions') as installs, current_setting('preserve_insertion_order') as keeps_order
    """)
    assert run_dbt(["build"], refresh_id="r", project=project.root).failed == ()
    assert project.rows("select * from intermediate.thing") == [("UTC", False, False, True)]


def test_whoever_listens_to_dbt_hears_it(project: SmallProject):
    project.write("models/intermediate/thing.sql", "select 1 as x")
    heard, all_of_it = set(), set()
    run_dbt(["build"], refresh_id="r", project=project.root, on_event=lambda event: heard.add(event.info.name))
    run_dbt(["build"], refresh_id="r", project=project.root, quiet=False, on_event=lambda event: all_of_it.add(event.info.name))
    assert {"LogStartLine", "LogModelResult"} <= heard < all_of_it
