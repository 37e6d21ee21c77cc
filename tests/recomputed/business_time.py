"""Minutes while the service was open: day by day of its own calendar, opening by opening, the part that lies between two moments."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo

import pandas as pd

from tests.recomputed.tables import Tables

UTC = ZoneInfo("UTC")
MIDNIGHT = "24:00"
Opening = tuple[datetime, datetime]


class OpeningHours:
    """The schedule in force (service.schedule) on the clock of its place (service.time_zone)."""

    def __init__(self, tables: Tables) -> None:
        rules = tables.rules
        hours, holidays = tables.facts("seeds.business_hours"), tables.facts("seeds.holidays")
        self.zone = ZoneInfo(rules["service.time_zone"] or rules["business.timezone"])
        self.hours = list(hours[hours.schedule == rules["service.schedule"]].itertuples())
        self.holidays = list(holidays[holidays.schedule == rules["service.schedule"]].itertuples())
        self.openings = cache(self._openings)

    def minutes(self, begins_at: pd.Timestamp, ends_at: pd.Timestamp) -> float:
        """Minutes open between two moments (UTC)."""
        begins, ends = (moment.to_pydatetime().replace(tzinfo=UTC) for moment in (begins_at, ends_at))
        day, seconds = begins.astimezone(self.zone).date(), 0.0
        while day <= ends.astimezone(self.zone).date():
            for opens, closes in self.openings(day):
                seconds += max((min(ends, closes) - max(begins, opens)).total_seconds(), 0.0)
            day += timedelta(days=1)
        return seconds / 60

    def between(self, begins_at: pd.Series, ends_at: pd.Series) -> pd.Series:
        """The same of many pairs; empty where either moment is."""
        pairs = zip(begins_at, ends_at, strict=True)
        told = [None if pd.isna(begins) or pd.isna(ends) else self.minutes(begins, ends) for begins, ends in pairs]
        return pd.Series(told, index=begins_at.index, dtype="Float64")

    def _openings(self, day: date) -> list[Opening]:
        """When it opens and closes on a local day: a day of the holidays has the hours that stand there, or none."""
        of_day = [row for row in self.holidays if row.day.date() == day]
        if not of_day:
            of_day = [
                row for row in self.hours
                if row.weekday == day.isoweekday() and row.valid_from.date() <= day and not row.valid_to < pd.Timestamp(day)
            ]
        return [(self._at(day, row.opens_at), self._at(day, row.closes_at)) for row in of_day if not pd.isna(row.opens_at)]

    def _at(self, day: date, clock: str) -> datetime:
        """A wall-clock time of the day, with the offset which that place had then."""
        if clock == MIDNIGHT:
            day, clock = day + timedelta(days=1), "00:00"
        return datetime.fromisoformat(f"{day} {clock}").replace(tzinfo=self.zone).astimezone(UTC)
