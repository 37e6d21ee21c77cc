"""A shelf: one kind of record at one moment, as columns to filter and sort by and a way to write a row.

rows of the world  ->  `Shelf`  ->  query.select, then `record(row)` for the rows of the page only
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

import pandas as pd

from sandbox.moysklad.wire import MOSCOW, at

TIMES = frozenset({"moment", "created", "updated", "deleted"})


@dataclass(frozen=True)
class Shelf:
    """columns: what may be filtered and sorted by, times in Moscow's; record(row): the row as the vendor writes it."""

    columns: pd.DataFrame
    record: Callable[[int], dict[str, Any]]

    @cached_property
    def row_of(self) -> dict[str, int]:
        """id -> number of the row."""
        return {key: row for row, key in enumerate(self.columns["id"])}


def columns(**lists: Sequence[Any]) -> pd.DataFrame:
    """The columns of a shelf from lists of naive UTC times and plain values; `moment` is cut to the minute."""
    made: dict[str, Any] = {}
    for name, values in lists.items():
        if name in TIMES:
            times = pd.Series(pd.to_datetime(list(values), utc=True)).dt.as_unit("us").dt.tz_convert(MOSCOW).dt.tz_localize(None)
            made[name] = times.dt.floor("min") if name == "moment" else times.dt.floor("ms")
        elif name == "archived":
            made[name] = pd.Series(list(values), dtype=bool)
        else:
            made[name] = pd.Series(list(values), dtype=object if not values or isinstance(values[0], (str, type(None))) else None)
    return pd.DataFrame(made)


def listed(records: list[dict[str, Any]], *, updated: Sequence[datetime] | None) -> Shelf:
    """A short list, written whole."""
    made = {
        "id": [r["id"] for r in records],
        "name": [r["name"] for r in records],
        "externalCode": [r.get("externalCode") for r in records],
    }
    times = {} if updated is None else {"updated": list(updated)}
    flags = {"archived": [r["archived"] for r in records]} if records and "archived" in records[0] else {}
    return Shelf(columns(**made, **times, **flags), lambda row: records[row])


def binned(record: dict[str, Any], deleted: datetime | None) -> dict[str, Any]:
    """The record as it shows in the recycle bin, when it is there."""
    return record if deleted is None else {**record, "deleted": at(deleted)}
