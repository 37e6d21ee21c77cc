"""Whether the points that a member has now follow from what he had and from the operations that came since.

    points told before and now, new operations  ->  explained or not

An offline till tells its operations days late and under their own time, before the day from which a history is asked; only the
vendor's balance gives them away. The names of types are assumed as in api.py; an operation of another type may have either sign.
"""

import json
from collections.abc import Iterable
from decimal import Decimal, InvalidOperation
from typing import Any

from ingestion.documents import Record

# The points told before were not explained, and the whole history waits to be read.
IN_DOUBT = "?"
SIGNS = {"ACCRUAL": (1,), "WRITE_OFF_CANCEL": (1,), "WRITE_OFF": (-1,), "ACCRUAL_CANCEL": (-1,), "EXPIRATION": (-1,)}
# Who did more in a few days is believed.
MANY_SUMS = 4096


def points(told: dict[str, Any]) -> str:
    """All points of an account, those that wait included; empty where they are not told as numbers."""
    balance, pending = _number(told.get("balance")), _number(told.get("pendingBalance") or 0)
    return "" if balance is None or pending is None else f"{(balance + pending).normalize():f}"


def is_explained(before: str, now: str, operations: Iterable[Record]) -> bool:
    """True where the change is the sum of the operations, or where nothing can be said."""
    if before == IN_DOUBT:
        return False
    if not before or not now:
        return True
    sums = {Decimal(0)}
    for operation in operations:
        told = json.loads(operation.payload)["told"]
        amount = _number(told.get("amount")) if isinstance(told, dict) else None
        if amount is None or len(sums) > MANY_SUMS:
            return True
        signs = SIGNS.get(str(told.get("type")), (1, -1))
        sums = {one + sign * (abs(amount)) for one in sums for sign in signs}
    return Decimal(now) - Decimal(before) in sums


def _number(value: Any) -> Decimal | None:
    try:
        found = Decimal(str(value))
    except InvalidOperation:
        return None
    return found if found.is_finite() else None
