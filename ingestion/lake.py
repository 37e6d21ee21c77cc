"""Where the lake is, and the one way into it.

documents -> dlt pipeline -> $OMNIMART_DATA/lake/raw_<vendor>/<resource>/*.parquet, append only, `_dlt_load_id` on every row.
Only loads that stand in `_dlt_loads` with status 0 are believed. Every declared resource has an empty shelf, so that a glob is never empty.
"""

import logging
import os
from collections.abc import Iterable
from contextlib import nullcontext
from importlib import import_module
from pathlib import Path
from typing import Any

import dlt
import pyarrow as pa
import pyarrow.parquet as pq
from dlt.common.destination import AnyDestination
from dlt.destinations.impl.filesystem.filesystem import INIT_FILE_NAME
from dlt.load import Load
from duckdb import DuckDBPyConnection

from ingestion import rooms
from ingestion.accounts import REPOSITORY, Account, SettingError
from ingestion.compaction import DROPPED
from ingestion.documents import SCHEMA
from ingestion.shelves import RereadShelves, Shelves
from ingestion.vendor import Vendor
from ingestion.vendors import vendors

# dlt reads .dlt/config.toml only from the working directory, so what the lake depends on is set in code.
_DLT_SETTINGS = {
    "NORMALIZE__PARQUET_NORMALIZER__ADD_DLT_LOAD_ID": "true",
    "DESTINATION__FILESYSTEM__LOADER_FILE_FORMAT": "parquet",
    "RUNTIME__DLTHUB_TELEMETRY": "false",
    "RUNTIME__LOG_LEVEL": "WARNING",
    "LOAD__WORKERS": "4",
    "LOAD__DELETE_COMPLETED_JOBS": "true",
    "LOAD__TRUNCATE_STAGING_DATASET": "false",
}
LOOKED_AFTER_SECONDS = 0.05
SHELF_FILE = "shelf.parquet"
LANDED = SCHEMA.append(pa.field("_dlt_load_id", pa.string()))
FIELDS = pa.schema([  # ingestion/fields.py
    ("source_system", pa.string()), ("resource", pa.string()), ("field_path", pa.string()), ("field_type", pa.string()),
    ("documents", pa.int64()), ("documents_before", pa.int64()), ("documents_missed", pa.int64()),
    ("first_seen_at", pa.timestamp("us")), ("last_seen_at", pa.timestamp("us")), ("first_load_id", pa.string()),
])
LOADS_SHELF = ('{"load_id":"","schema_name":"","status":-1,"inserted_at":"1970-01-01T00:00:00+00:00","schema_version_hash":""}\n')
CONTACTS_SHELF = ('{"source_system":"","source_account":"","refresh_id":"","contacted_at":"1970-01-01T00:00:00+00:00",'
                  '"finished_at":"1970-01-01T00:00:00+00:00","status":"shelf","error":"","documents":0,'
                  '"data_through_at":"1970-01-01T00:00:00+00:00","history_left_days":0.0,"history_eta_seconds":0.0}\n')
DROPPED_SHELF = '{"source_system":"","source_account":"","resource":"","documents":0,"dropped_at":"1970-01-01T00:00:00+00:00"}\n'


class PromptLoad(Load):
    """dlt looks after its jobs once a second, or when one says that it is done. The job of the pipeline's state says nothing, so that a
    load of nothing else, a window of history without documents, takes a second of waiting."""

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        self._run_loop_sleep_duration = LOOKED_AFTER_SECONDS


import_module("dlt.pipeline.pipeline").Load = PromptLoad  # dlt has no setting for it

MEANT_OTHERWISE = frozenset("%*?[\\")


def data_root() -> Path:
    """$OMNIMART_DATA (default `data/` in the repository), absolute: everything the program writes lies under it. Raises SettingError for a
    name that dlt would fill in or DuckDB would search by, and for one that leads nowhere."""
    named = os.environ.get("OMNIMART_DATA") or REPOSITORY / "data"
    try:
        folder = Path(named).resolve()
    except (RuntimeError, OSError, ValueError) as error:  # a link that leads to itself, a name that is too long
        raise SettingError(f"OMNIMART_DATA: {named} is no folder: {error}. Nothing was read or written; name another one.") from None
    if found := sorted(MEANT_OTHERWISE.intersection(str(folder))):
        raise SettingError(f"OMNIMART_DATA: the folder {folder} has {' '.join(found)} in its path, which dlt and DuckDB take for something "
                           "else. Nothing was read or written; name another folder.")
    return folder


def root() -> Path:
    """The lake's folder."""
    return data_root() / "lake"


class _Shorter(logging.Filter):
    """What dlt logs of an error is the error in one line: the load ends with the same one, and tells it."""

    def filter(self, record: logging.LogRecord) -> bool:
        if record.exc_info and record.exc_info[1]:
            error = " ".join(str(record.exc_info[1]).split())
            record.msg, record.args = f"{record.getMessage()}: {type(record.exc_info[1]).__name__}: {error}", ()
            record.exc_info = record.exc_text = None
        return True


logging.getLogger("dlt").addFilter(_Shorter())


def prepare() -> None:
    """Make the lake's folders and the empty shelf of every resource of every vendor, switched on or not. Safe to repeat.

    All of it is open to its owner alone (rooms.py).
    """
    rooms.close(data_root())
    _lines_shelf("contacts", CONTACTS_SHELF)
    _lines_shelf(DROPPED, DROPPED_SHELF)
    _shelf_of(FIELDS, root() / "fields")
    for vendor in vendors():
        dataset = root() / vendor.dataset
        if not (dataset / INIT_FILE_NAME).exists():
            _lay_out(vendor)
        for resource in vendor.resources:
            _shelf_of(LANDED, dataset / resource.name)
        loads = dataset / "_dlt_loads" / "shelf.jsonl"
        if not loads.exists():
            loads.parent.mkdir(parents=True, exist_ok=True)
            _write_whole(loads, LOADS_SHELF.encode())


def pipeline_for(vendor: Vendor, account: Account, *, keeps_place: bool = True) -> dlt.Pipeline:
    """The dlt pipeline of one account. One name must never run twice at once: the refresh lock sees to it. Without `keeps_place` its loads
    leave what the next contact reads on from as it is."""
    os.environ.update(_DLT_SETTINGS)
    root().mkdir(parents=True, exist_ok=True)
    return dlt.pipeline(
        pipeline_name=f"{vendor.name}__{account.name}",
        destination=_shelves(Shelves if keeps_place else RereadShelves),
        dataset_name=vendor.dataset,
        pipelines_dir=str(_working_dir()),
        progress=None,
    )


def landed_cursors(vendor: Vendor, account: str, resource: str) -> dict[str, str | None]:
    """{key: the cursor of its newest document} of what an account's finished loads hold, without what was deleted.

    For vendors that tell no time of change: a cursor that can be compared says what is news. Costs about 250 bytes a key.
    """
    return {key: cursor for key, cursor, _ in _newest(vendor, account, resource, ())}


def landed_values(vendor: Vendor, account: str, resource: str, *paths: str,
                  keys: Iterable[str] | None = None) -> dict[str, list[str | None]]:
    """{key: texts at these JSON paths of its newest document}, of all keys or of some, as `landed_cursors`; nulls where it is no JSON."""
    return {key: values for key, _, values in _newest(vendor, account, resource, paths, None if keys is None else list(keys))}


def told_twice(vendor: Vendor, resource: str, loads: Iterable[str], opened: DuckDBPyConnection | None = None) -> list[str]:
    """Keys of a list of which these loads tell different contents of one moment, so that nobody knows which is the later; in order.
    Payloads are read only where a key stands twice. Whoever asks of many lists gives a connection that is open."""
    folder = root() / vendor.dataset / resource
    files = [str(file) for load_id in loads for file in sorted(folder.glob(f"{load_id}.*.parquet"))]
    if not files:
        return []
    with nullcontext(opened) if opened else rooms.in_memory(data_root()) as connection:
        twice = connection.execute(
            """
            select distinct document_key from read_parquet($files, union_by_name = true, hive_partitioning = false)
            where operation = 'upsert' group by source_account, document_key, version_at, _dlt_load_id having count(*) > 1
            """, {"files": files}).fetchall()
        return [] if not twice else [key for (key,) in connection.execute(
            """
            select distinct document_key from read_parquet($files, union_by_name = true, hive_partitioning = false)
            where operation = 'upsert' and document_key in (select unnest($keys))
            group by source_account, document_key, version_at, _dlt_load_id having count(distinct payload) > 1 order by 1
            """, {"files": files, "keys": [key for (key,) in twice]}).fetchall()]


def assert_load_ids(vendor: Vendor, load_id: str) -> None:
    """Every file of a load carries `_dlt_load_id`; without it no load could be told from a crashed one. Raises RuntimeError."""
    for resource in vendor.resources:
        for file in (root() / vendor.dataset / resource.name).glob(f"{load_id}.*.parquet"):
            if "_dlt_load_id" not in pq.read_schema(file).names:
                raise RuntimeError(f"{vendor.name} {resource.name}: {file.name} was landed without _dlt_load_id, so the load cannot be "
                                   "believed. Something overrode dlt's normalize.parquet_normalizer.add_dlt_load_id.")


def _newest(vendor: Vendor, account: str, resource: str, paths: tuple[str, ...],
            keys: list[str] | None = None) -> list[tuple[str, str | None, list[str | None]]]:
    """(key, cursor, values) of every live document of an account. Columns that are not asked for are not read."""
    dataset = root() / vendor.dataset
    values = "json_extract_string(case when json_valid(payload) then payload else '{}' end, $paths)" if paths else "[]::varchar[]"
    some = "and document_key in (select unnest($keys))" if keys is not None else ""
    asked: dict[str, Any] = {"account": account, "loads": f"{dataset}/_dlt_loads/*.jsonl", "files": f"{dataset}/{resource}/*.parquet"}
    asked |= {"paths": list(paths)} if paths else {}
    asked |= {"keys": keys} if keys is not None else {}
    with rooms.in_memory(data_root()) as connection:
        return connection.execute(
            f"""
            with documents as (
                select document_key, arg_max(
                    struct_pack(cursor, operation, told := {values}), struct_pack(version_at, _dlt_load_id)) as newest
                from read_parquet($files, union_by_name = true, hive_partitioning = false)
                where source_account = $account and _dlt_load_id in (
                    select load_id from read_json($loads, format = 'newline_delimited', columns = {{load_id: 'VARCHAR', status: 'BIGINT'}})
                    where status = 0) {some}
                group by document_key
            )
            select document_key, newest.cursor, newest.told from documents where newest.operation <> 'delete'
            """, asked).fetchall()


def _working_dir() -> Path:
    return data_root() / "dlt"


def _lines_shelf(folder: str, line: str) -> None:
    shelf = root() / folder / "shelf.jsonl"
    if not shelf.exists():
        shelf.parent.mkdir(parents=True, exist_ok=True)
        _write_whole(shelf, line.encode())


def _shelf_of(schema: pa.Schema, folder: Path) -> None:
    shelf = folder / SHELF_FILE
    if not shelf.exists():
        shelf.parent.mkdir(parents=True, exist_ok=True)
        empty = pa.BufferOutputStream()
        pq.write_table(schema.empty_table(), empty)
        _write_whole(shelf, empty.getvalue().to_pybytes())


def _shelves(kind: type[Shelves]) -> AnyDestination:
    """The lake as dlt's destination. dlt asks what it can do some sixty times a contact and resolves all its settings for each answer,
    40% of a small contact's CPU time; nothing that the answer depends on changes meanwhile, so they are resolved once."""
    destination = kind(bucket_url=root().as_uri())
    answer, settings = destination.capabilities, destination.spec()
    settings.update(destination.config_params)
    settled = destination.configuration(settings, accept_partial=True)
    destination.capabilities = lambda config=None, naming=None: answer(config or settled, naming)
    return destination


def _lay_out(vendor: Vendor) -> None:
    """The dataset's folder with dlt's own marker: a folder that dlt finds without it makes every later load fail. dlt makes the first one
    of a lake, and what it says of the layout is copied to the others, since a pipeline for each costs as much as a small night."""
    marker = root() / vendor.dataset / INIT_FILE_NAME
    laid_out = next(root().glob(f"*/{INIT_FILE_NAME}"), None)
    if laid_out is None:
        with pipeline_for(vendor, Account(vendor.name, "shelves")).destination_client() as client:
            client.initialize_storage()
        return
    marker.parent.mkdir(exist_ok=True)
    _write_whole(marker, laid_out.read_bytes())


def _write_whole(path: Path, content: bytes) -> None:
    """A reader sees no file or the whole file."""
    half = path.with_suffix(".half")
    half.write_bytes(content)
    half.replace(path)
