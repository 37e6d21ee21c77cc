"""Which vendors are on; and when none is, the sandbox that stands in for them.

    no vendor configured  ──►  python -m sandbox serve (a process of its own)  ──►  its settings in this environment

Used by `make refresh` and `make dev`. A sandbox that already answers is used and left running; one started here ends with us.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

from ingestion.accounts import REPOSITORY
from ingestion.lake import data_root
from ingestion.vendors import vendors

# The sandbox keeps the vendors' documented limits; for a first look it is asked to be faster than they are.
RATE = "100"
PATIENCE_SECONDS = 120


def switched_on() -> list[str]:
    """`vendor/account` of everything that is configured. Raises ingestion's SettingError for settings that cannot be read at all."""
    return [f"{vendor.name}/{account.name}" for vendor in vendors() for account in vendor.accounts()]


@contextmanager
def vendors_or_sandbox(options: list[str]) -> Iterator[bool]:
    """Make sure that there is somebody to read from; gives True when it is the sandbox. `options` go to `sandbox serve`.
    Raises RuntimeError when the sandbox does not start."""
    if switched_on():
        yield False
        return
    running = _running()
    if running and not options:
        os.environ.update(running["environment"])
        yield True
        return
    process = _start(options)
    try:
        os.environ.update(_wait_for(process)["environment"])
        yield True
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            process.kill()


def _start(options: list[str]) -> subprocess.Popen[bytes]:
    folder = data_root() / "sandbox"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "server.json").unlink(missing_ok=True)
    rate = [] if "--rate" in options else ["--rate", RATE]
    environment = {**os.environ, "OMNIMART_DATA": str(data_root())}
    with (folder / "server.log").open("wb") as log:
        return subprocess.Popen(
            [sys.executable, "-m", "sandbox", "serve", "--end-with", str(os.getpid()), *rate, *options],
            cwd=REPOSITORY,
            env=environment,
            stdout=log,
            stderr=subprocess.STDOUT,
        )


def _wait_for(process: subprocess.Popen[bytes]) -> dict[str, Any]:
    until = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < until:
        if process.poll() is not None:
            said = (data_root() / "sandbox" / "server.log").read_text(encoding="utf-8", errors="replace").strip().splitlines()
            raise RuntimeError(f"The sandbox ended before it answered: {said[-1] if said else 'it said nothing'}")
        if running := _running():
            return running
        time.sleep(0.2)
    raise RuntimeError(f"The sandbox did not answer within {PATIENCE_SECONDS} s; see {data_root() / 'sandbox' / 'server.log'}.")


def _running() -> dict[str, Any] | None:
    """The card of a sandbox that answers under this data folder, or None."""
    card = data_root() / "sandbox" / "server.json"
    if not card.exists():
        return None
    running = json.loads(card.read_text(encoding="utf-8"))
    address = urlsplit(running["url"])
    try:
        os.kill(running["pid"], 0)
        socket.create_connection((address.hostname, address.port), timeout=2).close()
    except OSError:
        return None
    return running
