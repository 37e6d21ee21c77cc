"""Where Dagster keeps its runs, and the lock that keeps two refreshes apart.

    dagster.yaml (repository)  ──►  $OMNIMART_DATA/dagster/dagster.yaml  ──►  DAGSTER_HOME

The file in the repository is what plain `dagster dev` reads in the repository's root, so it names the default folders.
`make dev`, `make refresh` and the tests give Dagster a home under $OMNIMART_DATA: the same settings without the folders,
which Dagster then lays out in its home in the same way; both ways of starting see the same runs.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import yaml
from filelock import FileLock, Timeout

from ingestion import rooms
from ingestion.accounts import REPOSITORY
from ingestion.lake import data_root

FOLDERS = ("storage", "local_artifact_storage", "compute_logs")


class RefreshRunning(Exception):
    """Another refresh holds the lock; the text is a sentence."""


def prepare() -> Path:
    """Make Dagster's home, put its settings there, and name it in DAGSTER_HOME. Safe to repeat."""
    rooms.close(data_root())
    home = data_root() / "dagster"
    settings = yaml.safe_load((REPOSITORY / "dagster.yaml").read_text(encoding="utf-8"))
    text = yaml.safe_dump({key: value for key, value in settings.items() if key not in FOLDERS}, sort_keys=False)
    written = home / "dagster.yaml"
    if not written.exists() or written.read_text(encoding="utf-8") != text:
        half = written.with_suffix(f".{os.getpid()}")
        half.write_text(text, encoding="utf-8")
        half.replace(written)
    os.environ["DAGSTER_HOME"] = str(home)
    return home


@contextmanager
def refresh_lock(*, wait_seconds: float = 0, holder: str = "") -> Iterator[None]:
    """Hold the one refresh lock. The operating system lets go of it when a process dies, so a crash leaves no lock behind.
    Raises RefreshRunning when it is held by somebody else for longer than `wait_seconds`."""
    rooms.close(data_root())
    path = data_root() / "refresh.lock"
    note = path.with_suffix(".holder")
    lock = FileLock(path, timeout=wait_seconds, mode=0o600)
    try:
        lock.acquire()
    except Timeout:
        by = note.read_text(encoding="utf-8").strip() if note.exists() else "another process"
        raise RefreshRunning(
            f"A refresh is already running on {data_root()} ({by}). This one did nothing; "
            "wait for the other to end and start again."
        ) from None
    try:
        note.touch(mode=0o600)
        note.write_text(f"process {os.getpid()} {holder}".strip(), encoding="utf-8")
        yield
    finally:
        note.unlink(missing_ok=True)
        lock.release()


def is_alive(process: int) -> bool:
    """Whether there is a process of this number on this machine."""
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:  # another user's
        return True
    return True


def is_idle() -> bool:
    """True when no refresh holds the lock."""
    try:
        with refresh_lock(holder="a look whether it is free"):
            return True
    except RefreshRunning:
        return False


if __name__ == "__main__":
    print(prepare())
