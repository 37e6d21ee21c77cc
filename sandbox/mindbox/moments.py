"""Times on Mindbox's wire.

text of a request -> `moment`; World's naive UTC times -> `stamp`. The clients of the exports pass several spellings and the vendor takes
them all; what a minute-sized spelling leaves out is zero.
"""

from datetime import UTC, datetime
from typing import Any

import numpy as np

SPELLINGS = ("%Y-%m-%d %H:%M", "%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M:%S.%f", "%Y-%m-%d", "%d.%m.%Y %H:%M:%S")


class Unreadable(Exception):
    """A time in a request that cannot be read; `member` is where it stood."""

    def __init__(self, message: str, member: str) -> None:
        super().__init__(message)
        self.member = member


def moment(text: Any, member: str) -> datetime | None:
    """Aware UTC time of a request's member; None when it is absent. Raises Unreadable."""
    if text is None:
        return None
    if isinstance(text, str):
        for spelling in SPELLINGS:
            try:
                return datetime.strptime(text, spelling).replace(tzinfo=UTC)
            except ValueError:
                continue
        try:
            found = datetime.fromisoformat(text)
            return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
        except ValueError:
            pass
    raise Unreadable(f"Значение {text!r} не является датой.", member)


def as_numpy(moment_at: datetime) -> np.datetime64:
    """An aware time as the World's frames hold theirs: naive UTC, microseconds."""
    return np.datetime64(moment_at.astimezone(UTC).replace(tzinfo=None), "us")


def stamps(times: np.ndarray) -> list[str]:
    """`2026-10-31T22:59:59.000Z`, as the export files write times."""
    return [f"{text}Z" for text in np.datetime_as_string(times.astype("datetime64[ms]")).tolist()]


def stamp(time: Any) -> str:
    """One time of a frame, as `stamps`."""
    return stamps(np.array([np.datetime64(time)]))[0]


def page_stamp(time: Any) -> str:
    """`2018-09-18 20:46:58.670`, the spelling of the merges page, without a zone."""
    return np.datetime_as_string(np.datetime64(time), unit="ms").replace("T", " ")
