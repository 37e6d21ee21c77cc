"""Splitting a page that a strict JSON reader refuses, so that one poison record cannot stop its vendor.

refused bytes -> records, the broken one escaped. The standard library's decoder accepts what msgspec does not (a lone surrogate), and
bytes of another encoding are kept as escapes. The broken record keeps its place in the lake and ends in quarantine.
"""

import json
import re
from collections.abc import Iterator
from json.decoder import scanstring
from typing import Any

_DECODER = json.JSONDecoder(strict=False)
_SPACE = re.compile(r"[ \t\r\n]*")


class NotJson(ValueError):
    """The page is no JSON even for the patient reader; the text says where it broke."""


def split(body: bytes, *, path: tuple[str, ...], keyed: bool) -> tuple[dict[str, Any], list[tuple[str | None, Any, str]]]:
    """(envelope, [(code or None, decoded record, payload text)]) of a page. Raises NotJson."""
    text = body.decode("utf-8", "surrogateescape")
    try:
        envelope, start = _find(text, path)
        walk_rows = _members(text, start) if keyed else _elements(text, start)
        return envelope, [(code, value, escaped(text[begin:end]) or "") for code, value, begin, end in walk_rows]
    except (ValueError, IndexError, RecursionError) as error:
        raise NotJson(f"the answer is not whole JSON: {escaped(str(error))}") from error


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
                envelope[code] = value
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
        value, end = _DECODER.raw_decode(text, begin)
        yield code, value, begin, end
        at = _next(text, end, "}")


def _elements(text: str, start: int) -> Iterator[tuple[None, Any, int, int]]:
    at = _opened(text, start, "[", "an array")
    while text[at] != "]":
        value, end = _DECODER.raw_decode(text, at)
        yield None, value, at, end
        at = _next(text, end, "]")


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
