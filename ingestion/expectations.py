"""What a vendor promised about one table, written as Great Expectations and read by the blocking checks.

    ingestion/<vendor>/expectations.py: SUITES  ──►  orchestration/checks.py  ──►  one asset check per table

A suite speaks about the rows of the vendor's newest loads after staging typed them: its columns are the contract
columns of `base_<vendor>__<resource>` plus `source_account`, `document_key`, `version_at`, `load_id`, `operation`,
`is_accepted` and `problem`. Rejected rows are in the batch only for expectations on those technical columns; every
other expectation sees accepted, undeleted rows. What staging already proves (types, required keys) is not repeated:
a suite asks whether the vendor kept its promise, that is volume, null rates, known statuses, ranges, freshness.

    import great_expectations.expectations as gxe

    SUITES: dict[str, Suite] = {
        "orders": Suite(
            resource="orders",
            error=(gxe.ExpectColumnValuesToBeBetween(column="gross_amount", min_value=0, mostly=0.99),),
            warn=(gxe.ExpectColumnValuesToNotBeNull(column="raw_status", mostly=0.95),),
            rows_per_day=(0, 200_000),
        ),
    }

Great Expectations takes two seconds to import, so only the `expectations` modules of the vendors import it and only
a running check imports those.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from great_expectations.expectations import Expectation


@dataclass(frozen=True)
class Suite:
    """The promise behind one landed table.

    `error`: a failure stops publishing (use it for what a mart reads). `warn`: a failure is shown and no more.
    `rows_per_day`: lowest and highest number of documents per day covered by the newest contact; a first load of
    thirty days and a nightly of one day are measured by the same band. `None`: no promise about volume.
    """

    resource: str
    error: tuple[Expectation, ...] = ()
    warn: tuple[Expectation, ...] = ()
    rows_per_day: tuple[int, int] | None = None
