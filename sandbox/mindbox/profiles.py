"""Mindbox customers as they stand at a moment.

World profiles, their changes, merges and consent events ──► one `customers` record, and who changed when. A customer changes when it is
made, when a field changes, when a consent is recorded and when another is merged into it; one that was merged away is gone.
"""

from bisect import bisect_right
from collections.abc import Callable, Iterator
from datetime import datetime
from functools import cached_property
from typing import Any

import numpy as np

from sandbox.mindbox.moments import stamp
from sandbox.world import World

POINT = {"email": "Email", "sms": "SMS", "push": "MobilePush", "messenger": "Viber"}
SYSTEM = "mindbox"


class Profiles:
    """The customers of the project, indexed once; every method takes the present as numpy time and looks no further."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._rows = {int(row["record_id"]): row for row in world.rows("profiles") if row["system"] == SYSTEM}
        # The column is shared with uuids of another system, and a frame of numbers and gaps turns numbers into floats.
        self._merged_into = {number: int(row["merged_into"]) for number, row in self._rows.items() if row["merged_into"] is not None}
        self._changes: dict[int, list[dict[str, Any]]] = {}
        for row in world.rows("profile_changes"):
            if row["system"] == SYSTEM:
                self._changes.setdefault(int(row["record_id"]), []).append(row)
        self._consents = world.grouped("consent_events", "mindbox_id")
        self.subscriptions = [_subscription(row) for row in world.rows("consent_events")]
        self._order = {id(row): number for number, row in enumerate(world.rows("consent_events"))}

    def record(self, number: int, now: np.datetime64) -> dict[str, Any]:
        """The customer as an export writes it."""
        row = self._as_of(number, now)
        phone = _as_integer(row["phone"])
        card = row["card_number"]
        record: dict[str, Any] = {
            "ids": self.ids(number),
            "firstName": row["first_name"],
            "lastName": row["last_name"],
            "middleName": row["middle_name"],
            "email": row["email"],
            "mobilePhone": phone,
            "birthDate": row["birth_date"].isoformat() if row["birth_date"] else None,
            "sex": row["sex"],
            "changeDateTimeUtc": stamp(self.changed_at(number, now)),
            "area": {"name": row["region"]} if row["region"] else None,
            "customFields": {"city": row["city"]} if row["city"] else {},
            "subscriptions": self._subscriptions(number, now),
            "segmentations": [],
            "balances": [],
            "discountCards": [{"ids": {"number": card}, "status": {"ids": {"systemName": "Activated"}}}] if card else [],
        }
        if card:
            record["lastActivatedCard"] = {"ids": {"number": card}}
        return {name: value for name, value in record.items() if value is not None}

    def ids(self, number: int) -> dict[str, Any]:
        """`ids` of a customer: mindboxId as a number or, for every second one, as text, and the CRM's id where Mindbox knows it."""
        crm = self._rows[number]["retailcrm_id"]
        found: dict[str, Any] = {"mindboxId": number if number % 2 == 0 else str(number)}
        return found if crm is None else {**found, "crmId": str(crm)}

    def changed(self, since: Any, till: Any, now: np.datetime64) -> Iterator[int]:
        """Living customers whose last change by now lies in [since, till), by that change."""
        found = []
        for number in self._rows:
            at = self.changed_at(number, now)
            if at is not None and not self._is_gone(number, now) and (since is None or at >= since) and (till is None or at < till):
                found.append((at, number))
        yield from (number for _, number in sorted(found))

    def changed_at(self, number: int, now: np.datetime64) -> np.datetime64 | None:
        """The customer's last change by now; None when it does not exist yet."""
        times = self._touches[number]
        if times[0] > now:
            return None
        return times[bisect_right(times, now) - 1]

    def merges(self, since: Any, till: Any, now: np.datetime64) -> Iterator[tuple[int, Any, list[int]]]:
        """(survivor, when, who is gone), by time."""
        found: dict[tuple[np.datetime64, int], list[int]] = {}
        for number, survivor in self._merged_into.items():
            if (at := _naive(self._rows[number]["merged_at"])) <= now:
                found.setdefault((at, survivor), []).append(number)
        for (at, survivor), gone in sorted(found.items()):
            if (since is None or at >= since) and (till is None or at < till):
                yield survivor, at, gone

    def resolver(self, now: np.datetime64) -> Callable[[int], int]:
        """customer -> the customer that stands for it now."""
        gone = {number: survivor for number, survivor in self._merged_into.items() if self._is_gone(number, now)}

        def resolve(number: int) -> int:
            while number in gone:
                number = gone[number]
            return number

        return resolve

    def _as_of(self, number: int, now: np.datetime64) -> dict[str, Any]:
        row = dict(self._rows[number])
        for change in reversed(self._changes.get(number, [])):
            if _naive(change["changed_at"]) > now:
                row[change["field"]] = change["old_value"]
        return row

    def _is_gone(self, number: int, now: np.datetime64) -> bool:
        return number in self._merged_into and _naive(self._rows[number]["merged_at"]) <= now

    def _subscriptions(self, number: int, now: np.datetime64) -> list[dict[str, Any]]:
        """The state of each brand × point × topic; the export's documented members hold no date."""
        state = {}
        for row in self._consents.get(number, []):
            if _naive(row["created_at"]) <= now:
                state[(row["brand"], row["channel"], row["topic"])] = self.subscriptions[self._order[id(row)]]
        return list(state.values())

    @cached_property
    def _touches(self) -> dict[int, list[np.datetime64]]:
        times = {number: [_naive(row["created_at"])] for number, row in self._rows.items()}
        for number, changes in self._changes.items():
            times[number] += [_naive(change["changed_at"]) for change in changes]
        for number, consents in self._consents.items():
            times.setdefault(number, []).extend(_naive(row["created_at"]) for row in consents)
        for number, survivor in self._merged_into.items():
            times[survivor].append(_naive(self._rows[number]["merged_at"]))
        created = {number: _naive(row["created_at"]) for number, row in self._rows.items()}
        return {number: sorted(max(at, created[number]) for at in times[number]) for number in created}


def _subscription(row: dict[str, Any]) -> dict[str, Any]:
    return {"brand": row["brand"], "pointOfContact": POINT[row["channel"]], "topic": row["topic"],
            "isSubscribed": bool(row["is_subscribed"])}


def _as_integer(phone: str | None) -> int | str | None:
    """Mindbox keeps a Russian mobile number as 7XXXXXXXXXX and writes it as a JSON number; what it cannot read stays as it was."""
    if phone is None:
        return None
    digits = "".join(sign for sign in phone if sign.isdigit())
    if len(digits) == 11 and digits[0] in "78":
        return int("7" + digits[1:])
    return int("7" + digits) if len(digits) == 10 else phone


def _naive(time: datetime) -> np.datetime64:
    return np.datetime64(time, "us")

