"""How ABM Loyalty writes down a member and a movement of points; every name in it is assumed.

    rows of World.loyalty_accounts, World.people, World.loyalty_operations  ->  the JSON of user-info and of the history
"""

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

Row = dict[str, Any]
ZONE = ZoneInfo("Europe/Moscow")
TYPES = {
    "credit_for_order": "ACCRUAL", "credit_for_event": "ACCRUAL", "charge_for_order": "WRITE_OFF", "burn": "EXPIRATION",
    "cancel_of_credit": "ACCRUAL_CANCEL", "cancel_of_charge": "WRITE_OFF_CANCEL", "credit_manual": "CORRECTION",
    "charge_manual": "CORRECTION",
}


def local(moment: datetime) -> datetime:
    """A naive UTC time by the installation's clock."""
    return moment.replace(tzinfo=UTC).astimezone(ZONE)


def digits(phone: str | None) -> str:
    """A phone as this vendor writes it."""
    return (phone or "").lstrip("+")


def user(account: Row, person: Row | None, cards: dict[str, str], operations: list[Row], now: datetime) -> Row:
    """user-info as it stands now."""
    activated, closed = account["activated_at"], account["closed_at"]
    is_closed = closed is not None and closed <= now
    is_active = activated is not None and activated <= now
    pending = sum(row["points"] for row in operations if _waits(row, now))
    known = person or {}
    return {
        "id": account["account_id"],
        "cardNumber": list(cards)[-1] if cards else None,
        "cards": [{"number": number, "status": status} for number, status in cards.items()],
        "phone": digits(account["phone"]) or None,
        "lastName": known.get("last_name"),
        "firstName": known.get("first_name"),
        "middleName": known.get("middle_name"),
        "birthDate": known["birth_date"].isoformat() if known.get("birth_date") else None,
        "gender": known.get("sex"),
        "status": "CLOSED" if is_closed else "ACTIVE" if is_active else "NOT_CONFIRMED",
        "registrationDate": _written(account["enrolled_at"]),
        "closeDate": _written(closed) if is_closed else None,
        "balance": sum(row["points"] for row in operations) - pending,
        "pendingBalance": pending,
    }


def operation(row: Row, order_number: str | None, *, has_id: bool) -> Row:
    """A movement of points; without a sign, but for corrections."""
    kind = TYPES[row["type"]]
    told = {
        "type": kind,
        "amount": row["points"] if kind == "CORRECTION" else abs(row["points"]),
        "date": _written(row["created_at"]),
        "activationDate": row["activates_on"].isoformat() if row["activates_on"] else None,
        "checkNumber": order_number,
    }
    return {"id": row["operation_id"], **told} if has_id else told


def _waits(row: Row, now: datetime) -> bool:
    return row["pending_until"] is not None and row["pending_until"] > local(now).date()


def _written(moment: datetime) -> str:
    return local(moment).replace(tzinfo=None).isoformat(timespec="seconds")
