"""The one lock on a data folder: whoever lands, builds or publishes holds it.

    refresh, backfill, replay, rebuild, one vendor's load, publish  ──►  $OMNIMART_DATA/refresh.lock, refresh.holder (who it is)

It is the operating system's, which lets go of it when the process is gone: a crash leaves none. A second refresh does nothing and says so,
since the first one does its work; a refresh that meets anything else waits for its end, so that no night is lost; a backfill and the load
of one vendor wait for whatever it is.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from ingestion import rooms
from ingestion.lake import data_root

REFRESH, BACKFILL, REPLAY, REBUILD, LOAD, BUILD = "refresh", "backfill", "replay", "rebuild", "load", "build"
KINDS = (REFRESH, BACKFILL, REPLAY, REBUILD, LOAD, BUILD)
LONGEST_WAIT_SECONDS = 6 * 3600.0  # as long as a run may take (dagster.yaml)
POLL_SECONDS = 0.1
UNKNOWN_SECONDS = 1.0  # a holder that has just taken the lock has not said who it is

_own = {"is_shared": False}


class RefreshRunning(Exception):
    """Somebody else holds the lock; the text is a sentence."""


def nobody(kind: str) -> bool:
    """Whom somebody waits for who waits for none."""
    return False


def anybody(kind: str) -> bool:
    """Whom a backfill waits for."""
    return True


def all_but_a_refresh(kind: str) -> bool:
    """Whom a refresh waits for."""
    return kind != REFRESH


@contextmanager
def refresh_lock(*, wait_seconds: float = 0, holder: str = "", waits_for: Callable[[str], bool] = nobody,
                 say: Callable[[str], None] | None = None, shared: bool = False, joins: bool = False) -> Iterator[None]:
    """Hold the lock. holder: who it is, its kind first (`backfill, run 1a2b`). For a holder whose kind `waits_for` takes it waits until
    that one is done, and says so once. shared: this process's own `joins` go through without taking it again. Raises RefreshRunning when
    somebody else holds it for longer than `wait_seconds`."""
    if joins and _own["is_shared"]:
        yield
        return
    rooms.close(data_root())
    path = data_root() / "refresh.lock"
    note, lock = path.with_suffix(".holder"), FileLock(path, mode=0o600)
    _acquire(lock, _told_by(note), wait_seconds, waits_for, say)
    try:
        note.touch(mode=0o600)
        note.write_text(f"process {os.getpid()} {holder}".strip(), encoding="utf-8")
        _own["is_shared"] = shared
        yield
    finally:
        _own["is_shared"] = False
        note.unlink(missing_ok=True)
        lock.release()


def is_idle() -> bool:
    """True when nobody holds the lock."""
    try:
        with refresh_lock(holder="a look whether it is free"):
            return True
    except RefreshRunning:
        return False


def is_alive(process: int) -> bool:
    """Whether there is a process of this number on this machine."""
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:  # another user's
        return True
    return True


def _acquire(lock: FileLock, told: Callable[[], str], wait_seconds: float, waits_for: Callable[[str], bool],
             say: Callable[[str], None] | None) -> None:
    began = met = time.monotonic()
    said = False
    while True:
        try:
            lock.acquire(timeout=0)
            return
        except Timeout:
            by, now = told(), time.monotonic()
            kind = _kind(by)
            if by and waits_for(kind) and now - began < LONGEST_WAIT_SECONDS:
                if say and not said:
                    say(f"A {kind or REFRESH} is running on {data_root()} ({by}); this one waits for its end.")
                said, met = True, now  # who comes after that one is met from now on
            elif now - met >= (wait_seconds if by else max(wait_seconds, UNKNOWN_SECONDS)):
                raise RefreshRunning(
                    f"A {kind or REFRESH} is already running on {data_root()} ({by or 'another process'}). This one did nothing; "
                    "wait for the other to end and start again."
                ) from None
        time.sleep(POLL_SECONDS)


def _told_by(note: Path) -> Callable[[], str]:
    """Reads who holds the lock; empty when it does not say, or a dead process said it."""
    def told() -> str:
        try:
            by = note.read_text(encoding="utf-8").strip()
        except OSError:
            return ""
        number = by.split()[1:2]
        return by if number and number[0].isdigit() and is_alive(int(number[0])) else ""

    return told


def _kind(by: str) -> str:
    """What the holder is doing, as one of KINDS; empty for whatever else it is."""
    words = by.replace(",", " ").split()[2:3]
    return words[0] if words and words[0] in KINDS else ""
