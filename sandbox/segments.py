"""RetailCRM's segments: which of its customers stood in which, and when.

orders, retailcrm's own records -> segments, segment_members
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from sandbox.world import table

VIP_AFTER_ORDERS, NEW_DAYS, SLEEPS_AFTER_DAYS = 10, 60, 120
SEGMENTS = (("vip", "VIP", True), ("new", "Новые покупатели", True), ("sleeping", "Спящие", True))


def segments(begins: np.datetime64) -> pd.DataFrame:
    """The three segments of the shop."""
    codes, names, dynamic = zip(*SEGMENTS, strict=True)
    return table(
        "segments", {"segment_id": [1, 2, 3], "code": codes, "name": names, "is_dynamic": dynamic, "created_at": np.full(3, begins)}
    )


def members(orders: pd.DataFrame, own: pd.DataFrame, *, ends: np.datetime64) -> pd.DataFrame:
    """`own`: person_id, crm_record_id, created_at. A sleeper leaves the segment with the next order; a VIP stays one."""
    bought = orders[orders["cancelled_at"].isna() & orders["person_id"].notna()].merge(own, on="person_id", suffixes=("", "_crm"))
    bought = bought[bought["created_at"] >= bought["created_at_crm"]].sort_values("created_at", kind="stable")
    each = bought.groupby("crm_record_id_crm" if "crm_record_id_crm" in bought else "crm_record_id")
    record = bought["crm_record_id_crm"]
    vip = bought[each.cumcount() == VIP_AFTER_ORDERS - 1]
    follows = each["created_at"].shift(-1)
    asleep = bought["created_at"] + np.timedelta64(SLEEPS_AFTER_DAYS, "D")
    sleeps = ~(follows <= asleep)
    found = pd.concat(
        [
            pd.DataFrame({"crm_record_id": record[vip.index], "code": "vip", "since": vip["created_at"], "until": pd.NaT}),
            pd.DataFrame(
                {
                    "crm_record_id": own["crm_record_id"],
                    "code": "new",
                    "since": own["created_at"],
                    "until": own["created_at"] + np.timedelta64(NEW_DAYS, "D"),
                }
            ),
            pd.DataFrame({"crm_record_id": record[sleeps], "code": "sleeping", "since": asleep[sleeps], "until": follows[sleeps]}),
        ],
        ignore_index=True,
    )
    found = found[found["since"] <= ends].sort_values(["since", "crm_record_id", "code"], kind="stable")
    return table("segment_members", found)
