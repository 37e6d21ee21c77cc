"""One Dagster step per vendor: what it said last night, landed verbatim.

    vendor API  ──►  [raw_<vendor>, <resource>]  (one asset per landed list)  ──►  dbt staging

A vendor that still fails after its retries does not stop the walk: dbt goes on with its last finished load, the check
`answered` fails without blocking, and publishing decides (publish.py). A vendor that is switched off is there and empty.
"""

from collections.abc import Iterator

import dagster as dg

from ingestion import fields
from ingestion.contact import AccountReport
from ingestion.vendor import Vendor
from ingestion.vendors import vendors
from orchestration import shortage
from orchestration.extraction import Extraction

OWNERS = ["team:data-engineering"]
RETRIES = 1
RETRY_AFTER_SECONDS = 15
CHECK = "answered"


def raw_assets() -> list[dg.AssetsDefinition]:
    """The landing step of every vendor we know."""
    return [_landing(vendor) for vendor in vendors()]


def key(vendor: Vendor, resource: str) -> dg.AssetKey:
    """The asset key of one landed list."""
    return dg.AssetKey([vendor.dataset, resource])


def _landing(vendor: Vendor) -> dg.AssetsDefinition:
    @dg.multi_asset(
        name=f"land_{vendor.name}",
        specs=[
            dg.AssetSpec(
                key(vendor, resource.name),
                description=resource.description,
                group_name=vendor.dataset,
                kinds={"dlt", "parquet"},
                owners=OWNERS,
                metadata={
                    "vendor": vendor.title,
                    "role": vendor.role,
                    "list": resource.kind,
                    "documentation": dg.MetadataValue.url(vendor.url),
                },
                tags={"layer": "raw"},
            )
            for resource in vendor.resources
        ],
        check_specs=[
            dg.AssetCheckSpec(
                CHECK,
                asset=key(vendor, resource.name),
                description="Every account of the vendor was read to its end in this run.",
            )
            for resource in vendor.resources
        ],
        required_resource_keys={"extraction"},
        op_tags={"vendor": vendor.name},
    )
    def land(context: dg.AssetExecutionContext) -> Iterator[dg.MaterializeResult]:
        night: Extraction = context.resources.extraction
        night.again(vendor) if context.retry_number else night.begin()
        for line in night.progress(vendor):
            context.log.info(line)
        with shortage.as_failure():
            reports = night.reports(vendor)
        fields.note(vendor)
        failed = [report for report in reports if not report.succeeded]
        if failed and context.retry_number < RETRIES:
            context.log.info(f"{_names(failed)} did not answer; asked again in {RETRY_AFTER_SECONDS} s.")
            raise dg.RetryRequested(max_retries=RETRIES, seconds_to_wait=RETRY_AFTER_SECONDS)
        for report in failed:
            context.log.warning(f"{report.error.rstrip('.')}. Its data of earlier nights is used; the next run catches up.")
        for resource in vendor.resources:
            yield _landed(vendor, resource.name, reports, failed, night.seconds(vendor))

    return land


def _landed(
    vendor: Vendor, resource: str, reports: tuple[AccountReport, ...], failed: list[AccountReport], seconds: float
) -> dg.MaterializeResult:
    documents = sum(report.documents.get(resource, 0) for report in reports)
    through = min((report.data_through_at for report in reports if report.data_through_at), default=None)
    metadata = {
        "contact": "switched off" if not reports else "failed" if failed else "answered",
        "documents": documents,
        "accounts": len(reports),
        "seconds": round(seconds, 1),
        "history_left_days": max((report.history_left_days for report in reports), default=0.0),
        **({"data_through": dg.MetadataValue.timestamp(through)} if through else {}),
        **({"error": " ".join(report.error for report in failed)} if failed else {}),
    }
    return dg.MaterializeResult(
        asset_key=key(vendor, resource),
        metadata=metadata,
        check_results=[
            dg.AssetCheckResult(
                asset_key=key(vendor, resource),
                check_name=CHECK,
                passed=not failed,
                severity=dg.AssetCheckSeverity.WARN,
                metadata=metadata,
            )
        ],
    )


def _names(reports: list[AccountReport]) -> str:
    return ", ".join(f"{report.source_system}/{report.source_account}" for report in reports)
