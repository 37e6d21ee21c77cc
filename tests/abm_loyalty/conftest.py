"""The stand-in of the loyalty programme over members made by hand, a nightly against it, and what was landed."""

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Any

import duckdb
import programme_world
import pytest
import requests

from ingestion import lake
from ingestion.abm_loyalty import VENDOR
from ingestion.contact import AccountReport
from sandbox import server
from sandbox.abm_loyalty.methods import API_KEY, AUTH_HEADER
from sandbox.server import Running, Sandbox, serve_in_thread
from sandbox.world import World
from tests.nights import refresh_alone


@pytest.fixture(scope="session")
def programme() -> World:
    """Made once, never changed."""
    return programme_world.made()


@pytest.fixture
def serve(programme: World, own_data: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Running]]:
    """`serve(rate=1, world=…)`: the stand-in alone, its settings in the environment, quick to retry."""
    monkeypatch.setattr(server, "VENDORS", (VENDOR.name,))
    monkeypatch.setattr(lake, "vendors", lambda: (VENDOR,))
    with ExitStack() as stack:

        def start(*, rate: float = 100.0, world: World | None = None) -> Running:
            sandbox = Sandbox(world=world or programme, clock_file=own_data / "sandbox" / "clock", rate=rate)
            sandbox.set_clock(programme_world.UNTIL)
            running = stack.enter_context(serve_in_thread(sandbox))
            for name, value in {**running.environment(vendors=(VENDOR.name,)), "SOURCES__ABM_LOYALTY__RETRY_PAUSE_SECONDS": "0.01"}.items():
                monkeypatch.setenv(name, value)
            return running

        yield start


@pytest.fixture
def installation(serve: Callable[..., Running]) -> Running:
    """The stand-in as it is."""
    return serve()


@pytest.fixture
def publish(own_data: Path) -> Callable[..., None]:
    """publish((card, phone), …): what the warehouse published last."""
    return lambda *contacts: programme_world.publish(*contacts, root=own_data)


@pytest.fixture
def ask() -> Callable[..., requests.Response]:
    """`ask(running, "card", "2900…", "user-info", dateFrom=…)`: a GET with the key, without any client in between."""

    def get(running: Running, kind: str, token: str, last: str = "user-info", *, key: str = API_KEY, **params: Any) -> requests.Response:
        url = f"{running.url}/abm_loyalty/partner/operation/user/{kind}/{token}/{last}"
        return requests.get(url, params=params, headers={AUTH_HEADER: key}, timeout=30)

    return get


@pytest.fixture
def night() -> Callable[..., AccountReport]:
    """night() -> the report of one refresh of the account."""

    return partial(refresh_alone, VENDOR)


@pytest.fixture
def landed(own_data: Path) -> Callable[[str], list[dict[str, Any]]]:
    """landed("accounts") -> every landed document of the resource, load by load: its key beside what stands in it."""

    def rows(resource: str) -> list[dict[str, Any]]:
        files = f"{lake.root()}/raw_abm_loyalty/{resource}/*.parquet"
        found = duckdb.sql(f"select document_key, payload from read_parquet('{files}', union_by_name=true) order by version_at, 1")
        return [{"key": key, **json.loads(payload)} for key, payload in found.fetchall()]

    return rows
