"""The fields that a vendor's documents have, remembered from load to load, so that a change of them is seen.

    finished loads of raw_<vendor>/<resource>  ──sample──►  paths and their types  ──►  lake/fields/<vendor>.parquet

Documents are landed verbatim and staging reads what its contracts name, so a field that a vendor adds, takes away or gives another type
would be passed by. What was seen stands in the lake and not in the warehouse, which may be deleted at any time; without the file the
next contact makes it from the documents again. What a change means is judged in dbt (marts.vendor_fields).
"""

import re
import uuid
from collections import Counter
from collections.abc import Iterator
from dataclasses import astuple, dataclass, field, replace
from pathlib import Path

import duckdb
import msgspec
import pyarrow as pa
import pyarrow.parquet as pq

from ingestion import lake, rooms
from ingestion.shelves import HALVES, settle
from ingestion.vendor import Vendor

# Documents of a load and list that are looked at; a larger load is thinned evenly.
SAMPLE = 1000
# Members of one object, each in less than a twentieth of its documents, that are still told one by one; beyond it they are data.
MOST_RARE, RARE = 40, 0.05
DEEPEST = 30
ANY = "*"
DOCUMENT = ""
THROUGH = b"through"
TYPES = {b'"VARCHAR"': "text", b'"BOOLEAN"': "boolean", b'"NULL"': "null", b'"JSON"': "mixed"}
EMPTY = b'["NULL"]'
# Numbers, dates, telephones, UUIDs, long hexadecimals, mailboxes, several words: what stands for a thing and not for a kind of thing.
_DATA = re.compile(
    r"[-+()\d\s.:]*\d[-+()\d\s.:]*|[0-9a-fA-F]{8}-[0-9a-fA-F-]{20,}|[0-9a-fA-F]{16,}"
    r"|[\w.+-]+@(?!odata\.)[\w-]+(\.[\w-]+)+|.*\s.*|.{81,}", re.DOTALL)
_LOADS = """
    select load_id, epoch_us(max(cast(inserted_at as timestamptz))) as finished_at
    from read_json($loads, format = 'newline_delimited', columns = {load_id: 'VARCHAR', status: 'BIGINT', inserted_at: 'VARCHAR'})
    where status = 0 group by load_id having finished_at > $through order by finished_at, load_id
"""
_SHAPES = """
    select _dlt_load_id, try(json_structure(payload)) as shape, count(*), epoch_us(max(version_at))
    from read_parquet($files, union_by_name = true, hive_partitioning = false)
    where operation = 'upsert' and hash(document_key) % $step = 0 and list_contains($loads, _dlt_load_id)
    group by _dlt_load_id, shape order by all
"""


@dataclass(frozen=True)
class Field:
    """One path with one type. documents: of those looked at, how many had it; before: how many came until it was first met, 0 for what
    was there when the list was first looked at; missed: how many came since it was met last. Moments are microseconds since 1970."""

    documents: int
    before: int
    missed: int
    first_seen_at: int
    last_seen_at: int
    first_load_id: str


@dataclass
class Load:
    """What a load brought of a list: when its newest document was asked for, and how many documents had which shape."""

    load_id: str
    asked_at: int = 0
    shapes: list[tuple[int, bytes]] = field(default_factory=list)


Fields = dict[tuple[str, str], Field]


def shelf(vendor: Vendor) -> Path:
    """Where the vendor's fields are remembered."""
    return lake.root() / "fields" / f"{vendor.name}.parquet"


def note(vendor: Vendor) -> int:
    """Look at what finished loads have brought since the last time; gives how many (list, path, type) are known now.
    Safe to repeat; one process at a time, which the refresh lock sees to."""
    known, through = _read(shelf(vendor))
    folder = lake.root() / vendor.dataset
    with rooms.in_memory(lake.data_root()) as connection:
        connection.execute("set TimeZone = 'UTC'")
        finished = connection.execute(_LOADS, {"loads": f"{folder}/_dlt_loads/*.jsonl", "through": through}).fetchall()
        for resource in vendor.resources if finished else ():
            fields = known.setdefault(resource.name, {})
            before = not fields
            for load in _shapes(connection, folder / resource.name, [one for one, _ in finished], is_first=before):
                _learn(fields, load, is_first=before)
            _fold(fields)
    if finished:
        _write(vendor, known, max(moment for _, moment in finished))
    return sum(map(len, known.values()))


def _shapes(connection: duckdb.DuckDBPyConnection, folder: Path, loads: list[str], *, is_first: bool) -> list[Load]:
    """What these loads brought of a list, in their order; a load that brought nothing is none. is_first: files of old loads may have been
    put together (ingestion/compaction.py)."""
    files = [str(file) for load_id in loads for file in folder.glob(f"{load_id}.*.parquet")]
    files += [str(file) for file in sorted(folder.glob("merged.*.parquet"))] if is_first else []
    if not files:
        return []
    rows = sum(pq.read_metadata(file).num_rows for file in files)
    step = -(-rows // (SAMPLE * len(loads)))
    found: dict[str, Load] = {load_id: Load(load_id) for load_id in loads}
    asked = {"files": files, "loads": loads, "step": max(1, step)}
    for load_id, shape, documents, asked_at in connection.execute(_SHAPES, asked).fetchall():
        if shape and shape.startswith("{"):
            found[load_id].shapes.append((documents, shape.encode()))
            found[load_id].asked_at = max(found[load_id].asked_at, asked_at)
    return [load for load in found.values() if load.shapes]


def _learn(fields: Fields, load: Load, *, is_first: bool) -> None:
    """Put one load's documents into what is known of a list."""
    paths, met = _Paths(frozenset(path for path, _ in fields)), Counter()
    for documents, shape in load.shapes:
        for one in paths.of(shape):
            met[one] += documents
    before, came = _documents(fields), met[DOCUMENT, "object"]
    for one, documents in met.items():
        if one in fields:
            was = fields[one]
            fields[one] = replace(was, documents=was.documents + documents, missed=0, last_seen_at=max(was.last_seen_at, load.asked_at))
        else:
            fields[one] = Field(documents, 0 if is_first else before, 0, load.asked_at, load.asked_at, load.load_id)
    for one in fields.keys() - met.keys():
        fields[one] = replace(fields[one], missed=fields[one].missed + came)


class _Paths:
    """The paths of documents, each with the kind of what stands there. Members that many documents share are walked through once.
    data: objects whose members are data; what is not known of them by name is one path."""

    def __init__(self, known: frozenset[str]) -> None:
        self.known = known
        self.data = frozenset(path.rpartition(".")[0] for path in known if path.rpartition(".")[2] == ANY)
        self.found: dict[tuple[str, bytes], frozenset[tuple[str, str]]] = {}

    def of(self, shape: bytes, path: str = DOCUMENT, depth: int = 0) -> frozenset[tuple[str, str]]:
        """shape: as json_structure() writes it."""
        if (path, shape) not in self.found:
            self.found[path, shape] = frozenset(self._walk(shape, path, depth))
        return self.found[path, shape]

    def _walk(self, shape: bytes, path: str, depth: int) -> Iterator[tuple[str, str]]:
        if depth > DEEPEST:
            yield path, "mixed"
        elif shape.startswith(b"{"):
            yield path, "object"
            for name, inner in self._members(shape).items():
                yield from self.of(bytes(inner), self._below(path, name), depth + 1)
        elif shape == EMPTY:
            yield path, "null"
        elif shape.startswith(b"["):
            yield path, "array"
            elements = f"{path}[]"
            yield from self.of(shape[1:-1], elements, depth + 1) - {(elements, "object")}
        else:
            yield path, TYPES.get(shape, "number")

    def _members(self, shape: bytes) -> dict[str, msgspec.Raw]:
        try:
            return msgspec.json.decode(shape, type=dict[str, msgspec.Raw])
        except RecursionError:  # hundreds of levels: an object, of which no more is told
            return {}

    def _below(self, path: str, name: str) -> str:
        below = f"{path}.{name}" if path else name
        if _DATA.fullmatch(name) or (path in self.data and below not in self.known):
            return f"{path}.{ANY}" if path else ANY
        return below


def _fold(fields: Fields) -> None:
    """Where an object has too many rare members its keys are data: they are one path from now on, and those that were rare leave."""
    documents: Counter[str] = Counter()
    for (path, _), one in fields.items():
        documents[path] += one.documents
    rare: dict[str, set[str]] = {}
    for path, count in documents.items():
        if path and not path.endswith(ANY) and count < RARE * documents[DOCUMENT]:
            rare.setdefault(path.rpartition(".")[0], set()).add(path)
    for parent, members in rare.items():
        if len(members) > MOST_RARE:
            below = tuple(f"{member}{step}" for member in members for step in (".", "["))
            gone = [one for one in fields if one[0] in members or one[0].startswith(below)]
            fields[f"{parent}.{ANY}" if parent else ANY, "mixed"] = max((fields.pop(one) for one in gone), key=lambda one: one.documents)


def _documents(fields: Fields) -> int:
    return fields[DOCUMENT, "object"].documents if (DOCUMENT, "object") in fields else 0


def _read(path: Path) -> tuple[dict[str, Fields], int]:
    """(list -> its fields, until which finished load they were looked at, in microseconds since 1970)."""
    known: dict[str, Fields] = {}
    if not path.exists():
        return known, 0
    table = pq.read_table(path)
    in_numbers = pa.schema([column.with_type(pa.int64()) if pa.types.is_timestamp(column.type) else column for column in lake.FIELDS])
    for row in table.cast(in_numbers).to_pylist():
        _, resource, field_path, kind, *values = row.values()
        known.setdefault(resource, {})[field_path, kind] = Field(*values)
    return known, int(table.schema.metadata[THROUGH])


def _write(vendor: Vendor, known: dict[str, Fields], through: int) -> None:
    rows = [(vendor.name, resource, *one, *astuple(field)) for resource, fields in known.items() for one, field in sorted(fields.items())]
    columns = [pa.array(values, lake.FIELDS.field(number).type) for number, values in enumerate(zip(*rows, strict=True))]
    half = shelf(vendor).parent / HALVES / uuid.uuid4().hex
    half.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.table(columns, schema=lake.FIELDS.with_metadata({THROUGH: str(through)})), half)
    settle(half, shelf(vendor))
