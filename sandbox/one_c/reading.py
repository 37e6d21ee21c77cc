"""A query against a set: which rows, in which order, which page of them, with which of their attributes.

    ObjectSet, its shelf, `Asked`  ->  `Page`: (key, record) pairs and how many there are in all

Rows are found without making records wherever dates and keys suffice, so that a page costs what its own records cost.
"""

import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sandbox.one_c import filters
from sandbox.one_c.configuration import ObjectSet
from sandbox.one_c.query import Asked
from sandbox.one_c.refusals import Refusal
from sandbox.one_c.shelf import DATED, Shelf
from sandbox.one_c.wire import NIL

HIDDEN_EVERY = 10
Record = dict[str, Any]
Show = Callable[[Record], Record]


@dataclass(frozen=True)
class Page:
    """total: of everything that meets the filter."""

    rows: list[tuple[str, Record]]
    total: int


def page(of: ObjectSet, shelf: Shelf, asked: Asked, *, is_restricted: bool = False) -> Page:
    """A page of the set itself. Raises Refusal."""
    wanted = filters.condition(asked.filter, of, keyed_by="Ref_Key")
    rows = _found(shelf, wanted)
    if wanted.rest:
        rows = [row for row in rows if wanted.rest(shelf.record(row))]
    if is_restricted:
        rows = _seen(rows, shelf, asked)
    rows = _ordered(of, shelf, rows, asked)
    return Page([(shelf.keys[row], shelf.record(row)) for row in asked.page(rows)], len(rows))


def lines(of: ObjectSet, shelf: Shelf, section: str, asked: Asked) -> Page:
    """A page of the rows of a tabular section, or of the records of a register."""
    wanted = filters.condition(asked.filter, of, keyed_by="Ref_Key", section=section)
    if wanted.keys is not None:
        parents: Sequence[int] = sorted(shelf.row_of[key] for key in wanted.keys if key in shelf.row_of)
    else:
        parents = shelf.by_key
    found = [
        (shelf.keys[row], line)
        for row in parents
        for line in shelf.record(row)[section]
        if wanted.rest is None or wanted.rest(line)
    ]
    for name, is_descending in reversed(asked.order):
        kind = {"Ref_Key": "Guid", "LineNumber": "Int64"}.get(name) or of.type_of(f"{section}/{name}")
        value = _value_of(name, kind)
        found.sort(key=lambda pair, value=value: value(pair[1]), reverse=is_descending)
    return Page(list(asked.page(found)), len(found))


def _found(shelf: Shelf, wanted: filters.Condition) -> Sequence[int]:
    within = shelf.between(wanted.bounds) if wanted.bounds else range(len(shelf.keys))
    if wanted.keys is None:
        return within
    return [row for row in (shelf.row_of.get(key) for key in wanted.keys) if row is not None and row in within]


def _seen(rows: Sequence[int], shelf: Shelf, asked: Asked) -> list[int]:
    """The rows that the user's rights let through; the whole query fails when there are others, unless only these were asked for."""
    seen = [row for row in rows if zlib.crc32(shelf.keys[row].encode()) % HIDDEN_EVERY]
    if len(seen) < len(rows) and not asked.allowed_only:
        raise Refusal(401, 20, "Ошибка прав доступа: недостаточно прав на часть данных выборки")
    return seen


def _ordered(of: ObjectSet, shelf: Shelf, rows: Sequence[int], asked: Asked) -> Sequence[int]:
    if not asked.order:
        return shelf.by_key if len(rows) == len(shelf.keys) else sorted(rows, key=shelf.keys.__getitem__)
    own = of.keys[0] if len(of.keys) == 1 else ""
    if shelf.dates is not None and asked.order[0] in {(name, False) for name in DATED} and asked.order[1:] in ((), ((own, False),)):
        return rows if isinstance(rows, range) else sorted(rows)
    rows = sorted(rows, key=shelf.keys.__getitem__)
    made = None
    for name, is_descending in reversed(asked.order):
        if name == own:
            rows.sort(key=shelf.keys.__getitem__, reverse=is_descending)
        elif name in DATED and shelf.dates is not None:
            rows.sort(key=shelf.dates.__getitem__, reverse=is_descending)
        else:
            value = _value_of(name, of.type_of(name))
            made = made or {row: shelf.record(row) for row in rows}
            rows.sort(key=lambda row, value=value, made=made: value(made[row]), reverse=is_descending)
    return rows


def _value_of(name: str, kind: str | None) -> Callable[[Record], Any]:
    if kind is None or kind == "Collection":
        raise Refusal(400, 14, f"Ошибка разбора опции запроса $orderby: сегмент пути {name} не найден")
    return (lambda record: int(record[name])) if kind == "Int64" else (lambda record: record[name])


def linked(of: ObjectSet, record: Record) -> Record:
    """The record with a link beside every reference that is not empty."""
    if "Ref_Key" in record:
        own = f"{of.name}(guid'{record['Ref_Key']}')"
        for attribute in of.attributes.values():
            if attribute.refers_to and record.get(attribute.name, NIL) != NIL:
                name = attribute.name.removesuffix("_Key")
                record[f"{name}@navigationLinkUrl"] = f"{own}/{name}"
    return record


def selector(of: ObjectSet, asked: Asked, *, section: str = "") -> Show:
    """What `$select` leaves of a record. Raises Refusal 10 for an attribute that is not there."""
    names = asked.select
    if not names or "*" in names:
        return lambda record: record
    if "**" in names:
        return lambda record: {name: value for name, value in record.items() if not isinstance(value, list)}
    whole, nested = set(), {}
    for path in names:
        head, _, inner = path.partition("/")
        if inner and (head in of.sections or head in asked.expand):
            nested.setdefault(head, set()).add(inner)
        elif not inner and (_has(of, section, head) or of.reference(head)):
            whole |= {head, f"{head}@navigationLinkUrl"}
        else:
            raise Refusal(404, 10, f"Запрошенное свойство не найдено: {path}")
    whole |= set(asked.expand) - nested.keys()
    return lambda record: dict(_selected(record, whole, nested))


def _selected(record: Record, whole: set[str], nested: dict[str, set[str]]) -> Iterator[tuple[str, Any]]:
    for name, value in record.items():
        inner = nested.get(name)
        if inner is not None and not inner & {"*", "**"} and value is not None:
            kept = [{one: row[one] for one in row if one in inner} for row in (value if isinstance(value, list) else [value])]
            yield name, kept if isinstance(value, list) else kept[0]
        elif name in whole or inner is not None:
            yield name, value


def _has(of: ObjectSet, section: str, name: str) -> bool:
    if section and name in ("Ref_Key", "LineNumber"):
        return True
    return of.type_of(f"{section}/{name}" if section else name) is not None


def published_part(of: ObjectSet, record: Record) -> Record:
    """The record without what the configuration does not publish."""
    kept = {}
    for name, value in record.items():
        if name in of.attributes:
            kept[name] = value
        elif name in of.sections:
            kept[name] = [{one: row[one] for one in row if one == "Ref_Key" or one in of.sections[name]} for row in value]
    return kept
