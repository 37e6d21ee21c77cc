"""A nightly against RetailCRM's stand-in, what it landed, and the vendor's staging models alone."""

import json
from datetime import timedelta
from typing import Any

import duckdb

from ingestion import lake
from ingestion.accounts import Account
from ingestion.contact import AccountReport, refresh_account
from ingestion.retailcrm import VENDOR

ACCOUNT = Account(VENDOR.name)


def night(account: Account = ACCOUNT, *, budget: timedelta = timedelta(minutes=5)) -> AccountReport:
    """One contact with the account, as the nightly makes it."""
    lake.prepare()
    return refresh_account(VENDOR, account, refresh_id="test", budget=budget, say=lambda line: None)


def landed(resource: str, columns: str = "*", *, where: str = "true") -> list[tuple[Any, ...]]:
    """What the lake holds of a resource."""
    files = f"{lake.root()}/raw_retailcrm/{resource}/*.parquet"
    return duckdb.sql(f"select {columns} from read_parquet('{files}', union_by_name = true) where {where}").fetchall()


def payloads(resource: str, key: str) -> list[dict[str, Any]]:
    """Every landed version of a record, oldest first."""
    return [json.loads(text) for (text,) in landed(resource, "payload", where=f"document_key = '{key}' order by version_at, _dlt_load_id")]


class Staging:
    """The vendor's staging models alone, over the lake of the test."""

    def build(self) -> None:
        """`dbt build`; fails with dbt's words."""
        from orchestration.dbt import run_dbt

        outcome = run_dbt(["build", "--select", "path:models/staging/retailcrm", "value_mappings"], refresh_id="test")
        assert outcome.success, "\n".join([outcome.error or "", *(f"{node.unique_id}: {node.message}" for node in outcome.failed)])

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """Read the warehouse."""
        with duckdb.connect(str(lake.data_root() / "warehouse.duckdb"), read_only=True) as connection:
            connection.execute("set search_path = 'staging'")
            return connection.execute(sql).fetchall()
