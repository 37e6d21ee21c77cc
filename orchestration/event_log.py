"""Dagster's event log on SQLite, with its connections kept.

    store_event ──► SqliteEventLogStorage._connect ──► a file's connection, opened once a thread

For every event, two or three times for one of an asset, Dagster makes an engine, opens the file and closes it, which brings SQLite's
journal home each time; a refresh tells some 2 000. Here the connection stays open in this process. What is written, and when it is
committed, is the same (tests/orchestration/test_event_log.py); benchmarks/event_log.py measures the difference.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from dagster._core.storage.event_log.sqlite.sqlite_event_log import SqliteEventLogStorage
from dagster._core.storage.sqlite import SQLITE_BUSY_TIMEOUT_SECONDS
from sqlalchemy import Connection, Engine, create_engine
from sqlalchemy.pool import SingletonThreadPool

MOST_FILES = 4  # each run has a file of its own beside the index of all runs; a process that outlives many runs closes the oldest


class Engines:
    """The engines of the last used files."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: OrderedDict[Path, Engine] = OrderedDict()

    def of(self, path: Path, address: str) -> Engine:
        """The engine of a file; a new one where the file is gone, as after `dagster run wipe`."""
        with self._lock:
            if path in self._kept and not path.exists():
                self._kept.pop(path).dispose()
            if path not in self._kept:
                waits = {"timeout": SQLITE_BUSY_TIMEOUT_SECONDS}
                self._kept[path] = create_engine(address, poolclass=SingletonThreadPool, connect_args=waits)
            self._kept.move_to_end(path)
            while len(self._kept) > MOST_FILES:
                self._kept.popitem(last=False)[1].dispose()
            return self._kept[path]


ENGINES = Engines()
OF_DAGSTER = SqliteEventLogStorage._connect


@contextmanager
def _connect(storage: SqliteEventLogStorage, shard: str) -> Iterator[Connection]:
    """A transaction in the file of a run, or in the index; in place of Dagster's own."""
    with storage._db_lock:
        engine = ENGINES.of(Path(storage.path_for_shard(shard)), storage.conn_string_for_shard(shard))
        if shard not in storage._initialized_dbs:
            storage._initdb(engine)
            storage._initialized_dbs.add(shard)
        with engine.connect() as connection, connection.begin():
            yield connection


def keep_connections() -> None:
    """Let every event log of this process keep its connections. Safe to repeat."""
    SqliteEventLogStorage._connect = _connect
