"""What every test stands on: a data folder of its own, and a small retailer behind the vendors' APIs on loopback."""

import gc
import os
import signal
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

import duckdb
import jinja2
import pytest
from filelock import FileLock

os.environ.setdefault("DO_NOT_TRACK", "1")
os.environ.setdefault("RUNTIME__DLTHUB_TELEMETRY", "false")

# A background job of a shell begins with SIGINT ignored, and Dagster gives SIGTERM the same lot: nothing the suite starts could be ended.
signal.signal(signal.SIGINT, signal.default_int_handler)

# dbt's manifest and Dagster's definitions stay alive for the whole suite; walking through them every 700 objects is lost time.
gc.set_threshold(400_000, 50, 50)

UNTIL = datetime(2026, 10, 31, 23, 0, tzinfo=UTC)
# The longest files are begun first, so that all workers end together; by their CPU time, from 275 s down to 30 s.
BEGUN_FIRST = (
    "test_refresh.py",
    "test_identity_at_scale.py",  # needs no parsed project, while the first parses it
    "test_days.py",
    "test_subsets.py",
    "test_recomputed.py",
    "test_real_input.py",
    "test_metrics.py",
    "test_walk.py",
    "test_retailcrm_staging.py",
    "test_febrl.py",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    rank = {name: number for number, name in enumerate(BEGUN_FIRST)}
    items.sort(key=lambda item: rank.get(item.path.name, len(rank)))


@pytest.fixture(autouse=True)
def own_data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """No test reads or writes another's data, settings or secrets."""
    for variable in list(os.environ):
        if variable.startswith(("SOURCES__", "OMNIMART_")):
            monkeypatch.delenv(variable)
    data = tmp_path / "data"
    monkeypatch.setenv("OMNIMART_DATA", str(data))
    monkeypatch.setenv("OMNIMART_SECRETS", str(tmp_path / "no-secrets.toml"))
    monkeypatch.setenv("OMNIMART_ENV_FILE", str(tmp_path / "no-settings.env"))
    return data


@pytest.fixture(scope="session", autouse=True)
def compiled_once() -> Iterator[None]:
    """dbt compiles its own templates and the project's anew at each of the suite's hundreds of commands; here the same text is compiled
    once, as its kind of environment compiles it."""
    compiled, kept = jinja2.Environment.compile, {}

    def compile_once(environment, source, name=None, filename=None, raw=False, defer_init=False):
        asked = (type(environment), source, name, filename, raw, defer_init)
        if asked not in kept:
            kept[asked] = compiled(environment, source, name, filename, raw, defer_init)
        return kept[asked]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(jinja2.Environment, "compile", compile_once)
        yield


@pytest.fixture(scope="session", autouse=True)
def hints_read_once() -> Iterator[None]:
    """dlt asks of every type of its settings' fields, whether it is a secret's and what is in it."""
    from dlt.common.configuration import resolve
    from dlt.common.configuration.providers import environ

    with pytest.MonkeyPatch.context() as patch:
        for module, name in ((resolve, "is_secret_hint"), (resolve, "extract_inner_hint"), (environ, "is_secret_hint")):
            patch.setattr(module, name, cache(getattr(module, name)))
        yield


@pytest.fixture(scope="module", autouse=True)
def as_cheap_as_may_be(request: pytest.FixtureRequest) -> Iterator[None]:
    """The workers share two cores: here a build has one thread of dbt's and one of DuckDB's, about a tenth less CPU for a build, and
    leaves no manifest, no graph, no log and none of its 1 400 files of SQL behind, which nobody reads here; nor does a file of the lake
    wait for the disk.
    What only several threads can break shows in files that say AS_MANY_THREADS_AS_A_NIGHT; one that says AS_A_NIGHT also writes all that
    the nightly job writes."""
    as_a_night = getattr(request.module, "AS_A_NIGHT", False)
    with pytest.MonkeyPatch.context() as patch:
        if not as_a_night:
            _trust_the_power(patch)
            _leave_nothing_behind(patch)
        if not as_a_night and not getattr(request.module, "AS_MANY_THREADS_AS_A_NIGHT", False):
            _one_by_one(patch)
        yield


@pytest.fixture(scope="session")
def one_by_one() -> Callable[[], AbstractContextManager[None]]:
    """Of a file with AS_MANY_THREADS_AS_A_NIGHT: `with one_by_one():` builds in one thread all the same."""
    @contextmanager
    def in_one_thread() -> Iterator[None]:
        with pytest.MonkeyPatch.context() as patch:
            _one_by_one(patch)
            yield

    return in_one_thread


@pytest.fixture
def cheap(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a file with AS_A_NIGHT: this test builds as cheaply as other files do."""
    _trust_the_power(monkeypatch)
    _leave_nothing_behind(monkeypatch)
    _one_by_one(monkeypatch)


def _trust_the_power(patch: pytest.MonkeyPatch) -> None:
    """No test cuts the power, and only then does it show whether a file of the lake was on disk before it got its name."""
    from ingestion import shelves

    patch.setattr(shelves, "_to_disk", lambda path: None)


def _leave_nothing_behind(patch: pytest.MonkeyPatch) -> None:
    from dbt.contracts.graph.nodes import ParsedNode

    _told(patch, "--no-write-json", log="none")
    patch.setattr(ParsedNode, "write_node", lambda *unwritten: None)


def _one_by_one(patch: pytest.MonkeyPatch) -> None:
    connect = duckdb.connect

    def alone(database: str = ":memory:", read_only: bool = False, config: dict | None = None, **more):
        return connect(database, read_only=read_only, config={"threads": 1, **(config or {})}, **more)

    _told(patch, "--threads", "1")
    patch.setattr(duckdb, "connect", alone)


def _told(patch: pytest.MonkeyPatch, *options: str, log: str = "info") -> None:
    """dbt's commands that run from a manifest are given these options too; their log file has this level."""
    from orchestration import dbt

    command = dbt._command

    def with_options(args, project, variables, *, quiet):
        asked = command(args, project, variables, quiet=quiet)
        return [*(log if one == "info" else one for one in asked), *(options if args[0] in dbt.FROM_A_MANIFEST else ())]

    patch.setattr(dbt, "_command", with_options)


@pytest.fixture(scope="session")
def parsed_project(tmp_path_factory) -> Path:
    """A data folder in which dbt has parsed the project, once for the whole suite: the other workers wait for the first."""
    from orchestration.manifest import manifest

    of_all_workers = tmp_path_factory.getbasetemp().parent if "PYTEST_XDIST_WORKER" in os.environ else tmp_path_factory.getbasetemp()
    data = of_all_workers / "parsed"
    before = os.environ.get("OMNIMART_DATA")
    os.environ["OMNIMART_DATA"] = str(data)
    try:
        with FileLock(of_all_workers / "parsed.lock"):
            manifest()
    finally:
        os.environ.pop("OMNIMART_DATA") if before is None else os.environ.update(OMNIMART_DATA=before)
    return data


@pytest.fixture
def parsed(parsed_project: Path, own_data: Path) -> Path:
    """This test's data folder, with the parsed project in it."""
    from tests.nights import copy_parsed

    copy_parsed(parsed_project, own_data)
    return own_data


@pytest.fixture(scope="session")
def small_world():
    """A retailer of 200 people and 90 days; simulated once, never changed."""
    from sandbox.retailer import simulate

    return simulate(seed=1, customers=200, days=90, stores=4, until=UNTIL)


@pytest.fixture
def retailer(small_world, own_data: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator:
    """The small retailer, answering; its settings stand in the environment."""
    from sandbox.server import Sandbox, serve_in_thread

    sandbox = Sandbox(world=small_world, clock_file=own_data / "sandbox" / "clock", rate=100.0)
    sandbox.set_clock(UNTIL)
    with serve_in_thread(sandbox) as running:
        for name, value in running.environment().items():
            monkeypatch.setenv(name, value)
            if name.endswith("__BASE_URL"):
                monkeypatch.setenv(name.replace("__BASE_URL", "__RETRY_PAUSE_SECONDS"), "0.01")
        yield running


@pytest.fixture
def small_disk(own_data: Path) -> Iterator[Path]:
    """This test's data folder, on a disk of its own of 64 MB (tests/torture/trap.py fills it)."""
    from tests.torture import machine

    try:
        with machine.small_disk(own_data, 64) as folder:
            yield folder
    except machine.NoDisk as refused:
        pytest.skip(f"no disk of its own may be mounted here: {refused}")
