"""A backfill as Dagster sees it: one asset whose run config says what to read again, before the build.

    Launchpad or `make backfill`: vendor, days, resources  ──►  [backfill, window]  ──►  build_warehouse  ──►  checks  ──►  publish

The nightly's landing assets are not part of the job: their steps would ask every vendor for changes.
"""

import time
from collections.abc import Iterator
from datetime import date
from enum import Enum

import dagster as dg
from pydantic import Field

from ingestion import backfill
from ingestion.vendors import NAMES, vendors
from orchestration import business_rules, subjects
from orchestration.raw_assets import OWNERS

AGAIN = "backfill"
KEY = dg.AssetKey([AGAIN, "window"])
STEP = subjects.AGAIN
VendorName = Enum("VendorName", {name: name for name in NAMES})


class Window(dg.Config):
    """Which days of which vendor are read again."""

    vendor: VendorName = Field(description="Whose days are read again.")
    first_day: str = Field(description="The first day, YYYY-MM-DD, in the business's time zone.")
    last_day: str = Field(description="The last day, YYYY-MM-DD, included; today at the latest.")
    resources: list[str] = Field(default=[], description="Only these of the vendor's lists, and what is read together with them. Empty: "
                                                         "all that can be asked for by days.")
    account: str = Field(default="", description="Only this account of the vendor. Empty: every one that is switched on.")

    def wanted(self) -> backfill.Wanted:
        """What it asks for. Raises backfill.Impossible with a sentence."""
        days = (_day(name, text) for name, text in (("first_day", self.first_day), ("last_day", self.last_day)))
        zone = business_rules.read().zone
        return backfill.wanted(vendors(), self.vendor.value, *days, self.resources, zone=zone, account=self.account)


@dg.multi_asset(
    name=STEP,
    specs=[
        dg.AssetSpec(
            KEY,
            group_name=AGAIN,
            kinds={"dlt", "parquet"},
            owners=OWNERS,
            tags={"layer": "raw"},
            description="Days of one vendor that were read again, into the vendor's own lists. Materialize it in the job `backfill`, which "
            "builds and publishes what came; alone it only lands, and the next refresh builds it.",
        )
    ],
    required_resource_keys={"extraction"},
)
def land_window(context: dg.AssetExecutionContext, config: Window) -> Iterator[dg.MaterializeResult]:
    """Read it; a vendor that does not answer ends the run, and what was published stays."""
    began = time.monotonic()
    try:
        asked = config.wanted()
        done = backfill.backfill(asked, refresh_id=context.run_id, say=context.log.info)
    except backfill.Impossible as impossible:
        raise dg.Failure(str(impossible), allow_retries=False) from None
    if done.errors:
        raise dg.Failure(
            f"{asked} was not read again to its end: {' '.join(error.rstrip('.') + '.' for error in done.errors)} What came before that "
            "stays in the lake and is built by the next refresh; start the same backfill again.",
            allow_retries=False,
        )
    yield dg.MaterializeResult(
        metadata={
            "read_again": str(asked),
            "seconds": round(time.monotonic() - began, 1),
            "documents": sum(done.documents.values()),
            "resources": ", ".join(f"{name} {count}" for name, count in sorted(done.documents.items())) or "no news",
            "accounts": ", ".join(account.name for account in asked.accounts),
            "loads": ", ".join(done.load_ids) or "none",
        }
    )


def _day(name: str, text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise backfill.Impossible(f"{name} is {text!r}, which is no day; write it as 2026-10-31. Nothing was read.") from None
