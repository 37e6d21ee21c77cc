"""Functions that Python lends to SQL: phone numbers, keyed hashes, connected components.

models ─► macros/engine/text.sql ─► these functions, registered in DuckDB by dbt-duckdb's plugin `Plugin` and on Spark by
spark_check.py. Each works on whole Arrow arrays and computes every distinct value once. Try one alone:
`python -c "from dbt_project.plugins.functions import e164; print(e164('8 (916) 123-45-67'))"`.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path

import numpy as np
import phonenumbers
import pyarrow as pa
from dbt.adapters.duckdb.plugins import BasePlugin
from duckdb import DuckDBPyConnection
from duckdb.sqltypes import BIGINT, VARCHAR
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from .components import parted_components_arrow

DEFAULT_REGION = "RU"


@lru_cache(maxsize=2_000_000)
def e164(raw: str) -> str | None:
    """A phone number as people write it -> '+79161234567', or None when it cannot be a number."""
    try:
        number = phonenumbers.parse(raw, DEFAULT_REGION)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_possible_number(number):
        return None
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def hash_key() -> bytes:
    """The secret of this installation: OMNIMART_HASH_KEY, else a file made once under OMNIMART_DATA, owner-only.

    It must outlive the warehouse: with another key every published hash changes and joins to older exports break.
    """
    given = os.environ.get("OMNIMART_HASH_KEY")
    if given:
        return given.encode()
    path = Path(os.environ.get("OMNIMART_DATA", "data")) / "secrets" / "hash_key"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        draft = path.with_name(f".hash_key.{os.getpid()}")
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(secrets.token_hex(32))
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(draft, path)  # two programs may come here at once: the first to link wins, both read the same key
        except FileExistsError:
            pass
        finally:
            draft.unlink()
    return path.read_text().strip().encode()


def keyed_hash(text: str, *, key: bytes) -> str:
    """HMAC-SHA256 in hex."""
    return hmac.new(key, text.encode(), hashlib.sha256).hexdigest()


def component_labels(left: np.ndarray, right: np.ndarray) -> np.ndarray:
    """Edges left[i] – right[i] between nodes 0 … n-1 -> the component number of every node, by node number.

    n is the greatest node number plus one; a node without an edge is its own component. Labels are 0, 1, … in the
    order of each component's smallest node, so the same edges in any order give the same labels.
    """
    if len(left) == 0:
        return np.empty(0, dtype=np.int64)
    count = int(max(left.max(), right.max())) + 1
    graph = coo_matrix((np.ones(len(left), dtype=np.int8), (left, right)), shape=(count, count))
    _, labels = connected_components(graph, directed=False)
    _, first = np.unique(labels, return_index=True)
    rank = np.empty(len(first), dtype=np.int64)
    rank[np.argsort(first)] = np.arange(len(first))
    return rank[labels]


def each_distinct(function: Callable[[str], str | None]) -> Callable[[pa.Array], pa.Array]:
    """An Arrow function that calls `function` once per distinct value of the array."""

    def over_array(values: pa.Array) -> pa.Array:
        if isinstance(values, pa.ChunkedArray):
            values = values.combine_chunks()
        encoded = values.dictionary_encode()
        answers = pa.array([None if v is None else function(v) for v in encoded.dictionary.to_pylist()], pa.string())
        return answers.take(encoded.indices)

    return over_array


def labels_of_lists(left: pa.Array, right: pa.Array) -> pa.Array:
    """component_labels over a column of two equal-length lists of node numbers."""
    answers = [
        None if a is None or b is None else component_labels(np.asarray(a, np.int64), np.asarray(b, np.int64))
        for a, b in zip(_lists(left), _lists(right), strict=True)
    ]
    return pa.array(answers, pa.list_(pa.int64()))


def _lists(column: pa.Array) -> list[np.ndarray | None]:
    rows = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    return [rows[i].values.to_numpy(zero_copy_only=False) if rows[i].is_valid else None for i in range(len(rows))]


class Plugin(BasePlugin):
    """Registers the functions in every DuckDB connection that dbt opens."""

    def configure_connection(self, conn: DuckDBPyConnection) -> None:
        register(conn)


def register(conn: DuckDBPyConnection) -> None:
    """Register the functions in a DuckDB connection of one's own (tests, notebooks)."""
    key: list[bytes] = []

    def hashed(text: str) -> str:
        if not key:
            key.append(hash_key())
        return keyed_hash(text, key=key[0])

    edges = conn.list_type(BIGINT)
    conn.create_function("normalize_phone", each_distinct(e164), [VARCHAR], VARCHAR, type="arrow")
    conn.create_function("keyed_hash", each_distinct(hashed), [VARCHAR], VARCHAR, type="arrow")
    conn.create_function("component_labels", labels_of_lists, [edges, edges], edges, type="arrow")
    conn.create_function("parted_components", parted_components_arrow, [edges] * 6, edges, type="arrow")
