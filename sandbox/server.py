"""The sandbox's server: one loopback port, a path per vendor, with the retailer's clock, the vendors' limits and planted faults.

World (retailer.py) -> vendor modules -> HTTP. Run alone: `python -m sandbox serve`.
"""

import contextlib
import importlib
import logging
import pkgutil
import socket
import threading
import time
from collections import defaultdict, deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Mount, Route

from sandbox.faults import Faults, Tampering
from sandbox.faulty import FaultyTransport
from sandbox.storms import Storm
from sandbox.world import World

# A vendor's stand-in is a package in this folder; nothing lists them.
VENDORS = tuple(sorted(one.name for one in pkgutil.iter_modules([str(Path(__file__).parent)]) if one.ispkg))
HOST = "127.0.0.1"


class Limiter:
    """A sliding window of units, as vendors count requests; one per vendor and key."""

    def __init__(self, *, units: float, per_seconds: float) -> None:
        self.units, self.per_seconds = units, per_seconds
        self._lock, self._spent = threading.Lock(), deque()

    def take(self, weight: float = 1.0) -> tuple[bool, float, float]:
        """(allowed, units left, seconds until enough are free again)."""
        now = time.monotonic()
        with self._lock:
            while self._spent and self._spent[0][0] <= now - self.per_seconds:
                self._spent.popleft()
            used = sum(cost for _, cost in self._spent)
            if used + weight > self.units:
                wait = self.per_seconds - (now - self._spent[0][0]) if self._spent else self.per_seconds
                return False, max(0.0, self.units - used), wait
            self._spent.append((now, weight))
            return True, self.units - used - weight, 0.0


@dataclass(frozen=True)
class Sandbox:
    """What a vendor module needs: the world, the time, the limits, the faults. rate multiplies every vendor's limit."""

    world: World
    clock_file: Path
    rate: float = 1.0
    options: dict[str, str] = field(default_factory=dict)
    faults: Faults = field(default_factory=Faults)
    tampering: Tampering = field(default_factory=Tampering)
    requests: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    _limiters: dict[str, Limiter] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def now(self) -> datetime:
        """The retailer's present moment, aware UTC, from the clock file."""
        return datetime.fromisoformat(self.clock_file.read_text(encoding="utf-8").strip()).astimezone(UTC)

    def set_clock(self, moment: datetime) -> None:
        """Move the retailer's clock; the file is replaced whole."""
        half = self.clock_file.with_suffix(".half")
        half.parent.mkdir(parents=True, exist_ok=True)
        half.write_text(moment.astimezone(UTC).isoformat(), encoding="utf-8")
        half.replace(self.clock_file)

    def advance(self, **by: float) -> datetime:
        """Move the clock forward, e.g. `advance(days=1)`; the new time."""
        self.set_clock(self.now() + timedelta(**by))
        return self.now()

    def limiter(self, name: str, *, units: float, per_seconds: float) -> Limiter:
        """The limiter of that name, made at first use; `units` is the vendor's own figure and is multiplied by `rate` here."""
        with self._lock:
            if name not in self._limiters:
                self._limiters[name] = Limiter(units=units * self.rate, per_seconds=per_seconds)
            return self._limiters[name]


class _Unplanned(logging.Filter):
    """A connection that broke as planted is no fault of the server's; its traceback would stand there for each of thousands."""

    def filter(self, record: logging.LogRecord) -> bool:
        return not (record.exc_info and isinstance(record.exc_info[1], ConnectionResetError))


logging.getLogger("uvicorn.error").addFilter(_Unplanned())


def app(sandbox: Sandbox) -> FaultyTransport:
    """The ASGI application: vendors under their names, the retailer's own switches under /_sandbox."""
    mounts = [Mount(f"/{name}", routes=importlib.import_module(f"sandbox.{name}").routes(sandbox)) for name in VENDORS]

    def clock(request: Request) -> JSONResponse:
        return JSONResponse({"now": sandbox.now().isoformat(), "requests": dict(sandbox.requests), "met": sandbox.faults.met})

    return FaultyTransport(Starlette(routes=[Route("/_sandbox", clock), *mounts]), sandbox)


def settings(base_url: str, *, clock_file: Path, vendors: tuple[str, ...] = VENDORS, rate: float = 1.0) -> dict[str, str]:
    """The environment that points the pipelines at a sandbox."""
    environment = {"OMNIMART_CLOCK": str(clock_file)}
    for name in vendors:
        environment |= importlib.import_module(f"sandbox.{name}").settings(f"{base_url}/{name}", rate=rate)
    return environment


def storm(seed: int, share: float) -> Storm:
    """A storm over every vendor, its own faults among the rest."""
    return Storm(seed, share, {name: getattr(importlib.import_module(f"sandbox.{name}"), "FAULTS", ()) for name in VENDORS})


@dataclass(frozen=True)
class Running:
    """A server that answers. url: its address on loopback; sandbox: the switches behind it."""

    url: str
    sandbox: Sandbox

    def environment(self, *, vendors: tuple[str, ...] = VENDORS) -> dict[str, str]:
        """The settings for the pipelines."""
        return settings(self.url, clock_file=self.sandbox.clock_file, vendors=vendors, rate=self.sandbox.rate)


@contextlib.contextmanager
def serve_in_thread(sandbox: Sandbox) -> Iterator[Running]:
    """Serve on a free loopback port from a thread of this process, for tests. Left behind, it closes its port within a quarter of a
    second; nobody waits for it."""
    listening = socket.create_server((HOST, 0))
    server = uvicorn.Server(uvicorn.Config(app(sandbox), log_level="warning", access_log=False, lifespan="off"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    try:
        yield Running(f"http://{HOST}:{listening.getsockname()[1]}", sandbox)
    finally:
        server.should_exit = True
