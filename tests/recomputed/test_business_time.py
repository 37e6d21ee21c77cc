"""Minutes while the service was open, by hand: lunch, short days, holidays, hours that change, and clocks that go forward or back."""

from types import SimpleNamespace

import pandas as pd
import pytest

from tests.recomputed.business_time import OpeningHours

HOURS = pd.DataFrame(
    [
        ("desk", 5, "09:00", "13:00", "2000-01-01", None),
        ("desk", 5, "14:00", "18:00", "2000-01-01", None),
        ("desk", 6, "10:00", "16:00", "2000-01-01", None),
        ("desk", 7, "10:00", "16:00", "2000-01-01", None),
        ("desk", 1, "09:00", "18:00", "2000-01-01", None),
        ("desk", 2, "09:00", "18:00", "2000-01-01", "2026-03-30"),
        ("desk", 2, "08:00", "20:00", "2026-03-31", None),
        *(("always", weekday, "00:00", "24:00", "2000-01-01", None) for weekday in range(1, 8)),
    ],
    columns=["schedule", "weekday", "opens_at", "closes_at", "valid_from", "valid_to"],
).astype({"valid_from": "datetime64[us]", "valid_to": "datetime64[us]"})
HOLIDAYS = pd.DataFrame(
    [("desk", "2026-03-28", "10:00", "15:00"), ("desk", "2026-03-30", None, None), ("always", "2026-03-31", None, None)],
    columns=["schedule", "day", "opens_at", "closes_at"],
).astype({"day": "datetime64[us]"})


@pytest.mark.parametrize(
    ("schedule", "zone", "begins_at", "ends_at", "minutes"),
    [
        ("desk", "Europe/Berlin", "2026-03-27 11:00", "2026-03-27 13:30", 90),  # Friday 12:00 to 14:30, an hour of lunch
        ("desk", "Europe/Berlin", "2026-03-27 11:00", "2026-03-29 09:00", 660),  # … to Sunday 11:00: 60 + 240, a short 300, 60
        ("desk", "Europe/Berlin", "2026-03-29 13:00", "2026-03-31 07:00", 120),  # Sunday 15:00 to Tuesday 9:00, new hours
        ("desk", "Europe/Berlin", "2026-03-30 08:00", "2026-03-30 09:00", 0),  # a holiday
        ("always", "America/New_York", "2026-11-01 04:00", "2026-11-02 05:00", 1500),  # a day of 25 hours
    ],
)
def test_minutes_open_between_two_moments(schedule, zone, begins_at, ends_at, minutes):
    tables = SimpleNamespace(
        rules={"service.schedule": schedule, "service.time_zone": zone, "business.timezone": "Europe/Moscow"},
        facts={"seeds.business_hours": HOURS, "seeds.holidays": HOLIDAYS}.__getitem__,
    )
    assert OpeningHours(tables).minutes(pd.Timestamp(begins_at), pd.Timestamp(ends_at)) == minutes
