"""The stand-in of the call tracker over calls and forms made by hand, a nightly against it, and what was landed."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import requests
import tracker

from ingestion import lake
from ingestion.calltouch import VENDOR
from ingestion.contact import AccountReport
from sandbox import server
from sandbox.calltouch.methods import CLIENT_API_ID, SITE_ID
from sandbox.server import Running, Sandbox, serve_in_thread
from sandbox.world import World
from tests.nights import landed_rows, refresh_alone


@pytest.fixture(scope="session")
def tracked_world() -> World:
    """Made once, never changed."""
    return tracker.made()


@pytest.fixture
def serve(tracked_world: World, own_data: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Running]]:
    """`serve(rate=1, options={…})`: the stand-in alone, its settings in the environment, quick to retry, its history one window."""
    monkeypatch.setattr(server, "VENDORS", (VENDOR.name,))
    monkeypatch.setattr(lake, "vendors", lambda: (VENDOR,))
    with ExitStack() as stack:

        def start(*, rate: float = 100.0, options: dict[str, str] | None = None) -> Running:
            sandbox = Sandbox(world=tracked_world, clock_file=own_data / "sandbox" / "clock", rate=rate,
                              options={} if options is None else options)
            sandbox.set_clock(tracker.UNTIL)
            running = stack.enter_context(serve_in_thread(sandbox))
            quick = {"SOURCES__CALLTOUCH__RETRY_PAUSE_SECONDS": "0.01", "SOURCES__CALLTOUCH__START_DATE": "2026-10-02"}
            for name, value in {**running.environment(vendors=(VENDOR.name,)), **quick}.items():
                monkeypatch.setenv(name, value)
            return running

        yield start


@pytest.fixture
def site(serve: Callable[..., Running]) -> Running:
    """The stand-in as it is."""
    return serve()


@pytest.fixture
def ask() -> Callable[..., requests.Response]:
    """`ask(running, "calls", dateFrom=…)` or "leads": a GET with the token, without any client in between."""

    def get(running: Running, what: str, **params: Any) -> requests.Response:
        path = {"calls": f"{params.pop('site', SITE_ID)}/calls-diary/calls", "leads": "requests/"}[what]
        told = {"clientApiId": CLIENT_API_ID, **({"siteId": SITE_ID} if what == "leads" else {}), **params}
        return requests.get(f"{running.url}/calltouch/{path}", params=told, timeout=30)

    return get


@pytest.fixture
def night() -> Callable[..., AccountReport]:
    """night() -> the report of one refresh of the account."""

    return partial(refresh_alone, VENDOR)


@pytest.fixture
def landed(own_data: Path) -> Callable[[str], list[dict[str, Any]]]:
    """landed("calls") -> every landed row of the resource, in the order it was asked for."""

    return partial(landed_rows, VENDOR)
