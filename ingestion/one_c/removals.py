"""Which of the receipts that the exchange plan reports as deleted were deleted, and which archived and purged.

    what the lake last held of them, the reports of their shifts  ->  `never_archived`: keys to let go of

D an object that is deleted by OData, or by an administrator, goes at once, without the mark for deletion (17.4.13.1.4). A when a shift
closes, its receipts are archived into a report and purged, at once or after a while, and that is a deletion to the plan too. So it was
deleted if it was in no report when it was last read, and its shift has none now. Where a configuration tells neither, it stays, and that is
told.
"""

import logging
from collections.abc import Collection
from dataclasses import replace

from ingestion import lake
from ingestion.one_c.api import REFERENCE, Query
from ingestion.one_c.plan import Plan
from ingestion.vendor import Vendor

log = logging.getLogger(__name__)
NIL, ARCHIVED = "00000000-0000-0000-0000-000000000000", "Архивный"
SHIFTS_AT_ONCE = 6
STATUS, REPORT, TILL, SHIFT = "Статус", "ОтчетОРозничныхПродажах_Key", "КассаККМ_Key", "НомерСменыККМ"


def never_archived(plan: Plan, vendor: Vendor, resource: str, gone: Collection[str]) -> list[str]:
    """Of the keys that are gone those that no report of a shift explains. Raises VendorError."""
    if not gone:
        return []
    paths = (f"$.{name}" for name in (STATUS, REPORT, TILL, SHIFT))
    held = lake.landed_values(vendor, plan.account.name, resource, *paths, keys=gone)
    if unknown := sorted(key for key, (status, report, _, _) in held.items() if status is None and report is None):
        log.warning("%s/%s %s: the exchange plan reports %d as deleted (%s), and this configuration has neither %s nor %s to say "
                    "whether they were archived. They are kept.", vendor.name, plan.account.name, resource,
                    len(unknown), ", ".join(unknown[:5]), STATUS, REPORT)
    shifts = {key: (till or "", shift or "") for key, (status, report, till, shift) in held.items()
              if key not in unknown and status != ARCHIVED and (report or NIL) == NIL}
    closed = _closed(plan, {shift for shift in shifts.values() if REFERENCE.fullmatch(shift[0]) and shift[1].isdigit()})
    return sorted(key for key, shift in shifts.items() if shift not in closed)


def _closed(plan: Plan, shifts: set[tuple[str, str]]) -> set[tuple[str, str]]:
    """Those (till, number) of which there is a report."""
    name = plan.names["shift_reports"]
    found: set[tuple[str, str]] = set()
    asked = sorted(shifts) if name else []
    query = Query(name, "shift_reports", "Ref_Key asc", key=(TILL, SHIFT), cursor=None)
    for start in range(0, len(asked), SHIFTS_AT_ONCE):
        some = asked[start:start + SHIFTS_AT_ONCE]
        filtered = " or ".join(f"({TILL} eq guid'{till}' and {SHIFT} eq {number})" for till, number in some)
        for listed in plan.api.listed(replace(query, filter=filtered)):
            found.update((till, number) for till, _, number in ((record.key or "").partition(":") for record in listed.records))
    return found
