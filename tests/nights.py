"""A night in one process, without Dagster: land, build, audit, publish. What most tests of the whole walk stand on."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import dagster as dg
import duckdb
import pytest

from ingestion import lake
from ingestion.contact import AccountReport, refresh_account
from ingestion.vendor import Vendor
from ingestion.vendors import vendors
from orchestration import exports, housekeeping, promises, publish, versions, warehouse
from orchestration.dbt import DbtOutcome, run_dbt

NEVER_OUT_OF_TIME = timedelta(minutes=10)
INCREMENTAL = "config.materialized:incremental"


@dataclass(frozen=True)
class Night:
    """What became of a night: the contacts, dbt's outcome, the publication, and what kept it from being published."""

    reports: dict[str, AccountReport]
    built: DbtOutcome
    outcome: publish.Outcome | None
    refusal: str
    documents: dict[str, dict[str, int]]
    version: Path | None

    @property
    def broken(self) -> list[str]:
        """The models and tests that did not stand, by name."""
        return [node.unique_id for node in self.built.nodes if node.status in ("error", "fail")]

    def read(self, query: str) -> list[tuple]:
        """Rows of what was published when this night ended, opened read-only as a BI tool opens it."""
        with duckdb.connect(str(self.version / "omnimart.duckdb"), read_only=True) as connection:
            return connection.execute(query).fetchall()

    def business_tables(self) -> dict[str, list[tuple]]:
        """Every published table but those that describe the refresh itself, row by row, in order."""
        names = [name for (name,) in self.read("select table_name from information_schema.tables where table_schema = 'marts' order by 1")]
        return {name: self.read(f"select * from marts.{name} order by all") for name in names if name not in exports.RUN_SCOPED}


def land(refresh_id: str) -> list[AccountReport]:
    """Every account that is switched on, one after the other."""
    lake.prepare()
    return [refresh_account(vendor, account, refresh_id=refresh_id, budget=NEVER_OUT_OF_TIME, say=lambda line: None)
            for vendor in vendors() for account in vendor.accounts()]


def refresh_alone(vendor: Vendor, *, minutes: float = 5) -> AccountReport:
    """One refresh of the one account of a vendor, landing only."""
    lake.prepare()
    (account,) = vendor.accounts()
    return refresh_account(vendor, account, refresh_id="night", budget=timedelta(minutes=minutes), say=lambda line: None)


def landed_rows(vendor: Vendor, resource: str) -> list[dict[str, Any]]:
    """Every landed row of the resource, in the order it was asked for."""
    files = f"{lake.root()}/{vendor.dataset}/{resource}/*.parquet"
    found = duckdb.sql(f"select * from read_parquet('{files}', union_by_name=true) order by version_at")
    return [dict(zip(found.columns, row, strict=True)) for row in found.fetchall()]


def add_to_warehouse(refresh_id: str) -> DbtOutcome:
    """Land, and let the models that keep their rows from night to night read it, with what those stand on; nothing is published."""
    land(refresh_id)
    return run_dbt(["run", "--select", f"+{INCREMENTAL}"], refresh_id=refresh_id)


def night(refresh_id: str, *, asks_vendors: bool = True) -> Night:
    """One whole night, or one of the lake alone; a refused publication is told, not raised."""
    reports = land(refresh_id) if asks_vendors else []
    built = warehouse.build(refresh_id, say=lambda line: None)
    with promises.asking() as opened:
        for vendor in vendors():
            promises.check_vendor(vendor, [resource.name for resource in vendor.resources], opened)
    outcome, refusal = None, ""
    try:
        outcome = publish.publish(refresh_id)
    except publish.Refused as refused:
        refusal = str(refused)
    named = {f"{report.source_system}/{report.source_account}": report for report in reports}
    link = versions.published() / "current"
    version = link.resolve() if link.exists() else None
    return Night(named, built, outcome, refusal, {name: report.documents for name, report in named.items()}, version)


def copy_parsed(parsed_project: Path, data: Path) -> None:
    """What dbt made of the project, into a data folder that is to be built."""
    shutil.copytree(parsed_project / "dagster" / "manifests", data / "dagster" / "manifests", dirs_exist_ok=True)
    shutil.copytree(parsed_project / "dbt" / "target", data / "dbt" / "target", dirs_exist_ok=True)


def superseded_versions_leave(data: Path, *, then_delete: str) -> tuple[list[str], int, int]:
    """Housekeeping of a retailer who keeps superseded versions for a day, two days on: (said, documents in the lake before and after)."""
    rules = data / "retention.yml"
    rules.write_text("retention: {lake_superseded_days: 1, lake_small_files: 2}\n", encoding="utf-8")
    lake = f"select count(*) from read_parquet('{data}/lake/raw_*/*/*.parquet', union_by_name = true) where _dlt_load_id is not null"
    before = duckdb.sql(lake).fetchone()[0]
    with pytest.MonkeyPatch.context() as patch, dg.DagsterInstance.ephemeral() as instance:
        patch.setenv("OMNIMART_BUSINESS_RULES", str(rules))
        said: list[str] = []
        housekeeping.keep_house(instance, said.append, now=datetime.now(UTC) + timedelta(days=2), listed_seconds=0)
    (data / then_delete).unlink()
    return said, before, duckdb.sql(lake).fetchone()[0]


@contextmanager
def house(data: Path, parsed_project: Path, environment: dict[str, str]) -> Iterator[None]:
    """A data folder of its own with its settings in the environment, and the project parsed already."""
    before = dict(os.environ)
    for name in list(os.environ):
        if name.startswith(("SOURCES__", "OMNIMART_")):
            del os.environ[name]
    copy_parsed(parsed_project, data)
    pauses = {name.replace("__BASE_URL", "__RETRY_PAUSE_SECONDS"): "0.01" for name in environment if name.endswith("__BASE_URL")}
    os.environ.update({**environment, **pauses, "OMNIMART_DATA": str(data), "OMNIMART_SECRETS": str(data / "none.toml")})
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)
