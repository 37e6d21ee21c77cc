"""What the machine lacks: no vendor, no model and no audit is to blame when the disk is full or the memory too little.

    an error, or what was said of one  ──►  "disk", "memory" or nothing  ──►  the sentence and the heading of docs/operations.md
"""

from __future__ import annotations

import errno
import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager

DISK, MEMORY = "The disk is filling", "The memory is too little"  # headings of docs/operations.md
NUMBERS = {errno.ENOSPC: DISK, errno.EDQUOT: DISK, errno.EROFS: DISK, errno.ENOMEM: MEMORY}
# As the system, SQLite, DuckDB, Arrow and Python say it.
WORDS = {
    DISK: ("No space left", "Disk quota", "not enough space", "Read-only file system", "database or disk is full", "disk I/O error",
           "max_temp_directory_size"),
    MEMORY: ("Out of Memory Error", "MemoryError", "Cannot allocate memory", "std::bad_alloc", "malloc of size", "realloc of size",
             "can't start new thread", "could not allocate", "failed to allocate", "Allocation failure"),
}

NEXT = {
    DISK: "Make room, then `make refresh`.",
    MEMORY: "Free memory or set OMNIMART_MEMORY_LIMIT, then `make refresh`.",
}


def told(text: str) -> str | None:
    """Which of the two a text tells of, as a heading; the disk where both stand, since what does not fit into memory goes there."""
    return next((heading for heading, words in WORDS.items() if any(one in text for one in words)), None)


def lacking(fault: BaseException) -> str | None:
    """Which of the two an error or what lies under it tells of, as a heading; nothing where it is of another kind."""
    for cause in causes(fault):
        found = MEMORY if isinstance(cause, MemoryError) else NUMBERS.get(getattr(cause, "errno", None) or 0) or told(str(cause))
        if found:
            return found
    return None


def next_step(text: str) -> str:
    """What to do about what a text tells of; empty where it is neither of the two, or the text says it itself."""
    heading = told(text)
    return f"{NEXT[heading]} docs/operations.md, “{heading}”." if heading and f"“{heading}”" not in text else ""


def sentence(fault: BaseException) -> str | None:
    """An error as people read it, with the next step; nothing where the machine lacks nothing."""
    heading = lacking(fault)
    root = causes(fault)[-1]
    said = ": ".join(filter(None, (type(root).__name__, str(root).strip().rstrip("."))))
    return f"{said}. What was published stays. {NEXT[heading]} docs/operations.md, “{heading}”." if heading else None


@contextmanager
def as_failure() -> Iterator[None]:
    """A step that lacks room or memory fails with the sentence, not with a traceback of whoever met it first."""
    import dagster as dg  # 2 s that a command which only asks for a sentence need not pay

    try:
        yield
    except Exception as fault:
        said = sentence(fault)
        if said is None or isinstance(fault, dg.Failure):
            raise
        raise dg.Failure(said, allow_retries=False) from None


@contextmanager
def logs_without_room() -> Iterator[None]:
    """A log line that finds no room for itself is lost without a traceback, which would be one for each line: the step that met the full
    disk says so once. Any other fault of logging is told as ever."""
    told_as_ever = logging.Handler.handleError

    def handle(handler: logging.Handler, record: logging.LogRecord) -> None:
        fault = sys.exc_info()[1]
        if fault is None or not lacking(fault):
            told_as_ever(handler, record)

    logging.Handler.handleError = handle
    try:
        yield
    finally:
        logging.Handler.handleError = told_as_ever


def causes(fault: BaseException) -> list[BaseException]:
    """The fault and what lies under it, the root last."""
    return list(_under(fault))


def _under(fault: BaseException) -> Iterator[BaseException]:
    seen: list[BaseException] = []
    below: BaseException | None = fault
    while below is not None and below not in seen:
        seen.append(below)
        yield below
        below = below.__cause__ or below.__context__
