"""A nightly against UseDesk's stand-in, what it landed, and the vendor's staging models alone."""

import json
from datetime import timedelta
from typing import Any

import duckdb

from ingestion import lake
from ingestion.accounts import Account
from ingestion.contact import AccountReport, refresh_account
from ingestion.usedesk import VENDOR

ACCOUNT = Account(VENDOR.name)


def night(account: Account = ACCOUNT) -> AccountReport:
    """One contact with the account, as the nightly makes it, its history included."""
    lake.prepare()
    return refresh_account(VENDOR, account, refresh_id="test", budget=timedelta(minutes=5), say=lambda line: None)


def landed(resource: str, load_id: str | None = None) -> dict[str, dict[str, Any]]:
    """What the lake holds of a resource, or what one load brought: key -> the newest payload."""
    files = f"{lake.root()}/raw_usedesk/{resource}/*.parquet"
    where = f"where _dlt_load_id = '{load_id}'" if load_id else ""
    rows = duckdb.sql(f"select document_key, payload from read_parquet('{files}', union_by_name = true) {where} order by version_at")
    return {key: json.loads(payload) for key, payload in rows.fetchall()}


def payloads() -> list[str]:
    """Every landed text of a rating, as it stands in the lake."""
    return [text for (text,) in duckdb.sql(f"select payload from read_parquet('{lake.root()}/raw_usedesk/ratings/*.parquet')").fetchall()]


class Staging:
    """The vendor's staging models alone, over the lake of the test."""

    def build(self) -> None:
        """`dbt build`; fails with dbt's words."""
        from orchestration.dbt import run_dbt

        outcome = run_dbt(["build", "--select", "path:models/staging/usedesk", "value_mappings"], refresh_id="test")
        assert outcome.success, "\n".join([outcome.error or "", *(f"{node.unique_id}: {node.message}" for node in outcome.failed)])

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """Read the warehouse."""
        with duckdb.connect(str(lake.data_root() / "warehouse.duckdb"), read_only=True) as connection:
            connection.execute("set search_path = 'staging'")
            return connection.execute(sql).fetchall()
