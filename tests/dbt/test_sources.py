"""What the models are told about the lake agrees with what the vendors declare."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from ingestion.vendor import Vendor
from ingestion.vendors import vendors
from orchestration import register
from orchestration.dbt import PROJECT


def tables_of(vendor: Vendor) -> dict[str, str]:
    """{resource: kind} of a vendor's dbt source."""
    [file] = (PROJECT / "models" / "staging" / vendor.name).glob("_*sources.yml")
    declared = yaml.safe_load(Path(file).read_text(encoding="utf-8"))["sources"]
    [source] = [source for source in declared if source["name"] == vendor.dataset]
    return {table["name"]: table.get("config", {}).get("meta", {}).get("kind", "changes") for table in source["tables"]}


@pytest.mark.parametrize("vendor", vendors(), ids=lambda vendor: vendor.name)
def test_a_source_declares_the_vendors_resources_with_their_kind(vendor: Vendor) -> None:
    assert tables_of(vendor) == {resource.name: resource.kind for resource in vendor.resources}


@pytest.mark.parametrize("vendor", vendors(), ids=lambda vendor: vendor.name)
@pytest.mark.parametrize("evidence", ["verdicts", "receipts"])
def test_every_resource_is_reconciled(vendor: Vendor, evidence: str) -> None:
    sql = (PROJECT / "models" / "staging" / vendor.name / f"stg_{vendor.name}__{evidence}.sql").read_text(encoding="utf-8")
    assert [resource.name for resource in vendor.resources if f"'{resource.name}'" not in sql] == []


def test_every_key_of_the_projects_yaml_is_a_text() -> None:
    # `on:` without quotes is the key True, which dbt writes and cannot read: it would parse the whole project again at every command.
    def odd(told: object) -> list[object]:
        if isinstance(told, dict):
            return [key for key in told if not isinstance(key, str)] + [key for value in told.values() for key in odd(value)]
        return [key for value in told for key in odd(value)] if isinstance(told, list) else []

    files = sorted(PROJECT.rglob("*.yml"))
    assert {file.name: keys for file in files if (keys := odd(yaml.load(file.read_text(encoding="utf-8"), register.FAST)))} == {}
