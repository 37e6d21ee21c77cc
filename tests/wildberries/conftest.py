"""The stand-in of the marketplace over rows made by hand, a nightly against it, what was landed, and the vendor's client from PyPI."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Any

import marketplace
import pytest
import requests

from ingestion import lake
from ingestion.contact import AccountReport
from ingestion.wildberries import VENDOR
from sandbox import server
from sandbox.server import Running, Sandbox, serve_in_thread
from sandbox.wildberries.gate import TOKEN
from sandbox.world import World
from tests.nights import landed_rows, refresh_alone


@pytest.fixture(scope="session")
def market_world() -> World:
    """Made once, never changed."""
    return marketplace.made()


@pytest.fixture
def serve(market_world: World, own_data: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Running]]:
    """`serve(world=…, **{"wildberries.option": text})`: the stand-in alone, its settings in the environment, quick to retry."""
    monkeypatch.setattr(server, "VENDORS", (VENDOR.name,))
    monkeypatch.setattr(lake, "vendors", lambda: (VENDOR,))
    with ExitStack() as stack:

        def start(*, world: World = market_world, **options: str) -> Running:
            sandbox = Sandbox(world=world, clock_file=own_data / "sandbox" / "clock", rate=100.0, options=options)
            sandbox.set_clock(marketplace.UNTIL)
            running = stack.enter_context(serve_in_thread(sandbox))
            for name, value in running.environment(vendors=(VENDOR.name,)).items():
                monkeypatch.setenv(name, value)
            monkeypatch.setenv("SOURCES__WILDBERRIES__RETRY_PAUSE_SECONDS", "0.01")
            return running

        yield start


@pytest.fixture
def market(serve: Callable[..., Running]) -> Running:
    """The stand-in as it is."""
    return serve()


@pytest.fixture
def ask() -> Callable[..., requests.Response]:
    """`ask(running, "/api/…", body=…, dateFrom=…)`: a question without any client in between."""

    def question(running: Running, path: str, *, body: dict[str, Any] | None = None, token: str = TOKEN,
                 **params: Any) -> requests.Response:
        method, headers = "GET" if body is None else "POST", {"Authorization": token} if token else {}
        return requests.request(method, f"{running.url}/wildberries{path}", params=params, json=body, headers=headers, timeout=30)

    return question


@pytest.fixture
def night() -> Callable[..., AccountReport]:
    """night() -> the report of one refresh of the account."""

    return partial(refresh_alone, VENDOR)


@pytest.fixture
def landed(own_data: Path) -> Callable[[str], list[dict[str, Any]]]:
    """landed("orders") -> every landed row of the resource, in the order it was asked for."""

    return partial(landed_rows, VENDOR)
