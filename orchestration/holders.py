"""Who else has the build file open, and waiting for them: DuckDB lets many read a file or one write it.

    somebody has warehouse.duckdb open  ──►  the build says who and waits  ──►  it is closed: dbt begins; or a sentence

The refresh lock keeps this program's own parts apart; this is about everybody else, such as a notebook that opened the wrong file.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from pathlib import Path

import duckdb

PATIENCE_SECONDS = 900.0
POLL_SECONDS = 1.0
FILE = re.compile(r"Could not set lock on file \"([^\"]+)\"")
HELD = re.compile(r"Conflicting lock is held(?: in (?P<program>.+?))? \(PID (?P<process>\d+)\)(?: by user (?P<user>[^.\s]+))?")


class FileHeld(Exception):
    """Another process has a file open for longer than one waits; the text is a sentence with the next step."""


def holder(error: Exception) -> str | None:
    """Who has the file open, of DuckDB's refusal to open it, such as 'process 4711 (python3.11, user anna)'; None of any other error."""
    told = str(error)
    if "Could not set lock on file" not in told:
        return None
    found = HELD.search(told)
    if not found:
        return "another process"
    known = [Path(found["program"]).name if found["program"] else "", f"user {found['user']}" if found["user"] else ""]
    return f"process {found['process']} ({', '.join(word for word in known if word)})".replace(" ()", "")


def sentence(error: Exception) -> str | None:
    """DuckDB's refusal to open a file for reading as people read it; None of any other error."""
    by, file = holder(error), FILE.search(str(error))
    return f"{Path(file[1]).name if file else 'The file'} is open for writing in {by}; ask again when it is closed." if by else None


def wait_until_closed(path: Path, *, say: Callable[[str], None], patience_seconds: float = PATIENCE_SECONDS) -> None:
    """Return when nobody else has this DuckDB file open, or there is none. Says once whom it waits for. Raises FileHeld when somebody
    still has it open after `patience_seconds`; what else is wrong with the file is left for who opens it next."""
    began, said = time.monotonic(), False
    while path.exists():
        try:
            duckdb.connect(path).close()
            return
        except duckdb.Error as error:
            by = holder(error)
            if not by:
                return
            if time.monotonic() - began >= patience_seconds:
                raise FileHeld(
                    f"{path.name} is still open in {by} after {patience_seconds:.0f} s, and cannot be built meanwhile. End that process "
                    "and start again. Read figures in published/omnimart.duckdb, rejected records with `make quarantine`."
                ) from None
        if not said:
            say(f"{path.name} is open in {by}; the build waits for it to be closed, at most {patience_seconds / 60:.0f} min.")
            said = True
        time.sleep(POLL_SECONDS)
