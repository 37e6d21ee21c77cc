"""RetailCRM's stand-in over the small retailer, a nightly against it, and its staging models alone."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import requests
from crm_nights import Staging

from ingestion import lake
from ingestion.retailcrm import VENDOR
from sandbox import server
from sandbox.retailcrm.wire import API_KEYS
from sandbox.server import Running, Sandbox, serve_in_thread

UNTIL = datetime(2026, 10, 31, 23, 0, tzinfo=UTC)


@pytest.fixture
def serve(small_world: Any, own_data: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Running]]:
    """`serve(world=…, **{"retailcrm.option": text})`: the stand-in alone, its settings in the environment, quick to retry."""
    monkeypatch.setattr(server, "VENDORS", (VENDOR.name,))
    monkeypatch.setattr(lake, "vendors", lambda: (VENDOR,))
    with ExitStack() as stack:

        def start(*, rate: float = 100.0, world: Any = None, **options: str) -> Running:
            clock_file = own_data / "sandbox" / "clock"
            sandbox = Sandbox(world=world or small_world, clock_file=clock_file, rate=rate, options=options)
            sandbox.set_clock(UNTIL)
            running = stack.enter_context(serve_in_thread(sandbox))
            for name, value in {**running.environment(vendors=(VENDOR.name,)), "SOURCES__RETAILCRM__RETRY_PAUSE_SECONDS": "0.01"}.items():
                monkeypatch.setenv(name, value)
            return running

        yield start


@pytest.fixture
def crm(serve: Callable[..., Running]) -> Running:
    """The stand-in as it is."""
    return serve()


@pytest.fixture
def ask(crm: Running) -> Callable[..., requests.Response]:
    """`ask("/orders", **{"filter[ids][]": [1]})`: a GET with the key, without any client in between."""

    def get(path: str, *, key: str | None = API_KEYS[0], **params: Any) -> requests.Response:
        headers = {"X-API-KEY": key} if key else {}
        return requests.get(f"{crm.url}/retailcrm/api/v5{path}", params=params, headers=headers, timeout=30)

    return get


@pytest.fixture
def staging(parsed: Path) -> Staging:
    """The staging models, not built yet."""
    return Staging()
