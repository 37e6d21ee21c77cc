"""The rules of the house as code: which room may know what, and that every room is kept the same way."""

import ast
import importlib
import re
import subprocess
from functools import cache
from pathlib import Path

import pytest
import yaml

from ingestion.vendors import NAMES, vendors

HOUSE = Path(__file__).resolve().parent.parent
LONGEST_FILE = 300
VAGUE_NAMES = {"utils", "util", "helpers", "helper", "common", "base", "misc"}
# SQL that only one engine speaks has one room, macros/engine/.
ENGINE_WORDS = re.compile(r"\b(read_parquet|read_json|from_json|unnest|explode|list_transform|list_filter|quantile_cont|"
                          r"arg_max|arg_min|any_value|strptime|epoch_ms|percentile_cont|struct_pack|exclude|bit_xor)\s*\("
                          r"|\bfilter\s*\(\s*where|\blateral view\b")


def tracked(*suffixes: str) -> list[Path]:
    """The files of the house, as git sees them: tracked, or new and not ignored."""
    listing = subprocess.run(["git", "ls-files", "-co", "--exclude-standard"], cwd=HOUSE, capture_output=True, text=True, check=True)
    return [HOUSE / line for line in listing.stdout.splitlines() if line.endswith(suffixes) and (HOUSE / line).exists()]


def room(path: Path) -> str:
    return path.relative_to(HOUSE).as_posix()


def imports_of(path: Path) -> set[str]:
    """The top-level packages that a module imports, wherever in it."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            found.add(node.module.split(".")[0])
    return found


def modules(folder: str) -> list[Path]:
    return [path for path in tracked(".py") if room(path).startswith(f"{folder}/")]


def test_the_top_level_is_the_one_the_design_card_fixes():
    for name in ("pyproject.toml", "README.md", "orchestration", "dbt_project", "ingestion", "tests", "dagster.yaml"):
        assert (HOUSE / name).exists(), f"{name} is missing"


@pytest.mark.parametrize(("folder", "strangers"), [
    ("ingestion", {"dagster", "dbt", "orchestration", "sandbox", "dagster_dbt", "dagster_dlt"}),
    ("sandbox", {"dagster", "dbt", "orchestration", "ingestion", "dlt"}),
    ("dbt_project", {"dagster", "orchestration", "sandbox"}),
])
def test_a_room_knows_nothing_of_those_it_must_not(folder, strangers):
    met = {room(path): imports_of(path) & strangers for path in modules(folder)}
    assert {path: known for path, known in met.items() if known} == {}


def test_orchestration_talks_to_no_vendor_itself():
    http = {"requests", "httpx", "urllib3", "aiohttp"}
    met = {room(path): imports_of(path) & http for path in modules("orchestration") if path.name != "alerts.py"}
    assert {path: known for path, known in met.items() if known} == {}


def test_orchestration_holds_no_sql_but_what_publishing_needs():
    words = r"select|with \w+ as|insert into|update|delete from|copy|create (or replace )?table"
    statement = re.compile(rf"[\"'(]\s*({words})\s", re.IGNORECASE)
    allowed = {"exports.py", "opt_outs.py", "restatements.py"}
    others = [path for path in modules("orchestration") if path.name not in allowed]
    holders = [room(path) for path in others if statement.search(path.read_text(encoding="utf-8"))]
    holders += [room(path) for path in tracked(".sql") if room(path).startswith("orchestration/")]
    assert holders == []


def names(vendor: str, text: str) -> bool:
    """Whether the vendor is named; a phone_call names nobody."""
    return vendor in text and re.search(rf"(?<![a-z]){vendor}(?![a-z])", text) is not None


def test_a_vendors_name_stands_only_in_its_own_rooms():
    allowed = re.compile(r"^(ingestion/vendors\.py|ingestion/(?P<a>\w+)/|dbt_project/models/staging/(?P<b>\w+)/|sandbox/|tests/|"
                         r"benchmarks/|dbt_project/seeds/|dbt_project/models/intermediate/.*\.sql$|pyproject\.toml|business_rules\.yml)")
    spelled = []
    for path in tracked(".py", ".sql", ".yml", ".yaml", ".toml", ".csv", "Makefile"):
        where, text = room(path), path.read_text(encoding="utf-8").lower()
        for name in NAMES:
            if not names(name, text):
                continue
            match = allowed.match(where)
            if not match:
                spelled.append(f"{name} in {where}")
            elif (match["a"] or match["b"] or name) != name:
                spelled.append(f"{name} in {where}, the room of another vendor")
    assert spelled == []


def test_a_vendors_name_in_intermediate_is_one_line_of_a_union():
    spelled = []
    for path in tracked(".sql"):
        if room(path).startswith("dbt_project/models/intermediate/"):
            for number, line in enumerate(path.read_text(encoding="utf-8").lower().splitlines(), start=1):
                if any(names(name, line) for name in NAMES) and not re.search(r"stg_\w+__\w+", line):
                    spelled.append(f"{room(path)}:{number}")
    assert spelled == []


@pytest.mark.parametrize("name", NAMES)
def test_a_vendor_has_its_four_rooms(name):
    modules_of_it = [f"ingestion/{name}/{module}.py" for module in ("__init__", "source", "expectations", "__main__")]
    for place in (*modules_of_it, f"dbt_project/models/staging/{name}", f"tests/{name}"):
        assert (HOUSE / place).exists(), f"{place} is missing"
    assert (HOUSE / "sandbox" / name).exists() or (HOUSE / "sandbox" / f"{name}.py").exists()


@pytest.mark.parametrize("vendor", vendors(), ids=lambda vendor: vendor.name)
def test_every_resource_of_a_vendor_is_staged(vendor):
    bases = {path.stem for path in tracked(".sql")}
    assert [one.name for one in vendor.resources if f"base_{vendor.name}__{one.name}" not in bases] == []


@pytest.mark.parametrize("vendor", vendors(), ids=lambda vendor: vendor.name)
def test_every_resource_of_a_vendor_has_a_promise(vendor):
    suites = importlib.import_module(f"ingestion.{vendor.name}.expectations").SUITES
    assert [one.name for one in vendor.resources if one.name not in suites or not suites[one.name].error + suites[one.name].warn] == []


def test_definitions_stay_short():
    lines = (HOUSE / "orchestration" / "definitions.py").read_text(encoding="utf-8").splitlines()
    assert len(lines) < 40


def test_no_file_holds_two_ideas():
    long = {room(path): count for path in tracked(".py") if (count := len(path.read_text(encoding="utf-8").splitlines())) > LONGEST_FILE}
    assert long == {}


def test_a_module_is_a_noun_of_the_trade():
    assert [room(path) for path in tracked(".py") if path.stem in VAGUE_NAMES] == []


def test_staging_is_the_only_reader_of_the_lake():
    readers = []
    for path in tracked(".sql"):
        where = room(path)
        if where.startswith("dbt_project/models/") and not where.startswith("dbt_project/models/staging/"):
            text = path.read_text(encoding="utf-8")
            if re.search(r"source\(\s*'raw_|lake_table\(|unread_documents\(", text):
                readers.append(where)
    assert readers == []


def test_engine_specific_sql_has_one_room():
    speakers = {}
    for path in tracked(".sql"):
        where = room(path)
        if where.startswith(("dbt_project/models/", "dbt_project/tests/")):
            code = re.sub(r"--.*|\{#.*?#\}", "", path.read_text(encoding="utf-8"))
            found = ENGINE_WORDS.findall(re.sub(r"\{\{.*?\}\}", "", code, flags=re.DOTALL))
            if found:
                speakers[where] = found
    assert speakers == {}


def test_nothing_but_tests_reads_the_truth():
    readers = [room(path) for path in tracked(".py", ".sql", ".yml") if "truth.parquet" in path.read_text(encoding="utf-8")
               and not room(path).startswith(("tests/", "sandbox/"))]
    assert readers == []


@cache
def mart_descriptions() -> dict[str, dict]:
    found = {}
    for path in tracked(".yml"):
        if room(path).startswith("dbt_project/models/marts/"):
            for model in (yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader) or {}).get("models", []):
                found[model["name"]] = model
    return found


def mart_models() -> list[str]:
    return sorted(path.stem for path in tracked(".sql") if room(path).startswith("dbt_project/models/marts/"))


@pytest.mark.parametrize("mart", mart_models())
def test_every_mart_says_its_grain_and_describes_every_column(mart):
    described = mart_descriptions()
    assert mart in described, f"{mart} stands in no YAML"
    assert re.search(r"\b(one row per|grain)\b", described[mart]["description"].lower()), f"{mart} does not say its grain"
    bare = [column["name"] for column in described[mart]["columns"] if not column.get("description") or not column.get("data_type")]
    assert bare == []


def test_no_two_test_modules_have_one_name():
    names = [path.name for path in (HOUSE / "tests").rglob("*.py") if path.name not in ("conftest.py", "__init__.py", "__main__.py")]
    assert sorted({name for name in names if names.count(name) > 1}) == []
