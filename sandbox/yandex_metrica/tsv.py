"""Texts and arrays as ClickHouse writes them into tab-separated files, a column at a time."""

from collections.abc import Iterable

ESCAPES = str.maketrans({"\\": "\\\\", "'": "\\'", "\t": "\\t", "\n": "\\n", "\r": "\\r", "\0": "\\0", "\b": "\\b", "\f": "\\f"})
QUOTED = str.maketrans({"\\": "\\\\", "'": "\\'"})


def text(value: str | None) -> str:
    """One field."""
    return "" if not isinstance(value, str) else value.translate(ESCAPES)


def texts(values: Iterable[str | None]) -> list[str]:
    """A column; a missing value is empty."""
    return ["" if not isinstance(value, str) else value.translate(ESCAPES) for value in values]


def numbers(values: Iterable[object]) -> str:
    """An array of numbers; None is a hole."""
    return "[" + ",".join("" if value is None else str(value) for value in values) + "]"


def strings(values: Iterable[str | None]) -> str:
    """An array of texts; None is a hole. The quotes are escaped as the rest of the field is."""
    inner = ",".join("" if value is None else "'" + value.translate(QUOTED) + "'" for value in values)
    return ("[" + inner + "]").translate(ESCAPES)
