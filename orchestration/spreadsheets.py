"""A CSV file for a spreadsheet, in which no text of a vendor's is a formula.

    answer.csv  ──►  `defuse`  ──►  the same file; `=cmd|…` stands in it as `'=cmd|…`

Spreadsheets run what begins with one of six signs (OWASP, CSV injection); numbers that begin with a sign stay numbers.
"""

from __future__ import annotations

import csv
import os
import re
from pathlib import Path

OBEYED = ("=", "+", "-", "@", "\t", "\r")
NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?", re.ASCII)


def cell(text: str) -> str:
    """The cell's text, with an apostrophe before it where a spreadsheet would obey it."""
    return f"'{text}" if text.startswith(OBEYED) and not NUMBER.fullmatch(text) else text


def defuse(file: Path) -> None:
    """Write the file again with its cells harmless, whole or not at all."""
    half = file.with_name(f".{file.name}.{os.getpid()}")
    with file.open(newline="") as told, half.open("w", newline="") as safe:  # in the encoding in which it was written
        csv.writer(safe).writerows([cell(text) for text in row] for row in csv.reader(told))
    half.replace(file)
