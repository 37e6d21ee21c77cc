"""What can go wrong on the way: planted faults of the network, and planted poison in single records.

tests or `python -m sandbox fault …` -> Faults / Tampering -> server and vendor modules. Everything is off until planted.
"""

import re
import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import msgspec

from sandbox.asked import Asked

FaultKind = Literal["status", "html", "truncated", "truncated_without_length", "reset", "slow", "drip", "empty", "repeat", "last_page",
                    "no_rows", "doubled", "marked", "shift"]


@dataclass(frozen=True)
class Fault:
    """One planted fault: which requests it meets (vendor or *, regular expression on path and query, a stage if one is named), what it
    does and how often.

    kind: `status` answers with `status`, `headers` and `body`; `html` a page with 200; `truncated` half the body under the whole length;
    `truncated_without_length` half the body, chunked; `reset` closes the connection; `slow` waits `seconds` first; `drip` sends a byte
    every `seconds`; `empty` an empty body; `repeat` answers the previous answer of the same path again, `last_page` the page before of the
    same list; `no_rows` the page without its records, `doubled` with the last record of the page before; `marked` with byte
    order marks before it and before each of its records; `shift` moves the retailer's clock
    on by `seconds` first, so that records come, go and change their places. What an answer has not (records, a page before it) cannot go
    wrong: then it passes as it is.
    after: how many matching requests pass before it begins; until: tells a Retry-After, the date so many seconds from now.
    """

    vendor: str
    path: str = ".*"
    kind: FaultKind = "status"
    status: int = 503
    headers: dict[str, str] = field(default_factory=dict)
    body: str = '{"success":false,"errorMsg":"planted"}'
    seconds: float = 1.0
    times: int = 1
    after: int = 0
    stage: str = ""
    until: float | None = None

    def meets(self, asked: Asked) -> bool:
        """Whether it is meant for this request."""
        return self.vendor in (asked.vendor, "*") and bool(re.search(self.path, asked.target)) and self.stage in ("", asked.stage)


class Faults:
    """The planted faults, in order, then the storm's; thread-safe. met: how many requests met one; happened: (vendor, stage, kind, status)
    of those whose answers were spoiled; seen, while it is a Counter: how often each (vendor, stage) was asked; storm: the fault of a
    request that is the n-th of its stage."""

    def __init__(self) -> None:
        self._lock, self._planted, self.met = threading.Lock(), [], 0
        self._asked: Counter[tuple[str, str]] = Counter()
        self.happened: list[tuple[str, str, str, int]] = []
        self.seen: Counter[tuple[str, str]] | None = None
        self.storm: Callable[[Asked, int], Fault | None] | None = None

    def plant(self, fault: Fault) -> None:
        """Add a fault."""
        with self._lock:
            self._planted.append(fault)

    def clear(self) -> None:
        """Remove every fault."""
        self.take()

    def take(self) -> list[Fault]:
        """Remove every fault; what is left of them."""
        with self._lock:
            left, self._planted = self._planted, []
            return left

    def meet(self, asked: Asked) -> Fault | None:
        """The fault that this request meets, counted down; None for most."""
        with self._lock:
            if self.seen is not None:
                self.seen[asked.vendor, asked.stage] += 1
            for place, fault in enumerate(self._planted):
                if fault.meets(asked):
                    if fault.after > 0:
                        self._planted[place] = replace(fault, after=fault.after - 1)
                        continue
                    if fault.times <= 0:
                        continue
                    self._planted[place] = replace(fault, times=fault.times - 1)
                    self.met += 1
                    return fault
            if self.storm is None:
                return None
            self._asked[asked.vendor, asked.stage] += 1
            fault = self.storm(asked, self._asked[asked.vendor, asked.stage])
            self.met += fault is not None
            return fault

    def note(self, asked: Asked, fault: Fault) -> None:
        """An answer was spoiled."""
        with self._lock:
            self.happened.append((asked.vendor, asked.stage, fault.kind, fault.status if fault.kind == "status" else 200))


@dataclass(frozen=True)
class Poison:
    """A spoiled record. set: members (dotted paths) given another value, or removed when the value is Poison.GONE; raw: bytes that replace
    `find` in the record's JSON, e.g. a cut emoji or another encoding."""

    vendor: str
    resource: str
    key: str
    set: dict[str, Any] = field(default_factory=dict)
    find: bytes = b""
    raw: bytes = b""
    GONE = "\x00gone"


class Tampering:
    """The planted poison; vendor modules pass every record they serve through `apply`."""

    def __init__(self) -> None:
        self._lock, self._planted = threading.Lock(), {}

    def plant(self, poison: Poison) -> None:
        """Spoil one record from now on."""
        with self._lock:
            self._planted.setdefault((poison.vendor, poison.resource, str(poison.key)), []).append(poison)

    def clear(self) -> None:
        """Serve every record clean again."""
        with self._lock:
            self._planted.clear()

    @property
    def is_clean(self) -> bool:
        """True while nothing is planted, so that what was written once may be served again."""
        return not self._planted

    def keys(self, vendor: str, resource: str) -> frozenset[str]:
        """The keys for which poison is planted, for a vendor whose records are no JSON and who asks only for these."""
        with self._lock:
            return frozenset(key for of, what, key in self._planted if (of, what) == (vendor, resource))

    def apply(self, vendor: str, resource: str, key: str, record: dict[str, Any]) -> bytes:
        """The record as JSON bytes, spoiled if poison was planted for it."""
        poisons = self._planted.get((vendor, resource, str(key))) if self._planted else None
        if not poisons:
            return encode(record)
        for poison in poisons:
            for path, value in poison.set.items():
                _set(record, path.split("."), value)
        body = encode(record)
        for poison in poisons:
            if poison.find:
                if poison.find not in body:
                    raise ValueError(f"{vendor} {resource} {key}: {poison.find!r} is not in the record, so the poison was not planted")
                body = body.replace(poison.find, poison.raw)
        return body


def encode(record: Any) -> bytes:
    """Compact JSON in UTF-8, as vendors send it."""
    return msgspec.json.encode(record)


def _set(record: Any, path: list[str], value: Any) -> None:
    for name in path[:-1]:
        record = record[int(name)] if isinstance(record, list) else record[name]
    if value == Poison.GONE:
        record.pop(path[-1], None)
    elif isinstance(record, list):
        record[int(path[-1])] = value
    else:
        record[path[-1]] = value
