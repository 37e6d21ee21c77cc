"""The one landing path: response bytes -> records -> an Arrow table of raw documents.

vendor's answer -> `split` -> `table` -> dlt's filesystem destination. A payload is the JSON text exactly as the vendor sent it; only
its key and cursor are decoded. A page that msgspec refuses (a cut emoji, bytes in another encoding, a record nested a thousand levels deep)
goes to `slow_pages`.
"""

import hashlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from operator import attrgetter
from typing import Any

import msgspec
import pyarrow as pa

from ingestion import byte_order, slow_pages

SCHEMA = pa.schema([
    pa.field("source_account", pa.string(), nullable=False),
    pa.field("document_key", pa.string(), nullable=False),
    pa.field("cursor", pa.string()),
    pa.field("version_at", pa.timestamp("us", tz="UTC"), nullable=False),
    pa.field("operation", pa.string(), nullable=False),
    pa.field("payload", pa.string(), nullable=False),
])


class PageError(ValueError):
    """The answer is not the page it should be; the text says what was found."""


@dataclass(frozen=True, slots=True)
class Record:
    """One vendor record: its key (None: take the payload's hash), its cursor as text, and its verbatim JSON text."""

    key: str | None
    cursor: str | None
    payload: str


@dataclass(frozen=True)
class Page:
    """An answer taken apart: the envelope without the rows (decoded), and the rows."""

    envelope: dict[str, Any]
    records: list[Record]


def split(body: bytes, *, rows: str, key: Sequence[str] = ("id",), cursor: str | None = None) -> Page:
    """Split an answer into records without decoding them.

    rows: dotted path to the array; "" when the body itself is the array; a path that ends in "{}" is an object keyed by code, of which
    each value is a record. key, cursor: dotted paths inside a record; several key paths are joined by ":"; a record of a keyed object
    whose key paths find nothing takes its code. Raises PageError when the body is not JSON or has no such rows.
    """
    path, keyed = _rows_path(rows)
    body = byte_order.of_json(body)
    try:
        envelope, raws = _raw_rows(body, path, keyed)
        read = _key_reader(tuple(key), cursor)
        records = []
        for code, raw in raws:
            record = bytes(raw)
            if slow_pages.is_too_deep(record):
                return _split_slowly(body, path=path, keyed=keyed, key=tuple(key), cursor=cursor)
            found, at = read(raw)
            records.append(Record(found or code, at, record.decode("utf-8")))
        return Page(envelope, records)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return _split_slowly(body, path=path, keyed=keyed, key=tuple(key), cursor=cursor)


def outline(body: bytes) -> dict[str, Any]:
    """The members of an answer beside its rows, for a judgement of the whole; a broken record among the rows does not hide them.
    Raises PageError when the answer is no JSON object."""
    body = byte_order.of_json(body)
    try:
        return msgspec.json.decode(body, type=dict[str, Any])
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        pass
    try:
        return slow_pages.outline(body)
    except slow_pages.NotJson as error:
        raise PageError(str(error)) from error


def table(records: Iterable[Record], *, account: str, asked_at: datetime, operation: str = "upsert", key_suffix: str = "") -> pa.Table:
    """The records as documents; one row each, SCHEMA's columns.

    asked_at is when the vendor was asked (aware UTC): the version of a document. key_suffix is appended to every key, e.g. the day of a
    snapshot. A record without a key takes the SHA-256 of its payload, so no document is ever without one.
    """
    listed = list(records)
    keys = [(r.key if r.key is not None else payload_key(r.payload)) + key_suffix for r in listed]
    return pa.table({
        "source_account": pa.array([account] * len(listed), pa.string()),
        "document_key": pa.array(keys, pa.string()),
        "cursor": pa.array([r.cursor for r in listed], pa.string()),
        "version_at": pa.array([asked_at] * len(listed), pa.timestamp("us", tz="UTC")),
        "operation": pa.array([operation] * len(listed), pa.string()),
        "payload": pa.array([r.payload for r in listed], pa.string()),
    }, schema=SCHEMA)


def deletions(keys: Iterable[str], *, account: str, asked_at: datetime, payloads: dict[str, str] | None = None) -> pa.Table:
    """Tombstones for the keys that the vendor says are gone; `payloads` may carry what it said of each."""
    said = payloads or {}
    records = [Record(key, None, said.get(key, "{}")) for key in keys]
    return table(records, account=account, asked_at=asked_at, operation="delete")


def emptied(*, account: str, asked_at: datetime) -> pa.Table:
    """A full list that has become empty: one tombstone, so that the load in which it did is known and its old keys stop living."""
    return deletions(["the list is empty"], account=account, asked_at=asked_at)


def digest(records: Iterable[Record]) -> str:
    """A content hash of a whole list, in any order: full lists and snapshots are landed again only when it changed."""
    parts = sorted(f"{r.key}\x1f{r.payload}" for r in records)
    return hashlib.sha256("\x1e".join(parts).encode("utf-8", "backslashreplace")).hexdigest()


def payload_key(payload: str) -> str:
    """The key of a record whose vendor gave none: `sha256:` and the hash of its text."""
    return "sha256:" + hashlib.sha256(payload.encode("utf-8", "backslashreplace")).hexdigest()


def text_of(value: Any) -> str | None:
    """A key or cursor part as text: numbers without a change of value, booleans as JSON writes them, containers and null as None."""
    if value is None or isinstance(value, (dict, list)):
        return None
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) or None


def _rows_path(rows: str) -> tuple[tuple[str, ...], bool]:
    keyed = rows.endswith("{}")
    trimmed = rows.removesuffix("{}").rstrip(".")
    return (tuple(trimmed.split(".")) if trimmed else ()), keyed


def _raw_rows(body: bytes, path: tuple[str, ...], keyed: bool) -> tuple[dict[str, Any], list[tuple[str | None, msgspec.Raw]]]:
    envelope: dict[str, Any] = {}
    here = msgspec.Raw(body)
    for depth, name in enumerate(path):
        members = _as_object(here, path[:depth])
        if name not in members:
            raise PageError(f"the answer has no member {'.'.join(path[:depth + 1])!r}; it has {sorted(members)[:12]}")
        here = members.pop(name)
        if depth == 0:
            envelope = {other: msgspec.json.decode(raw) for other, raw in members.items()}
    if keyed:
        # PHP writes an empty map as [].
        if bytes(here).strip() == b"[]":
            return envelope, []
        return envelope, list(_as_object(here, path).items())
    try:
        return envelope, [(None, raw) for raw in msgspec.json.decode(here, type=list[msgspec.Raw])]
    except msgspec.ValidationError as error:
        raise PageError(f"{'.'.join(path) or 'the answer'} is not an array: {error}") from error


def _as_object(raw: msgspec.Raw, where: tuple[str, ...]) -> dict[str, msgspec.Raw]:
    try:
        return msgspec.json.decode(raw, type=dict[str, msgspec.Raw])
    except msgspec.ValidationError as error:
        raise PageError(f"{'.'.join(where) or 'the answer'} is not an object: {error}") from error


@lru_cache(maxsize=256)
def _key_reader(key: tuple[str, ...], cursor: str | None) -> Callable[[msgspec.Raw], tuple[str | None, str | None]]:
    """A decoder of just the key and cursor members; everything else in the record is skipped, not built."""
    paths = tuple(dict.fromkeys([*key, *([cursor] if cursor else [])]))
    struct, chains = _struct_for(tuple(tuple(path.split(".")) for path in paths))
    decode = msgspec.json.Decoder(struct).decode
    getters = {path: _getter(chain) for path, chain in zip(paths, chains, strict=True)}
    key_getters = tuple(getters[path] for path in key)
    at_getter = getters[cursor] if cursor else lambda record: None

    def read(raw: msgspec.Raw) -> tuple[str | None, str | None]:
        try:
            record = decode(raw)
        except msgspec.ValidationError:
            # A record of another shape: no key of the vendor's, so its hash, and staging says what is wrong with it.
            return None, None
        if len(key_getters) == 1:
            return text_of(key_getters[0](record)), text_of(at_getter(record))
        parts = [text_of(get(record)) for get in key_getters]
        return (":".join(part or "" for part in parts) if any(parts) else None), text_of(at_getter(record))

    return read


def _struct_for(paths: tuple[tuple[str, ...], ...]) -> tuple[type[msgspec.Struct], list[tuple[str, ...]]]:
    """A struct of just these paths, and for each path its chain of attributes."""
    children: dict[str, list[tuple[str, ...]]] = {}
    for path in paths:
        children.setdefault(path[0], []).append(path[1:])
    fields, chains = [], {}
    for number, (name, rest) in enumerate(children.items()):
        deeper = tuple(path for path in rest if path)
        kind: Any = Any
        if deeper:
            inner, inner_chains = _struct_for(deeper)
            kind = inner | None
            chains.update({(name, *path): (f"f{number}", *chain) for path, chain in zip(deeper, inner_chains, strict=True)})
        else:
            chains[(name,)] = (f"f{number}",)
        fields.append((f"f{number}", kind, msgspec.field(default=None, name=name)))
    return msgspec.defstruct("Keys", fields, gc=False), [chains[path] for path in paths]


def _getter(chain: tuple[str, ...]) -> Callable[[Any], Any]:
    if len(chain) == 1:
        return attrgetter(chain[0])

    def get(record: Any) -> Any:
        for name in chain:
            if record is None:
                return None
            record = getattr(record, name)
        return record

    return get


def _split_slowly(body: bytes, *, path: tuple[str, ...], keyed: bool, key: tuple[str, ...], cursor: str | None) -> Page:
    try:
        envelope, found = slow_pages.split(body, path=path, keyed=keyed)
    except slow_pages.NotJson as error:
        raise PageError(str(error)) from error
    records = []
    for code, value, payload in found:
        parts = [text_of(slow_pages.walk(value, name)) for name in key]
        joined = ":".join(part or "" for part in parts) if any(parts) else code
        at = text_of(slow_pages.walk(value, cursor)) if cursor else None
        records.append(Record(slow_pages.escaped(joined), slow_pages.escaped(at), payload))
    return Page(envelope, records)
