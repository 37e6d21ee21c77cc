"""A part of a log as documents, column by column and without a Python object per value.

TSV with a header -> pyarrow.csv, everything as text -> `{"ym:s:visitID":"…",…}` -> Arrow table of documents

Values stay the vendor's text, ClickHouse's escapes included. A line with a wrong number of fields becomes `{"line":"…"}`: it has no key of
its own, lands, and ends in quarantine. Bytes that are no UTF-8 are written as backslash escapes.
"""

import io
import re
from dataclasses import dataclass
from datetime import datetime

import msgspec
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv

from ingestion import byte_order, documents
from ingestion.http import without_queries

PLACEHOLDER = "<attribution>"
CONTROL = re.compile(r"[\x00-\x1f]")


class NotALog(ValueError):
    """The body is no TSV of the asked fields; the text says what was found."""


@dataclass(frozen=True)
class Shape:
    """What was asked: the fields, those that make the key, those of which only the year is taken, and the one that is the cursor."""

    fields: tuple[str, ...]
    key: tuple[str, ...]
    cursor: str
    years: frozenset[str] = frozenset()


def documents_of(body: bytes, shape: Shape, *, account: str, asked_at: datetime, attribution: str) -> pa.Table:
    """The rows of a part. attribution: the model by the vendor's answer, for when the header does not say. Raises NotALog."""
    body = byte_order.of_lines(_utf8(body))
    names, model = _names(body, shape, attribution)
    columns, broken = _columns(body, names)
    told = {"attribution": pa.scalar(model)} if model else {}
    payloads = _objects({**columns, **told}) if columns[names[0]] else pa.array([], pa.string())
    keys = _keys(columns, payloads, shape)
    if broken:
        lines = [msgspec.json.encode({"line": line}).decode() for line in broken]
        payloads = pa.concat_arrays([payloads, pa.array(lines, pa.string())])
        keys = pa.concat_arrays([keys, pa.array([documents.payload_key(line) for line in lines], pa.string())])
    cursors = pa.concat_arrays([columns[shape.cursor], pa.nulls(len(broken), pa.string())])
    count = len(payloads)
    return pa.table({
        "source_account": pa.repeat(pa.scalar(account), count),
        "document_key": keys,
        "cursor": cursors,
        "version_at": pa.repeat(pa.scalar(asked_at, pa.timestamp("us", tz="UTC")), count),
        "operation": pa.repeat(pa.scalar("upsert"), count),
        "payload": payloads,
    }, schema=documents.SCHEMA)


def _utf8(body: bytes) -> bytes:
    try:
        body.decode("utf-8")
    except UnicodeDecodeError:
        return body.decode("utf-8", "backslashreplace").encode("utf-8")
    return body


def _names(body: bytes, shape: Shape, attribution: str) -> tuple[list[str], str]:
    """The asked names in the header's order, and the attribution model that the header names."""
    header = body.split(b"\n", 1)[0].decode("utf-8").rstrip("\r").split("\t")
    asked = {name: name for name in shape.fields if PLACEHOLDER not in name}
    patterns = [(re.compile(re.escape(name).replace(re.escape(PLACEHOLDER), "([A-Za-z_]+)")), name)
                for name in shape.fields if PLACEHOLDER in name]
    names, models = [], set()
    for told in header:
        for pattern, name in patterns:
            if told not in asked and (match := pattern.fullmatch(told)):
                names.append(name)
                models.add(match[1].lower())
                break
        else:
            names.append(asked.get(told) or (told if PLACEHOLDER in told and told in shape.fields else ""))
    if sorted(names) != sorted(shape.fields) or len(models) > 1:
        raise NotALog(f"the header is {without_queries('  '.join(header))[:300]!r}, and not the {len(shape.fields)} asked fields")
    # A header that keeps the placeholder leaves it to the answer to say which model it was.
    return names, (models.pop() if models else attribution.lower()) if patterns else ""


def _columns(body: bytes, names: list[str]) -> tuple[dict[str, pa.Array], list[str]]:
    """{asked name: texts}, and the lines that do not have as many fields."""
    broken: list[str] = []

    def keep(row: csv.InvalidRow) -> str:
        broken.append(row.text)
        return "skip"

    table = csv.read_csv(
        io.BytesIO(body),
        read_options=csv.ReadOptions(column_names=names, skip_rows=1, use_threads=False, block_size=16 << 20),
        parse_options=csv.ParseOptions(delimiter="\t", quote_char=False, double_quote=False, invalid_row_handler=keep),
        convert_options=csv.ConvertOptions(column_types=dict.fromkeys(names, pa.string()), strings_can_be_null=False),
    ) if body.count(b"\n", 0, len(body)) > 1 or not body.endswith(b"\n") else pa.table({name: pa.array([], pa.string()) for name in names})
    return {name: table[name].combine_chunks() for name in names}, broken


def _objects(columns: dict[str, pa.Array | pa.Scalar]) -> pa.Array:
    """JSON objects, one per row, with these members."""
    pieces: list[pa.Array | pa.Scalar] = []
    for place, (name, values) in enumerate(columns.items()):
        pieces += [pa.scalar(("{" if place == 0 else '",') + msgspec.json.encode(name).decode() + ':"'), _json_text(values)]
    return pc.binary_join_element_wise(*pieces, pa.scalar('"}'), "")


def _json_text(values: pa.Array | pa.Scalar) -> pa.Array | pa.Scalar:
    """The inside of JSON strings."""
    if isinstance(values, pa.Scalar):
        return values
    for plain, escaped in (("\\", "\\\\"), ('"', '\\"')):
        if pc.any(pc.match_substring(values, plain)).as_py():
            values = pc.replace_substring(values, plain, escaped)
    if pc.any(pc.match_substring_regex(values, CONTROL.pattern)).as_py():
        values = pa.array([CONTROL.sub(lambda found: f"\\u{ord(found[0]):04x}", text) for text in values.to_pylist()], pa.string())
    return values


def _keys(columns: dict[str, pa.Array], payloads: pa.Array, shape: Shape) -> pa.Array:
    """The parts of the key joined by a colon; a row that lacks one takes the hash of its text."""
    parts = [pc.utf8_slice_codeunits(columns[name], 0, 4) if name in shape.years else columns[name] for name in shape.key]
    keys = pc.binary_join_element_wise(*parts, ":") if len(parts) > 1 else parts[0]
    lacking = pc.equal(parts[-1], "")
    if not pc.any(lacking).as_py():
        return keys
    return pa.array([documents.payload_key(text) if gone else key
                     for gone, key, text in zip(lacking.to_pylist(), keys.to_pylist(), payloads.to_pylist(), strict=True)], pa.string())
