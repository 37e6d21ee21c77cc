"""A small exchange made by hand: 260 calls of sixty days in a fixed pattern, and a few whose minute matters.

Every fifth call is missed in a queue, every seventh never leaves the menu, every third goes out, every eleventh is handed from one
operator to another. The figures that tests expect are counted from these rows.
"""

from datetime import UTC, datetime, timedelta
from typing import Any

import pandas as pd

from sandbox.world import World, table

UNTIL = datetime(2026, 10, 31, 23, 0, tzinfo=UTC)
NOW = UNTIL.replace(tzinfo=None)
BEGINS = NOW - timedelta(days=60)
CALLS = 260
OPERATORS = {1: ("Анна Белова", "0541"), 2: ("Пётр Орлов", "0544"), 3: ("Ирина Ким", "0545")}
# The last second of 30 October in Moscow, and the first of the 31st.
BEFORE_MIDNIGHT, MIDNIGHT = NOW - timedelta(days=1, hours=2, seconds=1), NOW - timedelta(days=1, hours=2)
# Begins three hours before the clock and ends one hour after it.
LONG_CALL = CALLS + 2


def made() -> World:
    """The world that holds these calls and the three who take them; everything else is empty."""
    calls, legs = _rows()
    frames = {name: table(name) for name, field in World.__dataclass_fields__.items() if str(field.type).endswith("DataFrame")}
    staff = [{"employee_id": key, "name": name, "hired_at": BEGINS, "dismissed_at": BEGINS + timedelta(days=30) if key == 3 else None}
             for key, (name, _) in OPERATORS.items()]
    frames |= {"calls": table("calls", pd.DataFrame(calls)), "call_legs": table("call_legs", pd.DataFrame(legs)),
               "employees": table("employees", pd.DataFrame(staff))}
    return World(begins_at=BEGINS, until=NOW, ends_at=NOW + timedelta(days=3), **frames)


def _rows() -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    calls: list[dict[str, Any]] = []
    legs: list[dict[str, Any]] = []
    step = timedelta(days=59, hours=20) / CALLS
    for number in range(1, CALLS + 1):
        _add(calls, legs, number, BEGINS + timedelta(seconds=round((step * number).total_seconds())), talk=20 + number)
    _add(calls, legs, CALLS + 1, BEFORE_MIDNIGHT, kind="answered")
    _add(calls, legs, LONG_CALL, NOW - timedelta(hours=3), kind="answered", talk=4 * 3600)
    _add(calls, legs, CALLS + 3, MIDNIGHT, kind="answered")
    for day in (1, 2):
        _add(calls, legs, CALLS + 3 + day, NOW + timedelta(days=day, hours=-5), kind="answered")
    return sorted(calls, key=lambda row: row["started_at"]), legs


def _kind(number: int) -> str:
    if number % 3 == 0:
        return "out"
    if number % 5 == 0:
        return "missed"
    if number % 7 == 0:
        return "menu"
    return "handed over" if number % 11 == 0 else "answered"


def _add(calls: list[dict[str, Any]], legs: list[dict[str, Any]], number: int, start: datetime, *, kind: str = "", talk: int = 60) -> None:
    """One call: the menu takes ten seconds, the queue five to sixty, the talk as long as told."""
    kind, waited = kind or _kind(number), timedelta(seconds=10 + 5 + number % 56)
    operator = 1 + number % 2
    is_spoken = kind in ("answered", "handed over", "out")
    answered = start + waited if is_spoken else None
    ended = start + waited + timedelta(seconds=talk) if is_spoken else start + timedelta(seconds=9 if kind == "menu" else 70)
    calls.append({
        "call_id": number, "uuid": f"{number:032x}", "direction": "out" if kind == "out" else "in",
        "customer_phone": f"+7916{number:07d}", "own_phone": "+78123092854", "queue": None if kind in ("out", "menu") else "Сервис",
        "employee_id": operator if is_spoken else None, "extension": OPERATORS[operator][1] if is_spoken else None,
        "started_at": start, "answered_at": answered, "ended_at": ended,
        "result": {"missed": "missed", "menu": "ivr_only"}.get(kind, "answered"), "is_tracked": False,
    })

    def leg(place: int, what: str, began: datetime, took: datetime | None, over: datetime, result: str, who: int | None = None) -> None:
        legs.append({"leg_id": number * 10 + place, "call_id": number, "kind": what, "extension": OPERATORS[who][1] if who else None,
                     "employee_id": who, "started_at": began, "answered_at": took, "ended_at": over, "result": result})

    if kind == "out":
        leg(0, "phone", start, answered, ended, "answered", operator)
        return
    leg(0, "ivr", start, start, min(ended, start + timedelta(seconds=10)), "answered")
    if kind == "menu":
        return
    queued = start + timedelta(seconds=10)
    leg(1, "queue", queued, None, answered or ended, "answered" if is_spoken else "abandoned")
    if kind == "missed":
        leg(2, "phone", queued, None, ended, "not_answered", operator)
    elif kind == "answered":
        leg(2, "phone", queued, answered, ended, "answered", operator)
    else:
        half = answered + timedelta(seconds=talk // 2)
        leg(2, "phone", queued, answered, half, "transferred", operator)
        leg(3, "phone", half, half, ended, "answered", 3 - operator)
