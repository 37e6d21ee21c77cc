"""How much a vendor sends: within the band that its suite promises, and as much as it usually does.

    counts of the newest loads, days they cover, the days let through before  ──►  sentences

The band is the promise and blocks. What is usual is learned from nights that were published and only warns: a day of sales, a holiday
and a migrated shop are all honest. Unusual nights are not learned from; after KEPT_DAYS without a usual one nothing is usual any more,
so a change that stays warns for a month and is then forgotten.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from statistics import median
from typing import Any

import pandas as pd

from ingestion.expectations import Suite
from ingestion.vendor import Resource
from orchestration.contacts import Standing

TIMES = 10
FEWEST_DAYS, KEPT_DAYS = 7, 35
# Fewer are not missed and not too many: chance alone does that.
MISSED_FROM, TOO_MANY_FROM = 10, 100
WHOLE_DAY = 0.9


@dataclass(frozen=True)
class Volume:
    """What one account sent of one list: documents, the days of the vendor's life that they cover, and the last of these days."""

    account: str
    documents: int
    days: float
    through: str

    @property
    def per_day(self) -> float:
        """Documents a day, of at least one day."""
        return self.documents / max(1.0, self.days)


def measured(standing: Standing, documents: int, before: Mapping[str, str | None]) -> Volume:
    """The volume of an account. before: how far it had been read when the audits last passed, forwards (`through`) and back (`from`)."""
    if standing.through is None or standing.history_from is None:
        return Volume(standing.account, documents, 1.0, "")
    covered = (standing.through - standing.history_from).total_seconds()
    if before.get("through") and before.get("from"):
        covered -= (pd.Timestamp(before["through"]) - pd.Timestamp(before["from"])).total_seconds()
    return Volume(standing.account, documents, covered / 86400, standing.through.date().isoformat())


def outside_the_band(suite: Suite, name: str, volume: Volume) -> str:
    """What is wrong with it, as a sentence, or nothing. Part of a day proves no lack."""
    if suite.rows_per_day is None:
        return ""
    low, high = suite.rows_per_day
    if volume.per_day <= high and (volume.per_day >= low or volume.days < WHOLE_DAY):
        return ""
    return f"{name} sent {volume.per_day:.1f} documents a day over {max(1.0, volume.days):.1f} days, expected {low} to {high}"


def unusual(resource: Resource, name: str, volume: Volume, days: Mapping[str, float]) -> str:
    """What is unusual about it, as a sentence, or nothing. days: day -> documents a day, of usual nights. A full list comes only when it
    changed, so its absence says nothing."""
    if len(days) < FEWEST_DAYS:
        return ""
    usually = median(days.values())
    told = f"usually {usually:.0f} a day ({len(days)} nights)"
    if volume.per_day >= max(TOO_MANY_FROM, TIMES * usually):
        return f"{name} sent {volume.per_day:.0f} documents a day, {told}"
    is_never_empty = usually >= MISSED_FROM and min(days.values()) > 0 and resource.kind != "full_list"
    if is_never_empty and not volume.documents and volume.days >= WHOLE_DAY:
        return f"{name} sent nothing over {volume.days:.1f} days, {told}"
    return ""


def learned(days: Mapping[str, float], told: Mapping[str, Any], account: str) -> dict[str, float]:
    """The days of usual nights, with the one that a finding tells of the account if it was one of them; the oldest leave."""
    volume = told.get("volumes", {}).get(account)
    known = dict(days)
    if volume and volume["through"] and volume["days"] >= WHOLE_DAY and account not in told.get("unusual", ()):
        known[volume["through"]] = round(volume["per_day"], 2)
    newest = max([*known, volume["through"] if volume else ""], default="")
    return {day: rate for day, rate in sorted(known.items()) if pd.Timestamp(newest) - pd.Timestamp(day) <= timedelta(days=KEPT_DAYS)}
