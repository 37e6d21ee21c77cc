"""dbt without the work that nobody asked for: a third of the CPU time of a build of 600 nodes on little data.

    dbtRunner ──► inside `economy(quiet)`: no garbage collection, debug events that are not written, macros listed once a node

What is replaced are dbt's own functions, each for one that gives the same (tests/dbt/test_economy.py), for as long as a command runs.
"""

from __future__ import annotations

import gc
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from functools import lru_cache, reduce
from operator import or_
from types import FrameType
from typing import Any

from orchestration import shortage


@contextmanager
def economy(*, quiet: bool) -> Iterator[None]:
    """Run dbt inside; `quiet` when nobody listens to its debug events."""
    with ExitStack() as stack:
        stack.enter_context(_uninterrupted())
        stack.enter_context(_macros_listed_once())
        stack.enter_context(_types_of_answers_kept())
        stack.enter_context(_relations_found_by_name())
        stack.enter_context(_secrets_listed_once())
        stack.enter_context(_cycles_sought_at_once())
        stack.enter_context(_tests_awaited_by_numbers())
        stack.enter_context(_callers_named_by_their_frames())
        stack.enter_context(_ctes_put_after_the_first_word())
        if quiet:
            stack.enter_context(_undebugged())
        yield


@contextmanager
def _uninterrupted() -> Iterator[None]:
    """No garbage collection while dbt runs: it walks through the whole manifest again and again, an eighth of a build's CPU time."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


@contextmanager
def _undebugged() -> Iterator[None]:
    """dbt fills in and writes out each of its 14 000 debug events though nobody listens: a fifth of a build's CPU time. Here an event is
    filled in when somebody reads it."""
    from dbt.events.types import MainStackTrace
    from dbt_common.events import event_manager_client
    from dbt_common.events.base_types import BaseEvent, EventLevel
    from dbt_common.events.event_manager import EventManager

    class Undebugged(EventManager):
        def fire_event(self, e: BaseEvent, level: EventLevel | None = None, *rest: Any, **more: Any) -> None:
            if (level or e.level_tag()) is EventLevel.DEBUG:
                return
            if isinstance(e, MainStackTrace) and shortage.told(e.stack_trace):  # run_dbt tells it in a sentence
                return
            super().fire_event(e, level, *rest, **more)

    fill, read = BaseEvent.__init__, BaseEvent.__getattr__

    def told(event: BaseEvent, *args: Any, **more: Any) -> None:
        object.__setattr__(event, "told", (args, more))

    def filled(event: BaseEvent, name: str) -> Any:
        if "pb_msg" not in vars(event):
            args, more = vars(event)["told"]
            fill(event, *args, **more)
        return vars(event)["pb_msg"] if name == "pb_msg" else read(event, name)

    before = event_manager_client.get_event_manager()
    event_manager_client.ctx_set_event_manager(Undebugged())
    with _replaced(BaseEvent, "__init__", told), _replaced(BaseEvent, "__getattr__", filled):
        try:
            yield
        finally:
            event_manager_client.ctx_set_event_manager(before)


@contextmanager
def _macros_listed_once() -> Iterator[None]:
    """Every node is rendered twice, and each time dbt sorts 700 macros into packages one by one and then looks each of them up in up to
    five lists to copy it: a twentieth of a build's CPU time. The lists are the same ones, filled and copied whole, and let go of with their
    node: each macro knows its list and the list each macro, so they would wait in memory for the collection after the last node, which
    then is as much again. So would what each call of a macro makes of its template; here a node's calls of one macro share it."""
    from dbt.clients.jinja import MacroGenerator
    from dbt.context.configured import ConfiguredContext
    from dbt.context.macros import MacroNamespace, MacroNamespaceBuilder
    from dbt.context.manifest import ManifestContext
    from dbt.task.base import BaseRunner
    from dbt_common.clients.jinja import BaseMacroGenerator
    from dbt_common.utils.jinja import get_dbt_macro_name
    from jinja2.environment import TemplateModule

    read, run, make, of_node = ManifestContext.to_dict, BaseRunner.run_with_hooks, BaseMacroGenerator.get_macro, threading.local()

    class Listed(MacroGenerator):
        def __init__(self, macro: Any, context: dict[str, Any], node: Any, stack: Any) -> None:  # dbt's own goes through three classes
            self.context, self.macro, self.node, self.stack = context, macro, node, stack

    def made(called: BaseMacroGenerator) -> Callable:
        if (contexts := getattr(of_node, "contexts", None)) is None:
            return make(called)
        if "made" not in vars(called):
            template = called.get_template()
            context = template.new_context(called.context)
            vars(called)["made"] = vars(TemplateModule(template, context))[get_dbt_macro_name(called.get_name())]
            contexts.append(context.vars)
        return vars(called)["made"]

    def listed(builder: MacroNamespaceBuilder, macros: Mapping[str, Mapping[str, Any]], context: dict[str, Any]) -> MacroNamespace:
        node, stack = builder.node, builder.thread_ctx
        lists = {package: {name: Listed(one, context, node, stack) for name, one in found.items()} for package, found in macros.items()}
        # The packages that come first are the ones that win.
        of_dbt: dict[str, Any] = {}
        for package in reversed(builder.internal_package_names_order):
            of_dbt |= lists.get(package, {})
        own = {package: found for package, found in lists.items() if package not in builder.internal_package_names}
        of_root = own.get(builder.root_package, {}) if builder.root_package != builder.search_package else {}
        return MacroNamespace(of_root, own.get(builder.search_package, {}), of_dbt, own)

    def copied(context: ManifestContext) -> dict[str, Any]:
        if not isinstance(context.namespace, MacroNamespace):
            return read(context)
        known = ConfiguredContext.to_dict(context)
        for found in reversed(list(context.namespace._search_order())):
            known.update(found)
        if (contexts := getattr(of_node, "contexts", None)) is not None:
            contexts.append(known)
        return known

    def run_and_let_go(runner: BaseRunner, manifest: Any) -> Any:
        around, of_node.contexts = getattr(of_node, "contexts", None), []  # a batch of a model runs inside its model
        try:
            return run(runner, manifest)
        finally:
            for known in of_node.contexts:
                known.clear()
            of_node.contexts = around

    with (_replaced(MacroNamespaceBuilder, "build_namespace", listed), _replaced(ManifestContext, "to_dict", copied),
          _replaced(BaseMacroGenerator, "get_macro", made), _replaced(BaseRunner, "run_with_hooks", run_and_let_go)):
        yield


@contextmanager
def _types_of_answers_kept() -> Iterator[None]:
    """Of every statement's answer dbt makes a table that guesses its columns' types, and for the guess makes seven parsers, two of dates:
    a twentieth of a build's CPU time. The parsers keep nothing of what they read, and of an empty table nothing is guessed."""
    from dbt_common.clients import agate_helper

    made, empty = lru_cache(maxsize=None)(agate_helper.build_type_tester), agate_helper.empty_table()  # a table never changes

    def kept(text_columns: Any, string_null_values: Any = ("null", "")) -> Any:
        return made(frozenset(text_columns), string_null_values)

    with _replaced(agate_helper, "build_type_tester", kept), _replaced(agate_helper, "empty_table", lambda: empty):
        yield


@contextmanager
def _relations_found_by_name() -> Iterator[None]:
    """Whether a table exists dbt asks of every table of its schema in turn, a twentieth of a build's CPU time. Only the one of the same
    name, whatever its case, can be the one, and by that name dbt keeps it."""
    from dbt.adapters.base.impl import BaseAdapter
    from dbt.adapters.reference_keys import _ReferenceKey
    from dbt_common.utils.formatting import lowercase

    ask, match = BaseAdapter.get_relation, BaseAdapter._make_match

    def kept(adapter: Any, database: str, schema: str, identifier: str) -> Any:
        if (database, schema) not in adapter.cache:
            return ask(adapter, database, schema, identifier)
        known = adapter.cache.relations.get(_ReferenceKey(lowercase(database), lowercase(schema), lowercase(identifier)))
        if known is None:
            return None
        return next(iter(match(adapter, [known.inner], database, schema, identifier)), None)

    def named(adapter: Any, relations: list[Any], database: str, schema: str, identifier: str) -> list[Any]:
        name = identifier.lower()
        return match(adapter, [one for one in relations if (one.identifier or "").lower() == name], database, schema, identifier)

    with _replaced(BaseAdapter, "_make_match", named), _replaced(BaseAdapter, "get_relation", kept):
        yield


@contextmanager
def _secrets_listed_once() -> Iterator[None]:
    """Of every line that dbt writes it takes out the environment's secrets, which it lists anew for each: a fiftieth of a build's CPU
    time. The environment of a command does not change."""
    from dbt_common.events import functions

    secrets = functions.env_secrets()
    with _replaced(functions, "env_secrets", lambda: secrets):
        yield


@contextmanager
def _cycles_sought_at_once() -> Iterator[None]:
    """Each command looks for a cycle of 700 nodes edge by edge, a fourth of what a build of few nodes makes its graph in. A sort by
    dependence says as much; where there is a cycle dbt names it."""
    import networkx
    from dbt.compilation import Linker

    named = Linker.find_cycles

    def cycles(linker: Any) -> Any:
        return None if networkx.is_directed_acyclic_graph(linker.graph) else named(linker)

    with _replaced(Linker, "find_cycles", cycles):
        yield


@contextmanager
def _tests_awaited_by_numbers() -> Iterator[None]:
    """Each command has every model wait for the tests of all that it is made of, and walks the whole graph from each model for it. Here
    what a model is made of is a number with a bit for each node. (dbt's own faster way has some models wait for fewer tests.)"""
    import networkx
    from dbt.compilation import Linker
    from dbt.node_types import NodeType

    def awaited(linker: Any, manifest: Any) -> None:
        bit = {node: 1 << number for number, node in enumerate(linker.graph)}
        above: dict[str, int] = {}
        for node in networkx.topological_sort(linker.graph):
            above[node] = reduce(or_, (bit[parent] | above[parent] for parent in linker.graph.predecessors(node)), 0)
        tests = {node.unique_id: reduce(or_, (bit[parent] for parent in node.depends_on_nodes), 0)
                 for node in manifest.nodes.values() if node.resource_type == NodeType.Test}
        linker.graph.add_edges_from(
            [(test, node) for node in linker.graph if node in manifest.nodes and node not in tests
             for test, on in tests.items() if on and on & above[node] == on],
            edge_type="parent_test",
        )

    with _replaced(Linker, "add_test_edges_1", awaited):
        yield


@contextmanager
def _callers_named_by_their_frames() -> Iterator[None]:
    """For the name of the module that made an adapter, dbt reads the source files of every function on the way to it, at each command."""
    from dbt_common import behavior_flags

    def caller() -> str:
        frame: FrameType | None = sys._getframe(1)
        while frame and frame.f_globals.get("__name__") in (None, behavior_flags.__name__):
            frame = frame.f_back
        return frame.f_globals["__name__"] if frame else "Unknown"

    with _replaced(behavior_flags.BehaviorFlagRendered, "_default_source", staticmethod(caller)):
        yield


@contextmanager
def _ctes_put_after_the_first_word() -> Iterator[None]:
    """To put a unit test's fixtures before a model's own CTEs, dbt parses the model's SQL whole: a fifth of the CPU time of unit tests.
    A model is one statement; where it begins with `with`, its first words tell the place."""
    from dbt import compilation
    from sqlparse import lexer
    from sqlparse.tokens import CTE, Comment, Keyword, Whitespace

    parsed = compilation.inject_ctes_into_sql

    def put(sql: str, ctes: list[Any]) -> str:
        if not ctes:
            return sql
        place, at, begun = 0, 0, False
        for kind, word in lexer.tokenize(sql):
            if kind is CTE and not begun:
                begun = True
            elif begun and not (kind in Whitespace or (kind is Keyword and word.upper() == "RECURSIVE")):
                place = at
                break
            elif not begun and kind not in Whitespace and kind not in Comment:
                break
            at += len(word)
        return f"{sql[:place]}{', '.join(one.sql for one in ctes)}, {sql[place:]}" if place else parsed(sql, ctes)

    with _replaced(compilation, "inject_ctes_into_sql", put):
        yield


@contextmanager
def _replaced(owner: Any, name: str, own: Any) -> Iterator[None]:
    before = vars(owner)[name]
    setattr(owner, name, own)
    try:
        yield
    finally:
        setattr(owner, name, before)
