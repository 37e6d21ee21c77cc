"""One published set as it stands at a moment: keys and dates prepared, records made when they are asked for.

    keys in the order of (date, key), record(number)  ->  `Shelf`
"""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

DATED = {"Date", "Period"}


@dataclass(frozen=True)
class Shelf:
    """keys: by row, in the order of `dates` where the set has them (a document's Date, a recorder's Period), else as they come."""

    keys: list[str]
    make: Callable[[int], dict[str, Any]]
    dates: list[str] | None = None

    @cached_property
    def row_of(self) -> dict[str, int]:
        """The row of a key."""
        return {key: row for row, key in enumerate(self.keys)}

    @cached_property
    def by_key(self) -> list[int]:
        """The rows in the order of their keys, which is how an unordered query finds them: not by date."""
        return sorted(range(len(self.keys)), key=self.keys.__getitem__)

    def record(self, row: int) -> dict[str, Any]:
        """A new record; the caller may change it."""
        return self.make(row)

    def between(self, bounds: Iterable[tuple[str, str]]) -> range:
        """The rows whose date meets every (operator, literal)."""
        first, last = 0, len(self.keys)
        for operator, text in bounds:
            left, right = bisect_left(self.dates, text), bisect_right(self.dates, text)
            first = max(first, {"ge": left, "gt": right, "eq": left}.get(operator, 0))
            last = min(last, {"lt": left, "le": right, "eq": right}.get(operator, last))
        return range(first, max(first, last))


def dated(entries: list[tuple[str, str, Any]], make: Callable[[Any], dict[str, Any]]) -> Shelf:
    """A shelf of (date, key, what `make` needs for the record)."""
    entries.sort(key=lambda entry: entry[:2])
    return Shelf([entry[1] for entry in entries], lambda row: make(entries[row][2]), [entry[0] for entry in entries])


def listed(entries: list[tuple[str, Any]], make: Callable[[Any], dict[str, Any]]) -> Shelf:
    """A shelf of (key, what `make` needs) without dates."""
    return Shelf([entry[0] for entry in entries], lambda row: make(entries[row][1]))
