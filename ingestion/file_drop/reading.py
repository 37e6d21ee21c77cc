"""One file taken apart: CSV, JSON lines or Parquet -> its rows as JSON texts, or the first thing that is wrong with it.

local copy -> `rows` -> (line, row) …. A file is read to its end before any of its rows is landed, so a break in the last line breaks the
whole. Lines are counted from 1, a CSV's header included; a Parquet file has no lines, so its rows are counted.
"""

import codecs
import csv
import json
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import msgspec
import pyarrow as pa

from ingestion.file_drop.columns import Rows
from ingestion.file_drop.tables import KINDS, Column, Table
from ingestion.file_drop.values import Manner, WrongValue, judged
from ingestion.slow_pages import escaped
from ingestion.unpacking import MOST_TIMES, TooLarge, largest_of, unzipped

GZIP = b"\x1f\x8b"
DELIMITERS = (",", ";", "\t")
SUFFIXES = (".csv", ".tsv", ".jsonl", ".ndjson", ".parquet")
READABLE = (*SUFFIXES, *(f"{suffix}.gz" for suffix in SUFFIXES))
# What people drop in good faith; it must not lie there unread without a word.
FOREIGN = (".xlsx", ".xlsm", ".xlsb", ".xls", ".ods", ".json", ".xml", ".zip", ".rar", ".7z", ".tab", ".txt")
# A note to people in the root is nobody's mistake.
NOTES = (".txt",)
# Files whose content the account's settings decide as well.
TEXTS = (".csv", ".csv.gz", ".tsv", ".tsv.gz")
LONGEST_TEXT = 2000


class Broken(Exception):
    """The file cannot be loaded. The text is `<column or file>: a sentence`; line and text say where and what stood there."""

    def __init__(self, sentence: str, *, column: str = "file", line: int | None = None, text: str = "") -> None:
        super().__init__(f"{column}: {sentence}")
        self.column, self.line, self.text = column, line, text[:LONGEST_TEXT]


@dataclass(frozen=True)
class Dialect:
    """How the account's text files are written. delimiter None: the one of , ; and tab that finds most declared columns in the header.

    manner: how the values in them are meant.
    """

    encoding: str = "utf-8"
    delimiter: str | None = None
    manner: Manner = field(default_factory=Manner)


def rows(copy: Path, name: str, table: Table, dialect: Dialect) -> Iterator[tuple[int, str]]:
    """(line, JSON text of the row) of every row, in the file's order. Raises Broken at the first thing that is wrong."""
    if name.lower().endswith(FOREIGN):
        raise Broken("such a file cannot be read here; save it as CSV, JSON lines or Parquet.")
    plain = _unzipped(copy)
    if plain.stat().st_size == 0:
        return
    kind = name.lower().removesuffix(".gz").rpartition(".")[2]
    read = {"csv": _csv, "tsv": partial(_csv, is_tabbed=True), "jsonl": _json_lines, "ndjson": _json_lines,
            "parquet": partial(_parquet, packed_bytes=copy.stat().st_size)}[kind]
    yield from read(plain, table, dialect)


def _unzipped(copy: Path) -> Path:
    """The copy, or beside it what a gzip file holds; by its first bytes, since web servers unpack on the way and names stay."""
    with copy.open("rb") as packed:
        if packed.read(2) != GZIP:
            return copy
    plain = copy.with_name("plain")
    try:
        with copy.open("rb") as packed, plain.open("wb") as file:
            file.writelines(unzipped(packed, largest=largest_of(copy.stat().st_size)))
    except TooLarge as error:
        plain.unlink()
        raise Broken(f"the gzip file is refused: {error}, {MOST_TIMES} times its size. Unpack it yourself if it is meant so.") from error
    except (OSError, EOFError, zlib.error) as error:
        raise Broken(f"the gzip file is damaged ({error}).") from error
    return plain


class _Lines:
    """The decoded lines of a file for a reader that may take several for a record, and what it took for the present one."""

    def __init__(self, file: Any, encoding: str) -> None:
        self._file, self._decode, self._encoding = file, codecs.getdecoder(encoding), encoding
        self.number, self._taken = 0, []

    def __iter__(self) -> Iterator[str]:
        for raw in self._file:
            self.number += 1
            self._taken.append(raw)
            try:
                text = self._decode(raw, "strict")[0]
            except UnicodeDecodeError as error:
                raise Broken(f"line {self.number} is not in the encoding {self._encoding} (byte {error.start + 1}).",
                             line=self.number, text=self.text()) from error
            # Files that were put together leave a mark before each of them: it stands where a record begins, and is not of it.
            yield text.lstrip("\ufeff") if len(self._taken) == 1 else text

    def next_record(self) -> None:
        """Forget the lines of the last record."""
        self._taken.clear()

    def first(self) -> int:
        """The number of the record's first line."""
        return max(1, self.number - len(self._taken) + 1)

    def text(self) -> str:
        """The record's lines as they stand, with what cannot be decoded as escapes."""
        joined = b"".join(self._taken)[:LONGEST_TEXT].rstrip(b"\r\n")
        return joined.decode(self._encoding, "backslashreplace")


def _csv(plain: Path, table: Table, dialect: Dialect, *, is_tabbed: bool = False) -> Iterator[tuple[int, str]]:
    delimiter = "\t" if is_tabbed else dialect.delimiter or _delimiter(plain, table, dialect)
    with plain.open("rb") as file:
        lines = _Lines(file, _encoding(plain, dialect))
        records = _records(csv.reader(lines, delimiter=delimiter, strict=True), lines)
        header = [name.strip().lower() for name in next(records, [])]
        if not header:
            return
        twice = sorted({name for name in header if name and header.count(name) > 1})
        if twice:
            raise Broken("the header names it twice.", column=twice[0], line=lines.first(), text=lines.text())
        _demand(table, header, line=lines.first(), text=lines.text())
        declared = [(place, column) for column in table.columns for place, name in enumerate(header) if name == column.name]
        for fields in records:
            if len(fields) != len(header):
                raise Broken(f"line {lines.first()} has {len(fields)} fields and the header {len(header)}.",
                             line=lines.first(), text=lines.text())
            row = dict(zip(header, fields, strict=True))
            for place, column in declared:
                row[column.name] = _value(column, fields[place], lines.first, lines.text, dialect.manner, is_spreadsheet=True)
            _judge(table, row, lines.first, lines.text)
            yield lines.first(), msgspec.json.encode(row).decode()


def _encoding(plain: Path, dialect: Dialect) -> str:
    """A byte order mark at the beginning says UTF-8, whatever the account's files are written in."""
    with plain.open("rb") as file:
        return "utf-8" if file.read(3) == codecs.BOM_UTF8 else dialect.encoding


def _records(reader: Any, lines: _Lines) -> Iterator[list[str]]:
    """The CSV's records; blank ones, which spreadsheets leave at the end, are passed over."""
    while True:
        lines.next_record()
        try:
            fields = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise Broken(f"line {lines.first()} is no CSV ({error}).", line=lines.first(), text=lines.text()) from error
        if any(field.strip() for field in fields):
            yield fields


def _delimiter(plain: Path, table: Table, dialect: Dialect) -> str:
    declared = {column.name for column in table.columns}
    with plain.open("rb") as file:
        header = next(iter(_Lines(file, _encoding(plain, dialect))), "")

    def found(delimiter: str) -> int:
        return sum(name.strip().strip('"').lower() in declared for name in header.split(delimiter))

    return max(DELIMITERS, key=found)


def _json_lines(plain: Path, table: Table, dialect: Dialect) -> Iterator[tuple[int, str]]:
    # JSON is UTF-8 whatever the account's CSV files are written in.
    with plain.open("rb") as file:
        lines = _Lines(file, "utf-8")
        for line in lines:
            here, written = lines.number, line.strip()
            if written:
                row, judged_row = _object(written, lines), {}
                for column in table.columns:
                    judged_row[column.name] = _value(column, row.get(column.name), lines.first, lines.text, dialect.manner)
                    if written.count(f'"{column.name}"') > 1 and _is_twice(column.name, written):
                        # The two readers of JSON believe different ones.
                        raise Broken(f"line {here} names it twice.", column=column.name, line=here, text=lines.text())
                _judge(table, judged_row, lines.first, lines.text)
                yield here, written
            lines.next_record()


def _object(written: str, lines: _Lines) -> dict[str, Any]:
    try:
        row = msgspec.json.decode(written)
    except (msgspec.DecodeError, RecursionError) as error:
        raise Broken(f"line {lines.number} is no JSON ({error}).", line=lines.number, text=lines.text()) from error
    if not isinstance(row, dict):
        raise Broken(f"line {lines.number} is no JSON object.", line=lines.number, text=lines.text())
    return row


def _is_twice(name: str, written: str) -> bool:
    try:
        names = json.JSONDecoder(object_pairs_hook=lambda pairs: [member for member, _ in pairs], strict=False).decode(written)
    except RecursionError:  # it goes a little less deep than the reader above
        raise Broken("a line is nested too deeply.", column=name) from None
    return names.count(name) > 1


def _parquet(plain: Path, table: Table, dialect: Dialect, *, packed_bytes: int) -> Iterator[tuple[int, str]]:
    number = 0
    try:
        file = Rows(plain, packed_bytes=packed_bytes)
        names = {name.strip().lower(): name for name in file.names}
        _demand(table, list(names), line=None, text="")
        for row in file:
            number += 1
            for column in table.columns:
                if column.name in names:
                    row[names[column.name]] = _value(column, row[names[column.name]], _here(number), _shown(row), dialect.manner)
            _judge(table, {name: row[there] for name, there in names.items()}, _here(number), _shown(row))
            yield number, file.landed(msgspec.json.encode({name: row[written] for name, written in names.items()}).decode())
    except TooLarge as error:
        raise Broken(f"the Parquet file is refused: {error}. Write it as JSON lines if it is meant so.", line=number or None) from error
    except (pa.ArrowException, OSError, ValueError, TypeError, OverflowError) as error:
        first = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise Broken(f"the Parquet file cannot be read ({first}).", line=number or None) from error


def _here(number: int) -> Callable[[], int]:
    return lambda: number


def _shown(row: dict[str, Any]) -> Callable[[], str]:
    return lambda: repr(row)


def _demand(table: Table, present: list[str], *, line: int | None, text: str) -> None:
    """Every required column must stand in the file."""
    for name in table.required:
        if name not in present:
            raise Broken(f"the file has no such column; {table.name} needs {', '.join(table.required)}.", column=name, line=line, text=text)


def _value(column: Column, value: Any, line: Callable[[], int], text: Callable[[], str], manner: Manner, *,
           is_spreadsheet: bool = False) -> Any:
    try:
        found = judged(column.kind, value, manner=manner, is_spreadsheet=is_spreadsheet)
        if found is not None and column.choices and f"{found}".lower() not in column.choices:
            raise WrongValue(f"is none of {', '.join(column.choices)}")
    except WrongValue as wrong:
        raise Broken(f"the value in line {line()} {wrong} ({KINDS[column.kind]} is expected).",
                     column=column.name, line=line(), text=escaped(text()) or "") from wrong
    if found is None and column.required:
        raise Broken(f"line {line()} leaves it empty.", column=column.name, line=line(), text=escaped(text()) or "")
    return found


def _judge(table: Table, row: dict[str, Any], line: Callable[[], int], text: Callable[[], str]) -> None:
    """Values that are right each and cannot stand together."""
    column, _, wrong = table.wrong(row).partition(": ")
    if wrong:
        raise Broken(f"in line {line()} {wrong}.", column=column, line=line(), text=escaped(text()) or "")
