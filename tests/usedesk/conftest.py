"""UseDesk's stand-in over the hand-made help desk."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from desk_world import NOW, hand_made

from ingestion import lake
from ingestion.usedesk import VENDOR
from sandbox import server
from sandbox.server import Running, Sandbox, serve_in_thread
from sandbox.world import World


@pytest.fixture
def serve(own_data: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Running]]:
    """`serve(world, **options)`: the stand-in alone, its settings in the environment, quick to retry."""
    monkeypatch.setattr(server, "VENDORS", (VENDOR.name,))
    monkeypatch.setattr(lake, "vendors", lambda: (VENDOR,))
    with ExitStack() as stack:
        def start(world: World | None = None, *, rate: float = 100.0, **options: str) -> Running:
            sandbox = Sandbox(world=world or hand_made(), clock_file=own_data / "sandbox" / "clock", rate=rate,
                              options={f"usedesk.{name}": value for name, value in options.items()})
            sandbox.set_clock(NOW)
            running = stack.enter_context(serve_in_thread(sandbox))
            # History begins so late that one window holds it all.
            quick = {"SOURCES__USEDESK__RETRY_PAUSE_SECONDS": "0.01", "SOURCES__USEDESK__START_DATE": "2026-10-02"}
            for name, value in {**running.environment(vendors=(VENDOR.name,)), **quick}.items():
                monkeypatch.setenv(name, value)
            return running
        yield start


@pytest.fixture
def desk(serve: Callable[..., Running]) -> Running:
    """The stand-in as it is."""
    return serve()
