"""The generic test `sound`: every kind of promise fails when it is broken and says which it was."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from small_project import SmallProject

from orchestration import register
from orchestration.dbt import PROJECT, run_dbt

STORES = "select * from (values ('s1'), (null)) as t (store_id)"
SALES = "select * from (values {rows}) as t (day, store_id, receipt, status, units, due)"
PROMISES = """
models:
  - name: sales
    data_tests:
      - sound:
          name: sound_sales
          arguments:
            grain: [day, store_id]
            unique: [receipt]
            never_null: [day, status]
            takes_only: {status: [new, "won't come"]}
            holds: {nobody's units exceed what was due: units <= due}
            refers_to: {store_id: {to: "ref('stores')", field: store_id}}
"""
KEPT = "(1, 's1', 'r1', 'new', 1, 2), (1, null, 'r2', 'won''t come', 2, 2), (2, 's1', null, 'new', 0, 0), (3, 's1', null, 'new', 0, 0)"


def said(project: SmallProject, rows: str, promises: str = PROMISES) -> list[tuple[str, str]]:
    """What the test says of a table with these rows: its status and what it names as broken."""
    project.write("models/intermediate/stores.sql", STORES)
    project.write("models/intermediate/sales.sql", SALES.format(rows=rows))
    project.write("models/intermediate/_sales.yml", promises)
    outcome = run_dbt(["build"], refresh_id="r", project=project.root)
    assert outcome.error is None
    return [(node.status, node.message.partition("Broken: ")[2]) for node in outcome.nodes if node.unique_id.startswith("test.")]


@pytest.fixture(autouse=True)
def _with_the_test(project: SmallProject) -> None:
    project.write("tests/generic/sound.sql", (PROJECT / "tests/generic/sound.sql").read_text(encoding="utf-8"))


def test_each_kind_of_promise_fails_alone_and_names_itself(project: SmallProject) -> None:
    broken = {
        "(1, null, 'r3', 'new', 0, 0)": "one row per day, store_id (2 rows)",
        "(4, 's1', 'r1', 'new', 0, 0)": "one row per receipt (2 rows)",
        "(null, 's1', 'r3', 'new', 0, 0)": "day always has a value (1 row)",
        "(4, 's1', 'r3', 'lost', 0, 0), (5, 's1', 'r4', 'LOST', 0, 0)": "status is one of new, won't come (2 rows)",
        "(4, 's1', 'r3', 'new', 3, 2), (5, 's1', 'r4', 'new', null, 2)": "nobody's units exceed what was due (2 rows)",
        "(4, 's2', 'r3', 'new', 0, 0)": "store_id stands in stores.store_id (1 row)",
    }
    assert {row: said(project, f"{KEPT}, {row}") for row in broken} == {row: [("fail", promise)] for row, promise in broken.items()}


def test_kept_promises_pass_and_broken_ones_are_told_together(project: SmallProject) -> None:
    assert said(project, KEPT) == [("pass", "")]
    ((status, broken),) = said(project, "(1, 's1', 'r1', 'new', 0, 0), (1, 's1', 'r1', null, 9, 2)")
    assert (status, sorted(broken.split("; "))) == ("fail", [
        "nobody's units exceed what was due (1 row)", "one row per day, store_id (2 rows)", "one row per receipt (2 rows)",
        "status always has a value (1 row)",
    ])


def test_a_table_that_promises_one_thing_may_ask_it_of_some_rows_and_only_warn(project: SmallProject) -> None:
    one = {name: [{"sound": {"name": f"sound_{name}", "arguments": promise, "config": {"severity": "warn", "where": "day = 1"}}}]
           for name, promise in {"sales": {"takes_only": {"status": ["new"]}}, "stores": {"grain": ["store_id"]}}.items()}
    one["stores"][0]["sound"]["config"].pop("where")
    text = yaml.safe_dump({"models": [{"name": name, "data_tests": tests} for name, tests in one.items()]})
    assert sorted(said(project, "(1, 's1', 'r1', 'old', 1, 2), (2, 's1', 'r1', 'older', 1, 2)", text)) == [
        ("pass", ""), ("warn", "status is one of new (1 row)")]


@pytest.mark.parametrize("file", sorted(PROJECT.glob("models/**/*.yml")) + sorted(PROJECT.glob("seeds/*.yml")), ids=lambda file: file.stem)
def test_every_table_says_its_promises_in_one_place(file: Path) -> None:
    """A node for each promise would cost every build seconds."""
    read = yaml.load(file.read_text(encoding="utf-8"), register.FAST)
    for table in [*read.get("models", []), *read.get("seeds", [])]:
        assert [column["name"] for column in table.get("columns", []) if column.get("data_tests")] == []
        kinds = [(kind, test[kind].get("config", {}).get("severity", "error"), test[kind]["name"])
                 for test in table.get("data_tests", []) for kind in test]
        assert {kind for kind, _, _ in kinds} <= {"sound"}
        assert [name for _, severity, name in kinds if severity == "error"] in ([], [f"sound_{table['name']}"])
        assert len(kinds) == len({severity for _, severity, _ in kinds})
