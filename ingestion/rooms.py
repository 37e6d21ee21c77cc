"""Who may read what the program writes, whatever the umask of its process: people stand in nearly all of it.

    $OMNIMART_DATA/<room>/  ──►  0700, its owner's alone     ($OMNIMART_DATA/published: orchestration/readers.py)

A closed folder is enough: what lies in it is reached by nobody who may not enter. DuckDB writes what does not fit into memory where its
process happens to stand, in the clear, so connections of ours are opened here and spill into a room.
"""

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

import duckdb

ROOMS = ("dagster", "dbt", "dlt", "identity", "lake", "metrics", "quality", "reports", "sandbox", "secrets", "spilled")
OWNER_ALONE = 0o700


def close(root: Path) -> None:
    """Make the rooms of a data folder and close them to all but their owner. Safe to repeat; a folder that was there before is left to who
    made it, but the rooms in it are closed."""
    if not root.exists():
        root.mkdir(parents=True, exist_ok=True)
        root.chmod(0o755)  # readers of what is published pass through it, and nobody else writes into it
    for name in ROOMS:
        room = root / name
        room.mkdir(exist_ok=True, mode=OWNER_ALONE)
        if room.stat().st_mode & 0o777 != OWNER_ALONE:
            room.chmod(OWNER_ALONE)


def quoted(path: Path | str) -> str:
    """A path as a text of SQL, for statements of DuckDB that take no parameters (attach, copy) or whose text is kept. What DuckDB's
    readers search by (`*`, `[`) stays so."""
    return "'" + str(path).replace("'", "''") + "'"


@contextmanager
def in_memory(root: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection to a database in memory, which spills into a folder of its own below `root`; that is gone when it is closed."""
    close(root)
    spilled = root / "spilled" / f"{os.getpid()}-{uuid4().hex[:8]}"
    connection = duckdb.connect(":memory:")
    try:
        connection.execute("set temp_directory = ?", [str(spilled)])
        yield connection
    finally:
        connection.close()
        shutil.rmtree(spilled, ignore_errors=True)


def sweep(root: Path, *, is_alive: Callable[[int], bool]) -> None:
    """Remove what connections of processes that died have spilled; `is_alive` says of a process whether it is there."""
    for spilled in (root / "spilled").glob("*-*"):
        if not is_alive(int(spilled.name.partition("-")[0])):
            shutil.rmtree(spilled)
