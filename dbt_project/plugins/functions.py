"""Functions that Python lends to SQL: phone numbers and keyed hashes (components.py holds the graph).

models ─► macros/engine/text.sql ─► these functions, lent to DuckDB by lend_to_duckdb.py and to Spark by spark_check.py.
Alone: `python -c "from dbt_project.plugins.functions import e164; print(e164('8 (916) 123-45-67'))"`.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path

import phonenumbers
import pyarrow as pa

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
        draft = path.with_name(f".hash_key.{secrets.token_hex(8)}")
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(secrets.token_hex(32))
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(draft, path)  # two programs or threads may come here at once: the first to link wins, all read the same key
        except FileExistsError:
            pass
        finally:
            draft.unlink()
    return path.read_text().strip().encode()


@lru_cache(maxsize=1)
def _key(root: str, given: str) -> bytes:  # the key of one environment: tests change both
    return hash_key()


def keyed_hash(text: str) -> str:
    """HMAC-SHA256 in hex, with hash_key()."""
    key = _key(os.environ.get("OMNIMART_DATA", ""), os.environ.get("OMNIMART_HASH_KEY", ""))
    return hmac.new(key, text.encode(), hashlib.sha256).hexdigest()


def each_distinct(function: Callable[[str], str | None]) -> Callable[[pa.Array], pa.Array]:
    """An Arrow function that calls `function` once per distinct value of the array."""

    def over_array(values: pa.Array) -> pa.Array:
        if isinstance(values, pa.ChunkedArray):
            values = values.combine_chunks()
        encoded = values.dictionary_encode()
        answers = pa.array([None if v is None else function(v) for v in encoded.dictionary.to_pylist()], pa.string())
        return answers.take(encoded.indices)

    return over_array
