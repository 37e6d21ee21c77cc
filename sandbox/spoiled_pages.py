"""Pages that are well-formed and wrong: their records left out, or one of the page before told again.

an answer's body (JSON, gzipped JSON, TSV) -> the same page with other records, its totals and cursors as they were
"""

import gzip
from typing import Any

import msgspec

GZIP = b"\x1f\x8b"
TSV = b"ym:"
# Lists within one record, which make no page.
OF_A_RECORD = frozenset({"comments", "goals", "cards", "fields"})


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


def _taken_apart(body: bytes) -> tuple[Any, list[Any]]:
    """(the decoded page, the list of records in it)."""
    try:
        page = msgspec.json.decode(gzip.decompress(body) if body.startswith(GZIP) else body)
    except msgspec.DecodeError:
        return None, []
    return page, _rows(page, depth=2)


def _rows(page: Any, *, depth: int) -> list[Any]:
    """The longest list of objects in the page, however deep it stands among its members."""
    if isinstance(page, list):
        return page if page and isinstance(page[0], dict) else []
    if not isinstance(page, dict) or not depth:
        return []
    return max((_rows(member, depth=depth - 1) for name, member in page.items() if name not in OF_A_RECORD), key=len, default=[])


def _packed(page: Any, *, like: bytes) -> bytes:
    body = msgspec.json.encode(page)
    return gzip.compress(body) if like.startswith(GZIP) else body
