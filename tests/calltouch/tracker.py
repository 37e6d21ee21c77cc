"""A small site made by hand: calls over tracked numbers and forms of thirty days, and a few whose minute matters.

Every third call was not answered; every fourth came from a visit. The figures that tests expect are counted from these rows.
"""

from datetime import UTC, datetime, timedelta
from typing import Any

import pandas as pd

from sandbox.world import World, table

# 1 November, two o'clock in the night in Moscow.
UNTIL = datetime(2026, 10, 31, 23, 0, tzinfo=UTC)
NOW = UNTIL.replace(tzinfo=None)
BEGINS = NOW - timedelta(days=28)
CALLS, LEADS = 56, 27
# The last second of 30 October in Moscow, and the first of the 31st.
BEFORE_MIDNIGHT, MIDNIGHT = NOW - timedelta(days=1, hours=2, seconds=1), NOW - timedelta(days=1, hours=2)
ON_VISIT, ORDERED, EVENING, NIGHT, LONG_CALL, TOMORROW, UNTRACKED = 600_004, 600_101, 600_102, 600_103, 600_104, 600_105, 600_106
ORDERED_LEAD, EVENING_LEAD, NIGHT_LEAD, LEAD_TOMORROW = 310_101, 310_102, 310_103, 310_104
CLIENT_ID = "16571136466034985619"  # above 2^63
ORDER = {"order_id": 9001, "number": "9001A", "created_at": NOW + timedelta(hours=5), "received_at": NOW + timedelta(days=9),
         "net_kop": 199_950}


def made() -> World:
    """The world that holds these; everything else is empty."""
    frames = {name: table(name) for name, field in World.__dataclass_fields__.items() if str(field.type).endswith("DataFrame")}
    for name, rows in (("calls", _calls()), ("leads", _leads()), ("visits", _visits()), ("orders", [ORDER])):
        frames[name] = table(name, pd.DataFrame(rows))
    return World(begins_at=BEGINS, until=NOW, ends_at=NOW + timedelta(days=9), **frames)


def _call(number: int, start: datetime, *, talk: int = 60, **other: Any) -> dict[str, Any]:
    answered = None if number % 3 == 0 else start + timedelta(seconds=10)
    is_static = number % 4 != 0
    return {
        "call_id": number, "uuid": f"{number:032x}", "direction": "in", "customer_phone": f"+7916{number:07d}",
        "own_phone": "+78005550101", "queue": "sales", "started_at": start - timedelta(seconds=2), "answered_at": answered,
        "ended_at": (answered or start) + timedelta(seconds=talk), "result": "answered" if answered else "missed", "is_tracked": True,
        "is_external": False, "tracked_at": start, "tracking_number": f"+7499555{number % 20:04d}",
        "client_id": None if is_static else CLIENT_ID, "visit_id": None if is_static else "5293172654650077933",
        "traffic_source": "referral" if is_static else "organic", "utm_source": "2gis" if is_static else None,
        "utm_medium": "static" if is_static else None, **other,
    }


def _calls() -> list[dict[str, Any]]:
    rows = [_call(600_000 + number, BEGINS + timedelta(hours=12 * number - 1, seconds=number)) for number in range(1, CALLS + 1)]
    rows += [
        _call(ORDERED, NOW - timedelta(hours=30), order_id=ORDER["order_id"]),
        _call(EVENING, BEFORE_MIDNIGHT),
        _call(NIGHT, MIDNIGHT),
        _call(LONG_CALL, NOW - timedelta(hours=3), talk=4 * 3600),
        _call(TOMORROW, NOW + timedelta(hours=20)),
        _call(UNTRACKED, NOW - timedelta(hours=40), is_tracked=False, tracked_at=None, tracking_number=None),
    ]
    return sorted(rows, key=lambda row: row["ended_at"])


def _lead(number: int, moment: datetime, **other: Any) -> dict[str, Any]:
    seen = {"client_id": CLIENT_ID, "visit_id": "5293172654650077933", "traffic_source": "organic"} if number % 2 else {}
    return {"lead_id": number, "record_id": 9_000_000 + number % 10, "created_at": moment, "subject": "Обратный звонок",
            "full_name": f"Анна {number}", "email": f"a{number % 10}@post.example" if number % 3 == 0 else None,
            "phone": f"8 (916) {number % 10:03d}-00-00" if number % 5 else None, **seen, **other}


def _leads() -> list[dict[str, Any]]:
    rows = [_lead(310_000 + number, BEGINS + timedelta(days=number, minutes=number)) for number in range(1, LEADS + 1)]
    rows += [
        _lead(ORDERED_LEAD, NOW - timedelta(hours=30), order_id=ORDER["order_id"], utm_source="yandex", utm_medium="cpc",
              utm_campaign="brand", traffic_source="ad"),
        _lead(EVENING_LEAD, BEFORE_MIDNIGHT),
        _lead(NIGHT_LEAD, MIDNIGHT),
        _lead(LEAD_TOMORROW, NOW + timedelta(hours=20)),
    ]
    return sorted(rows, key=lambda row: row["created_at"])


def _visits() -> list[dict[str, Any]]:
    return [{"visit_id": "5293172654650077933", "client_id": CLIENT_ID, "started_at": BEGINS - timedelta(days=1), "device": "phone",
             "ended_at": BEGINS - timedelta(hours=23), "traffic_source": "organic", "referer": "https://www.google.com/",
             "landing_url": "https://shop.example/catalog", "end_url": "https://shop.example/delivery", "city": "Тверь"}]
