"""One blocking asset check per landed table: did its vendor keep its promise?

    [staging, base_<vendor>__<resource>]  ──►  check <resource>_keep_their_promise  ──►  publish

The check stands on the typed staging table and not on the raw asset, because it reads typed rows; publishing depends on that
asset, so a failed check keeps it from starting. A warning is shown and blocks nothing.
"""

from collections.abc import Iterator

import dagster as dg

from ingestion.vendor import Vendor
from ingestion.vendors import vendors
from orchestration import promises
from orchestration.audits import Finding
from orchestration.manifest import manifest
from orchestration.warehouse import TRANSLATOR


def checked_tables() -> dict[tuple[str, str], dg.AssetKey]:
    """(vendor, resource) -> key of its staging table, for every table that dbt builds."""
    built = {
        node["alias"]: TRANSLATOR.get_asset_key(node) for node in manifest()["nodes"].values() if node["resource_type"] == "model"
    }
    return {
        (vendor.name, resource.name): built[table]
        for vendor in vendors()
        for resource in vendor.resources
        if (table := promises.base_table(vendor, resource.name)) in built
    }


def promise_checks() -> list[dg.AssetChecksDefinition]:
    """The checks of all vendors in one step, so that Great Expectations is loaded once and one failure is reported once."""
    tables = checked_tables()
    if not tables:
        return []

    @dg.multi_asset_check(
        name="vendors_keep_their_promises",
        specs=[
            dg.AssetCheckSpec(
                promises.audit_name(resource),
                asset=key,
                blocking=True,
                description=f"The newest loads of {vendor} {resource} are what the vendor promised: volume, nulls, ranges, known values.",
            )
            for (vendor, resource), key in tables.items()
        ],
        can_subset=True,
        required_resource_keys={"extraction"},
    )
    def vendors_keep_their_promises(context: dg.AssetCheckExecutionContext) -> Iterator[dg.AssetCheckResult]:
        asked = {check.asset_key for check in context.selected_asset_check_keys}
        broken = []
        with promises.asking() as warehouse:
            for vendor in vendors():
                chosen = [resource for (name, resource), key in tables.items() if name == vendor.name and key in asked]
                for resource, finding in zip(chosen, promises.check_vendor(vendor, chosen, warehouse), strict=True):
                    yield _result(vendor, resource, tables[vendor.name, resource], finding)
                    if finding.sentence:
                        (context.log.error if finding.blocks else context.log.warning)(finding.sentence)
                    if finding.blocks:
                        broken.append(finding.sentence)
        if broken:
            raise dg.Failure(f"A vendor did not keep its promise; nothing is published. {' '.join(broken)}", allow_retries=False)

    return [vendors_keep_their_promises]


def _result(vendor: Vendor, resource: str, key: dg.AssetKey, finding: Finding) -> dg.AssetCheckResult:
    numbers = {name: value for name, value in finding.numbers.items() if value is not None}
    results = numbers.pop("results", [])
    metadata = {**numbers, "vendor": vendor.title}
    if results:
        metadata["expectations_met"] = dg.MetadataValue.md("\n".join(f"- {sentence}" for sentence in results))
    if finding.sentence:
        metadata["found"] = finding.sentence
    return dg.AssetCheckResult(
        asset_key=key,
        check_name=promises.audit_name(resource),
        passed=finding.passed,
        metadata=metadata,
        severity=dg.AssetCheckSeverity.ERROR if finding.blocks else dg.AssetCheckSeverity.WARN,
    )
