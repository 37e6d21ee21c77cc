"""The documents promise commands: each make target, module, option, rule, table, folder and heading that they name is there."""

import importlib.util
import re
import subprocess
from functools import cache
from pathlib import Path

import pytest
import yaml

from ingestion import rooms
from orchestration.rules import BusinessRules

HOUSE = Path(__file__).resolve().parent.parent
DOCUMENTS = ("README.md", *sorted(f"docs/{path.name}" for path in (HOUSE / "docs").glob("*.md") if path.name != "kpis.md"))
LIES_THERE = {*rooms.ROOMS, "published", "warehouse.duckdb", "warehouse.duckdb.tmp", "refresh.lock", "refresh.holder"}
NOBODYS = {"ingestion.", "ingestion.acme"}  # `ingestion.<vendor>`, and the vendor of the example
OURS = ("ingestion", "orchestration", "sandbox", "tests", "benchmarks", "dbt_project")


@cache
def code(document: str) -> tuple[str, ...]:
    """What stands between backticks, and the lines of blocks."""
    text = (HOUSE / document).read_text(encoding="utf-8")
    blocks = re.findall(r"```\w*\n(.*?)```", text, flags=re.DOTALL)
    prose = re.sub(r"```.*?```", "", text, flags=re.DOTALL)
    return (*(line for block in blocks for line in block.splitlines()), *re.findall(r"`([^`\n]+)`", prose))


def matches(document: str, pattern: str) -> set:
    return {found for span in code(document) for found in re.findall(pattern, span)}


@pytest.mark.parametrize("document", DOCUMENTS)
def test_a_make_target_that_is_named_is_there(document):
    targets = set(re.findall(r"^([a-z-]+):", (HOUSE / "Makefile").read_text(encoding="utf-8"), flags=re.MULTILINE))
    assert matches(document, r"(?:^|\$ )make ([a-z-]+)") - targets == set()


@pytest.mark.parametrize("document", DOCUMENTS)
def test_a_module_that_is_run_is_there_and_takes_the_options_that_are_told(document):
    for module, rest in matches(document, rf"python -m ((?:{'|'.join(OURS)})[\w.]*)((?: [^`|&;]*)?)"):
        if module in NOBODYS:
            continue
        found = importlib.util.find_spec(module)
        assert found is not None, module
        main = importlib.util.find_spec(f"{module}.__main__") if found.submodule_search_locations else found
        assert main is not None, f"{module} cannot be run"
        written = Path(main.origin).read_text(encoding="utf-8")
        if module == "tests.torture" and rest.split():
            chosen = re.search(rf'"{rest.split()[0]}": "([\w.]+)"', written)
            assert chosen, f"{module} {rest.split()[0]}"
            written = Path(importlib.util.find_spec(chosen[1]).origin).read_text(encoding="utf-8")
        if module == "orchestration.dbt":  # dbt's own
            continue
        assert [option for option in re.findall(r"--[a-z][\w-]+", rest) if f'"{option}"' not in written] == [], f"{module}{rest}"


@pytest.mark.parametrize("document", DOCUMENTS)
def test_a_rule_that_is_named_is_one(document):
    rules = BusinessRules().as_vars()
    named = matches(document, rf"^({'|'.join(rules)})\.([a-z_]+)$")
    tables = published()
    assert {(section, rule) for section, rule in named if rule not in rules[section] and section not in tables} == set()


@pytest.mark.parametrize("document", DOCUMENTS)
def test_a_table_that_is_asked_is_published(document):
    assert matches(document, r"marts\.([a-z_0-9]+)\b(?!\.)") - published() - {"parquet"} == set()


@pytest.mark.parametrize("document", DOCUMENTS)
def test_a_folder_of_the_data_is_one_that_is_written(document):
    assert {name.rstrip(".") for name in matches(document, r"(?:\$OMNIMART_DATA|(?<![\w/])data)/([\w.]+)")} - LIES_THERE == set()


@pytest.mark.parametrize("document", DOCUMENTS)
def test_a_heading_and_a_file_that_are_linked_are_there(document):
    text = (HOUSE / document).read_text(encoding="utf-8")
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if "://" in target:
            continue
        name, _, heading = target.partition("#")
        path = (HOUSE / document).parent / name if name else HOUSE / document
        assert path.exists(), target
        titles = re.findall(r"^#+ (.+)$", path.read_text(encoding="utf-8"), flags=re.MULTILINE) if heading else []
        assert not heading or heading in {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}, target


@cache
def published() -> frozenset[str]:
    """The names of the models under marts."""
    described = (yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader) or {}
                 for path in (HOUSE / "dbt_project" / "models" / "marts").rglob("*.yml"))
    return frozenset(model["name"] for file in described for model in file.get("models", []))


@pytest.mark.parametrize("target", ["refresh", "rebuild", "replay", "backfill", "housekeeping"])
@pytest.mark.parametrize(("ends", "told"), [
    ("kill -KILL $$", "RED: ended by signal 9, "), ("kill -ABRT $$", "RED: ended by signal 6, "), ("kill -TERM $$", None), ("exit 1", None),
])
def test_make_says_so_when_a_signal_ended_it(tmp_path, target, ends, told):
    python = tmp_path / "python"
    python.write_text(f"#!/bin/sh\n{ends}\n", encoding="utf-8")
    python.chmod(0o700)
    ended = subprocess.run(["make", "-o", ".venv/.run", f"PYTHON={python}", target], cwd=HOUSE, text=True,
                           capture_output=True)
    assert ended.returncode == 2
    red = [line for line in ended.stderr.splitlines() if line.startswith("RED")]
    assert len(red) == (told is not None)
    assert not told or (red[0].startswith(told) and red[0].endswith("“A refresh was killed”."))
