"""A small dbt project and a lake made by hand, to try the engine macros on.

The macros, plugins and profile are the real ones; the only vendor is `acme`, whose models and seeds a test writes itself.
"""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from ingestion.lake import DROPPED, DROPPED_SHELF, FIELDS
from orchestration.dbt import PROJECT, DbtOutcome, run_dbt

LANDED = pa.schema([
    ("source_account", pa.string()),
    ("document_key", pa.string()),
    ("cursor", pa.string()),
    ("version_at", pa.timestamp("us", tz="UTC")),
    ("operation", pa.string()),
    ("payload", pa.string()),
    ("_dlt_load_id", pa.string()),
])
FIRST_LOAD = datetime(2026, 11, 1, tzinfo=UTC)
ORDERS = """
{% set contract = [
    ('order_id', 'id', 'text', 'required'),
    ('ordered_at', 'createdAt', 'utc', ''),
    ('gross_amount', 'summ', 'MONEY', ''),
] %}
{{ staged_documents('acme', 'orders', contract) }}
"""


@dataclass(frozen=True)
class Document:
    """One landed document; `payload` is a dict, or the text exactly as the vendor sent it."""

    key: str | None
    payload: dict[str, Any] | str | None
    account: str = "main"
    version_at: datetime | None = None
    operation: str = "upsert"


def order(key: str, summ: object, account: str = "main", version_at: datetime | None = None) -> Document:
    """An order as the contract ORDERS reads it."""
    return Document(key, {"id": key, "createdAt": "2026-10-01T00:00:00Z", "summ": summ}, account=account, version_at=version_at)


@dataclass
class SmallProject:
    """A project in `root`, its data in `root/data` (OMNIMART_DATA)."""

    root: Path
    loads: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        for name in ("macros", "profiles.yml"):
            (self.root / name).symlink_to(PROJECT / name)
        text = (PROJECT / "dbt_project.yml").read_text(encoding="utf-8")
        (self.root / "dbt_project.yml").write_text(text, encoding="utf-8")
        (self.root / "seeds").mkdir()
        (self.root / "seeds" / "value_mappings.csv").write_text(
            "source_system,source_account,field,value,mapped_to\nacme,*,order_status,ok,completed\n"
            "acme,second,order_status,ok,new\n", encoding="utf-8")
        (self.root / "data" / "lake" / "fields").mkdir(parents=True, exist_ok=True)
        pq.write_table(FIELDS.empty_table(), self.root / "data" / "lake" / "fields" / "shelf.parquet")

    def write(self, path: str, text: str) -> None:
        """Write a model, a YAML file or a seed."""
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")

    def add_quality(self) -> None:
        """The real quality models, with acme as their only vendor."""
        for folder in ("models/marts/quality", "models/published", "tests/quality", "tests/generic"):
            shutil.copytree(PROJECT / folder, self.root / folder)  # dbt does not follow links inside a model path
        for file in (PROJECT / "models/intermediate/quality").iterdir():
            text = re.sub(r"    'stg_(?!mindbox)\w+',\n", "", file.read_text(encoding="utf-8")).replace("stg_mindbox__", "stg_acme__")
            self.write(f"models/intermediate/quality/{file.name}", text)

    def declare(self, *resources: str, full_lists: Sequence[str] = (), snapshots: Sequence[str] = ()) -> None:
        """The vendor's sources, with an empty shelf each."""
        lines = ["sources:", "  - name: raw_acme", "    tables:"]
        for name in resources:
            kind = "full_list" if name in full_lists else "snapshot" if name in snapshots else "changes"
            lines += [f"      - name: {name}", f"        config: {{meta: {{kind: {kind}}}}}"]
            self._land(name, "shelf", LANDED.empty_table())
        self.write("models/staging/acme/_acme__sources.yml", "\n".join(lines) + "\n")
        self.finish("shelf", status=-1, at=FIRST_LOAD - timedelta(days=400))
        self.contact("shelf", at=FIRST_LOAD - timedelta(days=400))
        dropped = self.root / "data" / "lake" / DROPPED / "shelf.jsonl"
        dropped.parent.mkdir(exist_ok=True)
        dropped.write_text(DROPPED_SHELF, encoding="utf-8")

    def land(
        self, resource: str, *documents: Document, load_id: str | None = None, at: datetime | None = None, status: int | None = 0
    ) -> str:
        """Land documents as one load, finished at `at` (default: an hour after the load before); status None: a crashed load."""
        load_id = load_id or f"{1_790_000_000 + len(self.loads)}.5"
        at = at or FIRST_LOAD + timedelta(hours=len(self.loads))
        self.loads.append(load_id)
        rows = [
            {
                "source_account": document.account,
                "document_key": document.key,
                "cursor": None,
                "version_at": document.version_at or at,
                "operation": document.operation,
                "payload": document.payload if isinstance(document.payload, str | None) else json.dumps(document.payload),
                "_dlt_load_id": load_id,
            }
            for document in documents
        ]
        self._land(resource, load_id, pa.Table.from_pylist(rows, LANDED))
        if status is not None:
            self.finish(load_id, status=status, at=at)
        return load_id

    def finish(self, load_id: str, *, status: int, at: datetime) -> None:
        """dlt's record that a load was finished."""
        folder = self.root / "data" / "lake" / "raw_acme" / "_dlt_loads"
        folder.mkdir(parents=True, exist_ok=True)
        record = {"load_id": load_id, "schema_name": "acme", "status": status, "inserted_at": at.isoformat()}
        (folder / f"{load_id}.jsonl").write_text(json.dumps(record) + "\n", encoding="utf-8")

    def contact(self, status: str, *, at: datetime, account: str = "main", error: str = "") -> None:
        """The record of one contact with the vendor."""
        folder = self.root / "data" / "lake" / "contacts"
        folder.mkdir(parents=True, exist_ok=True)
        record = {
            "source_system": "acme", "source_account": account, "refresh_id": "r", "contacted_at": at.isoformat(),
            "finished_at": at.isoformat(), "status": status, "error": error, "documents": 1,
            "data_through_at": at.isoformat() if status == "success" else None, "history_left_days": 0.0, "history_eta_seconds": 0.0,
        }
        (folder / f"{at:%Y%m%dT%H%M%S}-{account}-{status}.jsonl").write_text(json.dumps(record) + "\n", encoding="utf-8")

    def build(self, *args: str, refresh_id: str = "test", **extra_vars: Any) -> DbtOutcome:
        """`dbt build`; fails with dbt's words when something fails."""
        outcome = run_dbt(["build", *args], refresh_id=refresh_id, extra_vars=extra_vars, project=self.root)
        said = [f"{node.unique_id}: {node.message}" for node in outcome.failed]
        assert outcome.success, "\n".join([outcome.error or "", *said])
        return outcome

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """Read the warehouse, as another program would."""
        with duckdb.connect(str(self.root / "data" / "warehouse.duckdb"), read_only=True) as connection:
            return connection.execute(sql).fetchall()

    def _land(self, resource: str, load_id: str, table: pa.Table) -> None:
        folder = self.root / "data" / "lake" / "raw_acme" / resource
        folder.mkdir(parents=True, exist_ok=True)
        pq.write_table(table, folder / f"{load_id}.{len(list(folder.iterdir()))}.parquet")


def project_at(root: Path, monkeypatch: Any) -> SmallProject:
    """A fresh project under `root`, with OMNIMART_DATA pointing into it.

    What dbt parsed of the macros for the project before it is kept: they are the same, and take four seconds to parse.
    """
    parsed = root / "data" / "dbt" / "target" / "partial_parse.msgpack"
    kept = parsed.read_bytes() if parsed.exists() else None
    shutil.rmtree(root, ignore_errors=True)
    parsed.parent.mkdir(parents=True)
    if kept:
        parsed.write_bytes(kept)
    monkeypatch.setenv("OMNIMART_DATA", str(root / "data"))
    return SmallProject(root)
