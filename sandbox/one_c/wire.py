"""How 1C writes: references, naive server times, roubles, versions of objects, Int64 as text, error bodies.

    the world's ids, UTC times and whole kopecks  ->  the members of a JSON record
"""

import base64
import hashlib
import uuid
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from sandbox.faults import encode

NIL = "00000000-0000-0000-0000-000000000000"
EMPTY_DATE = "0001-01-01T00:00:00"
NAMES = uuid.UUID("1cd0b6c1-3f2e-11e8-80c6-00155d010203")


@lru_cache(maxsize=200_000)
def made_key(*parts: Any) -> str:
    """The stable Ref_Key of a thing, which is no other system's id: made_key("receipt", order's uuid)."""
    return str(uuid.uuid5(NAMES, "/".join(map(str, parts))))


@dataclass(frozen=True)
class Clock:
    """The server's time zone; 1C writes its local time without an offset."""

    zone: ZoneInfo

    def at(self, moment: datetime | None) -> str:
        """A naive UTC time as 1C writes it, to the second; the empty date for none."""
        return self.local(moment).strftime("%Y-%m-%dT%H:%M:%S") if moment else EMPTY_DATE

    def local(self, moment: datetime) -> datetime:
        """A naive UTC time as the server's naive time."""
        return moment.replace(tzinfo=UTC).astimezone(self.zone).replace(tzinfo=None)


def midnight(day: date | None) -> str:
    """A date without a time; the empty date for none."""
    return f"{day:%Y-%m-%d}T00:00:00" if day else EMPTY_DATE


def roubles(kopecks: int) -> int | float:
    """An amount as JSON shows a fractional number: 120, 99.9."""
    return kopecks // 100 if kopecks % 100 == 0 else kopecks / 100


def rows(key: str, lines: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """A tabular section of the object `key`: its lines with their numbers, from 1, as Int64."""
    return [{"Ref_Key": key, "LineNumber": str(number), **line} for number, line in enumerate(lines, start=1)]


def versioned(record: dict[str, Any]) -> dict[str, Any]:
    """The record with its DataVersion after Ref_Key: eight bytes that are others whenever anything else in it is."""
    version = base64.b64encode(hashlib.blake2b(encode(record), digest_size=8).digest()).decode()
    return {"Ref_Key": record["Ref_Key"], "DataVersion": version, **record}
