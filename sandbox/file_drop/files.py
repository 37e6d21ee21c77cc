"""How the retailer's people write their files: each dataset in another manner, as it is in life.

records.py ──► `paths`, `content` ──► the folder's pages. Costs and attendance come from a Russian spreadsheet (cp1251, `;`, decimal comma,
DD.MM.YYYY), entrants and promotions from a program (UTF-8 with a byte order mark, `,`), Wi-Fi visits tab-separated and packed, answers and
app sessions as JSON lines, messages as Parquet.
"""

import csv
import gzip
import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq

from sandbox.file_drop.records import Drop, Row

if TYPE_CHECKING:
    from sandbox.server import Sandbox

ENCODING = "cp1251"


@dataclass(frozen=True)
class Manner:
    """name: how a file is called, with {year} and {month}; write: records, with the bytes that each was tampered into, as a file."""

    name: str
    write: Callable[[list[bytes], list[str]], bytes]


def paths(drop: Drop, now: datetime, *, has_loyalty: bool = False) -> dict[str, tuple[str, str]]:
    """path below the folder -> (dataset, month) of every file that is there at `now`."""
    return {f"{dataset}/{manner.name.format(month=month, year=month[:4])}": (dataset, month)
            for dataset, manner in MANNERS.items() if has_loyalty or not dataset.startswith("loyalty_")
            for month in drop.months(dataset, now)}


def content(sandbox: "Sandbox", drop: Drop, dataset: str, month: str, now: datetime) -> bytes:
    """The bytes of one file; planted poison spoils single records."""
    spoiled, columns = [], []
    for key, record in drop.records(dataset, month, now):
        columns = columns or list(record)
        spoiled.append(sandbox.tampering.apply("file_drop", dataset, key, {name: _plain(value) for name, value in record.items()}))
    return MANNERS[dataset].write(spoiled, columns)


def _plain(value: Any) -> Any:
    """Times without an offset are the retailer's; UTC ones say so."""
    if isinstance(value, datetime):
        text = value.replace(tzinfo=None).isoformat(timespec="seconds").replace("T", " ")
        return f"{text}Z" if value.tzname() == "UTC" else text
    return value.isoformat() if isinstance(value, date) else value


def _spreadsheet(delimiter: str, encoding: str, *, is_russian: bool) -> Callable[[list[bytes], list[str]], bytes]:
    def write(records: list[bytes], columns: list[str]) -> bytes:
        out = io.BytesIO()
        out.write(_line(columns, delimiter, encoding))
        for raw in records:
            try:
                row = msgspec.json.decode(raw)
            except msgspec.DecodeError:
                # What is no record any more stands in the file as it is.
                out.write(raw + b"\r\n")
                continue
            # A column that only one record has cannot be told in the header any more: such a line is longer than the rest.
            fields = [row.get(name) for name in columns] + [value for name, value in row.items() if name not in columns]
            out.write(_line([_cell(value, is_russian=is_russian) for value in fields], delimiter, encoding.removesuffix("-sig")))
        return out.getvalue()

    return write


def _line(fields: list[str], delimiter: str, encoding: str) -> bytes:
    text = io.StringIO()
    csv.writer(text, delimiter=delimiter, lineterminator="\r\n").writerow(fields)
    return text.getvalue().encode(encoding, "replace")


def _cell(value: Any, *, is_russian: bool) -> str:
    if value is None:
        return ""
    text = {True: "1", False: "0"}.get(value, str(value)) if isinstance(value, bool) else str(value)
    if not is_russian:
        return text
    if len(text) >= 10 and text[4:5] == text[7:8] == "-" and text[:4].isdigit():
        return f"{text[8:10]}.{text[5:7]}.{text[:4]}{text[10:]}"
    head, point, tail = text.partition(".")
    return f"{head},{tail}" if point and head.isdigit() and tail.isdigit() else text


def _json_lines(records: list[bytes], columns: list[str]) -> bytes:
    return b"".join(record + b"\n" for record in records)


def _packed(write: Callable[[list[bytes], list[str]], bytes]) -> Callable[[list[bytes], list[str]], bytes]:
    # Without a time in it, so that an unchanged file is the same bytes.
    return lambda records, columns: gzip.compress(write(records, columns), mtime=0)


def _parquet(records: list[bytes], columns: list[str]) -> bytes:
    rows: list[Row] = [msgspec.json.decode(record) for record in records]
    arrays = [_column([row.get(name) for row in rows], name) for name in columns]
    out = io.BytesIO()
    pq.write_table(pa.table(dict(zip(columns, arrays, strict=True))), out)
    return out.getvalue()


def _column(values: list[Any], name: str) -> pa.Array:
    texts = pa.array([None if value is None else str(value) for value in values], pa.string())
    if not name.endswith("_at"):
        return texts
    try:
        return pa.array([None if value is None else datetime.fromisoformat(value) for value in values], pa.timestamp("us", tz="UTC"))
    except (ValueError, TypeError):
        return texts


MANNERS: dict[str, Manner] = {
    "channel_costs": Manner("costs-{month}.csv", _spreadsheet(";", ENCODING, is_russian=True)),
    "survey_answers": Manner("{month}.jsonl", _json_lines),
    "store_entrants": Manner("{year}/{month}.csv", _spreadsheet(",", "utf-8-sig", is_russian=False)),
    "wifi_visits": Manner("{year}/{month}.csv.gz", _packed(_spreadsheet("\t", ENCODING, is_russian=False))),
    "event_visits": Manner("Мероприятия {month}.csv", _spreadsheet(";", ENCODING, is_russian=True)),
    "app_sessions": Manner("{month}.ndjson.gz", _packed(_json_lines)),
    "messages": Manner("{month}.parquet", _parquet),
    "promotions": Manner("promotions.csv", _spreadsheet(",", "utf-8-sig", is_russian=False)),
    "loyalty_accounts": Manner("accounts-{month}.csv", _spreadsheet(";", ENCODING, is_russian=True)),
    "loyalty_operations": Manner("{month}.csv.gz", _packed(_spreadsheet(",", "utf-8-sig", is_russian=False))),
}


def listing(known: dict[str, tuple[str, str]], folder: str) -> Iterator[str]:
    """The names directly below a folder (`` or ending in /), subfolders with a slash."""
    below = {path.removeprefix(folder) for path in known if path.startswith(folder)}
    yield from sorted({name if not slash else f"{name}/" for name, slash, _ in (path.partition("/") for path in below)})
