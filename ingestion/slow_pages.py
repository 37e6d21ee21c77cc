"""Splitting a page that a strict JSON reader refuses, so that one poison record cannot stop its vendor.

refused bytes -> records, the broken one escaped. The standard library's decoder accepts what msgspec does not (a lone surrogate), and
bytes of another encoding are kept as escapes. A record that no decoder takes is cut out by its brackets; one nested deeper than decoders go
lands as one JSON text, `"nested too deeply: …"`, which no later reader has to walk down. Either keeps its key where that can be read, keeps
its place in the lake and ends in quarantine.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from json.decoder import scanstring
from typing import Any

_DECODER = json.JSONDecoder(strict=False)
_SPACE = re.compile(r"[ \t\r\n]*")
_TEXT_OR_BRACKET = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"|[\[\]{}]', re.DOTALL)
_PLAIN = re.compile(r"[^,{}\[\]\"]*")
_CLOSES = {"{": "}", "[": "]"}
TOO_DEEP = "nested too deeply: "
# Decoders give up at the depth of the stack that Python allows, of which whoever calls them has used a part, so that what one reader could
# read another could not. No vendor nests more than a dozen levels.
DEEPEST = 250


class NotJson(ValueError):
    """The page is no JSON even for the patient reader; the text says where it broke."""


@dataclass(frozen=True)
class _Cut:
    """A value that no decoder takes: what could be read of its members, and whether it is only its depth that is wrong."""

    members: dict[str, Any]
    is_too_deep: bool


def split(body: bytes, *, path: tuple[str, ...], keyed: bool) -> tuple[dict[str, Any], list[tuple[str | None, Any, str]]]:
    """(envelope, [(code or None, decoded record, payload text)]) of a page; of a record that cannot be decoded the members that can be.
    Raises NotJson."""
    text = body.decode("utf-8", "surrogateescape")
    try:
        envelope, start = _find(text, path)
        walk_rows = _members(text, start) if keyed else _elements(text, start)
        return envelope, [(code, _readable(value), _payload(value, text[begin:end])) for code, value, begin, end in walk_rows]
    except (ValueError, IndexError, RecursionError) as error:
        raise NotJson(f"the answer is not whole JSON: {escaped(str(error))}") from error


def outline(body: bytes) -> dict[str, Any]:
    """The members of an answer that is an object, each as far as it can be read. Raises NotJson."""
    text = body.decode("utf-8", "surrogateescape")
    try:
        return {name: _readable(value) for name, value, _, _ in _members(text, _skip(text, 0))}
    except (ValueError, IndexError, RecursionError) as error:
        raise NotJson(f"the answer is not whole JSON: {escaped(str(error))}") from error


def is_too_deep(record: bytes) -> bool:
    """Whether a record is nested deeper than DEEPEST, at the price of two counts for nearly all."""
    return record.count(b"[") + record.count(b"{") > DEEPEST and _depth(record.decode("utf-8", "surrogateescape")) > DEEPEST


def walk(value: Any, path: str) -> Any:
    """The member at a dotted path, or None."""
    for name in path.split("."):
        value = value.get(name) if isinstance(value, dict) else None
    return value


def escaped(text: str | None) -> str | None:
    """The text with whatever UTF-8 cannot hold written as backslash escapes."""
    return None if text is None else text.encode("utf-8", "backslashreplace").decode("utf-8")


def _find(text: str, path: tuple[str, ...]) -> tuple[dict[str, Any], int]:
    start, envelope = _skip(text, 0), {}
    for depth, name in enumerate(path):
        found = None
        for code, value, begin, _ in _members(text, start):
            if code == name:
                found = begin
            elif depth == 0:
                envelope[code] = _readable(value)
        if found is None:
            raise NotJson(f"there is no member {name!r}")
        start = found
    return envelope, start


def _members(text: str, start: int) -> Iterator[tuple[str, Any, int, int]]:
    at = _opened(text, start, "{", "an object")
    while text[at] != "}":
        if text[at] != '"':
            raise NotJson(f"a member name was expected at character {at}")
        code, at = scanstring(text, at + 1, False)
        at = _skip(text, at)
        if text[at] != ":":
            raise NotJson(f"a colon was expected at character {at}")
        begin = _skip(text, at + 1)
        value, end = _value(text, begin)
        yield code, value, begin, end
        at = _next(text, end, "}")


def _elements(text: str, start: int) -> Iterator[tuple[None, Any, int, int]]:
    at = _opened(text, start, "[", "an array")
    while text[at] != "]":
        value, end = _value(text, at)
        yield None, value, at, end
        at = _next(text, end, "]")


def _value(text: str, at: int) -> tuple[Any, int]:
    """The value that begins here, a _Cut where no decoder takes it, and where it ends."""
    try:
        return _DECODER.raw_decode(text, at)
    except (ValueError, RecursionError) as error:
        if text[at] not in _CLOSES:
            raise
        end = _closed(text, at)
        return _Cut(_readable_members(text, at, end), isinstance(error, RecursionError)), end


def _depth(text: str) -> int:
    """The deepest nesting, without a call per level; of broken JSON at most what its brackets say."""
    deepest = depth = 0
    for found in _TEXT_OR_BRACKET.finditer(text):
        sign = text[found.start()]
        depth += 1 if sign in _CLOSES else -1 if sign != '"' else 0
        deepest = max(deepest, depth)
    return deepest


def _closed(text: str, at: int) -> int:
    """Where the bracket that opens here is closed, without a call per level."""
    awaited: list[str] = []
    for found in _TEXT_OR_BRACKET.finditer(text, at):
        sign = text[found.start()]
        if sign in _CLOSES:
            awaited.append(_CLOSES[sign])
        elif sign != '"':
            if awaited.pop() != sign:
                raise NotJson(f"brackets are crossed at character {found.start()}")
            if not awaited:
                return found.end()
    raise NotJson(f"what opens at character {at} is not closed")


def _readable_members(text: str, start: int, end: int) -> dict[str, Any]:
    """The members of a broken object up to the first that is none, each that a decoder takes."""
    members: dict[str, Any] = {}
    if text[start] != "{":
        return members
    try:
        at = _skip(text, start + 1)
        while at < end and text[at] == '"':
            name, at = scanstring(text, at + 1, False)
            at = _skip(text, _skip(text, at) + 1)
            try:
                members[name], at = _DECODER.raw_decode(text, at)
            except (ValueError, RecursionError):
                at = _closed(text, at) if text[at] in _CLOSES else _PLAIN.match(text, at).end()
            at = _skip(text, _skip(text, at) + 1)
    except (ValueError, IndexError):
        pass  # what was read until here is what can be read
    return members


def _readable(value: Any) -> Any:
    return value.members if isinstance(value, _Cut) else value


def _payload(value: Any, text: str) -> str:
    written = escaped(text) or ""
    too_deep = value.is_too_deep if isinstance(value, _Cut) else is_too_deep(written.encode())
    return json.dumps(TOO_DEEP + written, ensure_ascii=False) if too_deep else written


def _opened(text: str, start: int, bracket: str, what: str) -> int:
    if text[start] != bracket:
        raise NotJson(f"{what} was expected at character {start}")
    return _skip(text, start + 1)


def _next(text: str, at: int, closing: str) -> int:
    at = _skip(text, at)
    if text[at] == ",":
        return _skip(text, at + 1)
    if text[at] != closing:
        raise NotJson(f"a comma or {closing} was expected at character {at}")
    return at


def _skip(text: str, at: int) -> int:
    return _SPACE.match(text, at).end()
