"""Pages that are well-formed and wrong: their records left out, or one of the page before told again; and byte order marks in them.

an answer's body (JSON, gzipped JSON, TSV) -> the same page with other records, its totals and cursors as they were
"""

import codecs
import gzip
import re
from typing import Any

import msgspec

GZIP = b"\x1f\x8b"
TSV = b"ym:"
TEXT_OR_OBJECT = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"|\{', re.DOTALL)


def without_rows(body: bytes) -> bytes | None:
    """The page without its records; None where it holds none, or is no page of records."""
    if body.startswith(TSV):
        header, _, rows = body.partition(b"\n")
        return header + b"\n" if rows else None
    page, rows = _taken_apart(body)
    if not rows:
        return None
    rows.clear()
    return _packed(page, like=body)


def with_row_of(body: bytes, before: bytes) -> bytes | None:
    """The page, first the last record of the page before it; None where one of the two is no page of records."""
    if body.startswith(TSV) and before.startswith(TSV):
        lines, earlier = body.splitlines(keepends=True), before.splitlines(keepends=True)
        return b"".join([lines[0], earlier[-1], *lines[1:]]) if len(earlier) > 1 else None
    page, rows = _taken_apart(body)
    _, earlier = _taken_apart(before)
    if not rows or not earlier:
        return None
    rows.insert(0, earlier[-1])
    return _packed(page, like=body)


def marked(body: bytes) -> bytes | None:
    """The page with byte order marks before it and before each of its records or objects; None where it is no text of ours."""
    if body.startswith(GZIP):
        inside = marked(gzip.decompress(body))
        return gzip.compress(inside) if inside else None
    if body.startswith(TSV):
        return codecs.BOM_UTF8 + body[:-1].replace(b"\n", b"\n" + codecs.BOM_UTF8) + body[-1:]
    if body.startswith(b"<?xml"):
        return codecs.BOM_UTF8 + body
    if body[:1] not in (b"{", b"["):
        return None
    return codecs.BOM_UTF8 + TEXT_OR_OBJECT.sub(lambda found: codecs.BOM_UTF8 * (found[0] == b"{") + found[0], body)


def _taken_apart(body: bytes) -> tuple[Any, list[Any]]:
    """(the decoded page, the list of records in it)."""
    try:
        page = msgspec.json.decode(gzip.decompress(body) if body.startswith(GZIP) else body)
    except msgspec.DecodeError:
        return None, []
    return page, _rows(page)


def _rows(page: Any) -> list[Any]:
    """The page's list of objects, at its top or one step below; none in a single record, whose lists are its own."""
    if isinstance(page, list):
        return page if page and isinstance(page[0], dict) else []
    if not isinstance(page, dict) or "id" in page or any("id" in member for member in page.values() if isinstance(member, dict)):
        return []
    below = page.get("data")
    return max((_rows(member) for member in page.values() if isinstance(member, list)), key=len, default=[]) or _rows(below)


def _packed(page: Any, *, like: bytes) -> bytes:
    body = msgspec.json.encode(page)
    return gzip.compress(body) if like.startswith(GZIP) else body
