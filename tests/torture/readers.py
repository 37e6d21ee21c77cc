"""BI tools as processes of their own that read what is published in a loop, while versions come, go back and are removed under them.

    python -m tests.torture.readers <published> <how> <stamps as JSON>  ──►  a line for each look: what it saw, or what failed

`stamps`: {table: column}, columns that hold one and the same value in every row of every one of these tables of a version, so that a
reader who met two versions at once would see two values. How: `duckdb` opens the file for each look, `held` keeps it open until its version
is gone from the disk and reads on, `parquet` resolves `current` once for a look.
"""

import json
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import duckdb

from ingestion.accounts import REPOSITORY

HOW = ("duckdb", "duckdb", "duckdb", "held", "parquet")
READS_AFTER_REMOVAL = 3
PATIENCE_SECONDS = 300
PAUSE_SECONDS = 0.01


class Readers:
    """Processes that read. looks: how many each has finished; stamps: which values they saw; wrong: what they should not have seen or what
    failed; outlived: how often a version was removed under one who had it open."""

    def __init__(self, published: Path, stamps: Mapping[str, str], how: tuple[str, ...] = HOW) -> None:
        self.looks, self.stamps, self.wrong, self.outlived = [0] * len(how), set(), [], 0
        self._news = threading.Condition()
        command = [sys.executable, "-m", "tests.torture.readers", str(published)]
        self._processes = [subprocess.Popen([*command, one, json.dumps(stamps)], cwd=REPOSITORY, stdout=subprocess.PIPE, text=True)
                           for one in how]
        self._threads = [threading.Thread(target=self._listen, args=(number,), daemon=True) for number in range(len(how))]
        for thread in self._threads:
            thread.start()

    def let_each_look(self) -> None:
        """Wait until every one of them has finished another look. Raises TimeoutError."""
        wanted = [looks + 1 for looks in self.looks]
        with self._news:
            if not self._news.wait_for(lambda: all(has >= want for has, want in zip(self.looks, wanted, strict=True)), PATIENCE_SECONDS):
                raise TimeoutError(f"looks {self.looks}, wanted {wanted}; {self.wrong[:3]}")

    def end(self) -> None:
        """Stop them."""
        for process in self._processes:
            process.terminate()
            process.wait()
        for thread in self._threads:
            thread.join()
        for process in self._processes:
            process.stdout.close()

    def _listen(self, number: int) -> None:
        for line in self._processes[number].stdout:
            told = json.loads(line)
            with self._news:
                self.looks[number] += 1
                self.stamps.update(told["seen"])
                self.outlived += told["outlived"]
                if told["failed"] or len(told["seen"]) != 1:
                    self.wrong.append(f"{told['how']}: {told['failed'] or told['seen']}")
                self._news.notify_all()


@contextmanager
def reading(published: Path, stamps: Mapping[str, str], how: tuple[str, ...] = HOW) -> Iterator[Readers]:
    """Readers that have looked at least once."""
    readers = Readers(published, stamps, how)
    try:
        readers.let_each_look()
        yield readers
    finally:
        readers.end()


def looks(published: Path, how: str, stamps: Mapping[str, str]) -> Iterator[dict]:
    """One look after another, for ever."""
    while True:
        try:
            for seen, outlived in {"duckdb": _open, "held": _hold, "parquet": _files}[how](published, stamps):
                yield {"how": how, "seen": sorted(seen), "outlived": outlived, "failed": ""}
        except Exception as error:
            yield {"how": how, "seen": [], "outlived": 0, "failed": f"{type(error).__name__}: {error}"}


def _seen(connection: duckdb.DuckDBPyConnection, stamps: Mapping[str, str], table: str = "marts.{}") -> set[str]:
    """Every value of the stamps, one query a table, the first table again at the end."""
    seen = set()
    for name in [*stamps, next(iter(stamps))]:
        seen |= {str(value) for (value,) in connection.execute(f"select distinct {stamps[name]} from {table.format(name)}").fetchall()}
    return seen


def _open(published: Path, stamps: Mapping[str, str]) -> Iterator[tuple[set[str], int]]:
    with duckdb.connect(str(published / "omnimart.duckdb"), read_only=True) as connection:
        yield _seen(connection, stamps), 0


def _hold(published: Path, stamps: Mapping[str, str]) -> Iterator[tuple[set[str], int]]:
    file = (published / "omnimart.duckdb").resolve()
    with duckdb.connect(str(file), read_only=True) as connection:
        while file.exists():
            yield _seen(connection, stamps), 0
        for _ in range(READS_AFTER_REMOVAL - 1):
            yield _seen(connection, stamps), 0
        yield _seen(connection, stamps), 1


def _files(published: Path, stamps: Mapping[str, str]) -> Iterator[tuple[set[str], int]]:
    folder = (published / "current").resolve() / "marts"
    with duckdb.connect() as connection:
        yield _seen(connection, stamps, f"'{folder}/{{}}.parquet'"), 0


if __name__ == "__main__":
    for look in looks(Path(sys.argv[1]), sys.argv[2], json.loads(sys.argv[3])):
        print(json.dumps(look), flush=True)
        time.sleep(PAUSE_SECONDS)
