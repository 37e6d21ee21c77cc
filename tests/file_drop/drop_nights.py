"""Nights with a drop folder: what a night brings, and what then lies in the lake."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import msgspec

from ingestion import lake
from ingestion.accounts import Account
from ingestion.contact import AccountReport, refresh_account
from ingestion.file_drop import VENDOR

NOW = datetime(2026, 10, 31, 9, 0, tzinfo=UTC)


@dataclass(frozen=True)
class Drop:
    """A local folder that is read. write(name, text or bytes) drops a file; night() reads the folder a day after the night before."""

    root: Path
    tell_time: Callable[[datetime], Any]
    nights: list[int]

    def write(self, name: str, content: str | bytes) -> Path:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    def night(self) -> AccountReport:
        self.nights.append(1)
        self.tell_time(NOW + timedelta(days=len(self.nights)))
        return contact(f"r{len(self.nights)}")


def contact(refresh_id: str, account: str = "main") -> AccountReport:
    """One night's contact with an account."""
    return refresh_account(VENDOR, Account("file_drop", account), refresh_id=refresh_id, budget=timedelta(minutes=2), say=lambda _: None)


def landed(dataset: str) -> list[tuple[str, str]]:
    """(key, operation) of a dataset's documents, load by load."""
    files = f"{lake.root()}/raw_file_drop/{dataset}/*.parquet"
    if not list((lake.root() / "raw_file_drop" / dataset).glob("*.parquet")):
        return []
    return duckdb.sql(f"select document_key, operation from read_parquet('{files}', union_by_name = true) "
                      "order by _dlt_load_id, operation desc, document_key").fetchall()


def payload(dataset: str, key: str) -> dict[str, Any]:
    """The newest document of a key, decoded."""
    files = f"{lake.root()}/raw_file_drop/{dataset}/*.parquet"
    (text,) = duckdb.execute(f"select payload from read_parquet('{files}', union_by_name = true) where document_key = ? "
                             "order by version_at desc, operation limit 1", [key]).fetchone()
    return msgspec.json.decode(text)
