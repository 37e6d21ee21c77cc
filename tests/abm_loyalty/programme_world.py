"""A small programme made by hand: members with one card and with two, and a publication that knows some of them.

Thirty members of one pattern, and some of whom something is special. The figures that tests expect are counted from these rows.
"""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd

from sandbox.world import World, table

# 1 November, two o'clock in the night in Moscow.
UNTIL = datetime(2026, 10, 31, 23, 0, tzinfo=UTC)
NOW = UNTIL.replace(tzinfo=None)
ANNA, BORIS, VERA, GLEB, TOMORROW, FIRST_OF_MANY, MANY = 1, 2, 3, 4, 5, 11, 30
# Nobody asks for these but the test that spoils them; the first earned a point a day for six days.
SPOILED, SHAPELESS = 51, 52
OLD_CARD = "290000000901"
ORDER = {"order_id": 9001, "number": "9001A", "created_at": NOW - timedelta(days=20)}
# account -> points of which none wait, and points that wait, at NOW.
BALANCES = {ANNA: (70, 50), BORIS: (0, 0), VERA: (0, 0), GLEB: (0, 0)} | {
    number: (9 * number, 0) for number in range(FIRST_OF_MANY, FIRST_OF_MANY + MANY)}


def card(number: int) -> str:
    """The card that a member has now."""
    return f"2900000{number:05d}"


def phone(number: int) -> str:
    """A member's phone."""
    return f"+7916{number:07d}"


def made() -> World:
    """The world that holds these; everything else is empty."""
    frames = {name: table(name) for name, field in World.__dataclass_fields__.items() if str(field.type).endswith("DataFrame")}
    for name, rows in (("loyalty_accounts", _accounts()), ("loyalty_operations", _operations()), ("people", _people()),
                       ("profile_changes", _changes()), ("orders", [ORDER])):
        frames[name] = table(name, pd.DataFrame(rows))
    return World(begins_at=NOW - timedelta(days=60), until=NOW, ends_at=NOW + timedelta(days=9), **frames)


def publish(*contacts: tuple[str | None, str | None], root: Path) -> None:
    """A publication's contacts: (card, phone) of each customer."""
    file = root / "published" / "contacts.duckdb"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.unlink(missing_ok=True)
    with duckdb.connect(str(file)) as connection:
        connection.execute("create schema pii")
        connection.execute("create table pii.customer_contacts (customer_id varchar, loyalty_card varchar, phone varchar)")
        connection.executemany("insert into pii.customer_contacts values (?, ?, ?)",
                               [(f"c{place:03d}", *contact) for place, contact in enumerate(contacts)])


def everybody() -> list[tuple[str, str]]:
    """(card, phone) of every member of the world."""
    return [(card(number), phone(number)) for number in BALANCES]


def _account(number: int, **other: Any) -> dict[str, Any]:
    enrolled = NOW - timedelta(days=50, minutes=number)
    return {"account_id": number, "person_id": f"P{number:06d}", "crm_record_id": 100 + number, "card_number": card(number),
            "phone": phone(number), "enrolled_at": enrolled, "activated_at": enrolled + timedelta(minutes=1), "status": "activated",
            **other}


def _accounts() -> list[dict[str, Any]]:
    many = [_account(number) for number in range(FIRST_OF_MANY, FIRST_OF_MANY + MANY)]
    return [_account(ANNA), _account(BORIS), _account(VERA, activated_at=None, status="not_confirmed"),
            _account(GLEB, closed_at=NOW - timedelta(days=3), status="deactivated"), *many,
            _account(SPOILED), _account(SHAPELESS),
            _account(TOMORROW, enrolled_at=NOW + timedelta(hours=5), activated_at=NOW + timedelta(hours=6))]


def _operations() -> list[dict[str, Any]]:
    told: list[tuple[int, str, int, timedelta, dict[str, Any]]] = [
        (ANNA, "credit_for_event", 100, timedelta(days=40), {"activates_on": _day(40)}),
        (ANNA, "charge_for_order", -30, timedelta(days=20), {"order_id": ORDER["order_id"]}),
        (ANNA, "credit_for_order", 50, timedelta(days=2), {"order_id": ORDER["order_id"], "activates_on": _day(-12)}),
        (BORIS, "credit_manual", 200, timedelta(days=30), {"activates_on": _day(30)}),
        (BORIS, "charge_manual", -50, timedelta(days=29), {}),
        (BORIS, "burn", -150, timedelta(days=1), {}),
        (GLEB, "credit_for_order", 80, timedelta(days=10), {"activates_on": _day(10)}),
        (GLEB, "charge_for_order", -5, timedelta(days=9), {}),
        (GLEB, "cancel_of_charge", 5, timedelta(days=8), {}),
        (GLEB, "cancel_of_credit", -80, timedelta(days=8), {}),
        (ANNA, "charge_for_order", -10, timedelta(hours=-10), {}),  # tomorrow
    ]
    for number in range(FIRST_OF_MANY, FIRST_OF_MANY + MANY):
        # Two that nothing but an id tells apart.
        told += [(number, "credit_for_event", 5 * number, timedelta(days=15), {"activates_on": _day(15)})] * 2
        told += [(number, "charge_for_order", -number, timedelta(days=3), {})]
    told += [(SPOILED, "credit_for_event", 1, timedelta(days=day), {"activates_on": _day(day)}) for day in range(20, 14, -1)]
    return [{"operation_id": place, "account_id": number, "type": kind, "points": points, "created_at": NOW - before,
             "pending_until": other.get("activates_on"), **other}
            for place, (number, kind, points, before, other) in enumerate(told, start=1)]


def _people() -> list[dict[str, Any]]:
    return [{"person_id": f"P{number:06d}", "first_name": "Анна" if number == ANNA else "Борис", "last_name": f"Фамилия{number}",
             "sex": "female", "birth_date": pd.Timestamp("1990-05-17"), "joined_at": NOW - timedelta(days=55)} for number in BALANCES]


def _changes() -> list[dict[str, Any]]:
    """Anna's first card was lost a week ago."""
    shared = {"system": "retailcrm", "record_id": 100 + ANNA, "field": "card_number"}
    return [{**shared, "changed_at": NOW - timedelta(days=50), "old_value": None, "new_value": OLD_CARD},
            {**shared, "changed_at": NOW - timedelta(days=7), "old_value": OLD_CARD, "new_value": card(ANNA)}]


def _day(before: int) -> pd.Timestamp:
    return pd.Timestamp((NOW - timedelta(days=before)).date())
