"""The stand-in of the exchange over calls made by hand, a nightly against it, and what was landed."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Any

import exchange
import pytest
import requests

from ingestion import lake
from ingestion.contact import AccountReport
from ingestion.telphin import VENDOR
from sandbox import server
from sandbox.server import Running, Sandbox, serve_in_thread
from sandbox.telphin.gate import CLIENT_ID, CLIENT_SECRET
from sandbox.world import World
from tests.nights import landed_rows, refresh_alone


@pytest.fixture(scope="session")
def exchange_world() -> World:
    """Made once, never changed."""
    return exchange.made()


@pytest.fixture
def serve(exchange_world: World, own_data: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Running]]:
    """`serve(rate=1, **{"telphin.option": text})`: the stand-in alone, its settings in the environment, quick to retry."""
    monkeypatch.setattr(server, "VENDORS", (VENDOR.name,))
    monkeypatch.setattr(lake, "vendors", lambda: (VENDOR,))
    with ExitStack() as stack:

        def start(*, rate: float = 100.0, **options: str) -> Running:
            sandbox = Sandbox(world=exchange_world, clock_file=own_data / "sandbox" / "clock", rate=rate, options=options)
            sandbox.set_clock(exchange.UNTIL)
            running = stack.enter_context(serve_in_thread(sandbox))
            quick = {"SOURCES__TELPHIN__RETRY_PAUSE_SECONDS": "0.01", "SOURCES__TELPHIN__REQUESTS_PER_SECOND": "500"}
            for name, value in {**running.environment(vendors=(VENDOR.name,)), **quick}.items():
                monkeypatch.setenv(name, value)
            return running

        yield start


@pytest.fixture
def exchange_api(serve: Callable[..., Running]) -> Running:
    """The stand-in as it is."""
    return serve()


@pytest.fixture
def token() -> Callable[..., requests.Response]:
    """`token(running)`: the answer to a request for one, fields replaced by keywords."""

    def ask(running: Running, **fields: str) -> requests.Response:
        form = {"grant_type": "client_credentials", "client_id": CLIENT_ID, "client_secret": CLIENT_SECRET, **fields}
        return requests.post(f"{running.url}/telphin/oauth/token", data=form, timeout=30)

    return ask


@pytest.fixture
def ask(token: Callable[..., requests.Response]) -> Callable[..., requests.Response]:
    """`ask(running, "client/@me/call_history/", page=1)`: a GET with a token of its own, without any client in between."""

    def get(running: Running, path: str, **params: Any) -> requests.Response:
        bearer = params.pop("bearer", None) or token(running).json()["access_token"]
        address = f"{running.url}/telphin/api/ver1.0/{path}"
        return requests.get(address, params=params, headers={"Authorization": f"Bearer {bearer}"}, timeout=30)

    return get


@pytest.fixture
def night() -> Callable[..., AccountReport]:
    """night() -> the report of one refresh of the account."""

    return partial(refresh_alone, VENDOR)


@pytest.fixture
def landed(own_data: Path) -> Callable[[str], list[dict[str, Any]]]:
    """landed("calls") -> every landed row of the resource, in the order it was asked for."""

    return partial(landed_rows, VENDOR)
