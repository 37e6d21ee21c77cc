"""The help desk's own books: which tickets and clients it holds, and how they stand at a moment.

World -> `Desk`, indexed once -> `Standing` of every ticket as of the clock, kept for the present moment only.
"""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any

from sandbox.world import World

SYSTEM = "usedesk"
COMPANY = "153561"
STATUSES = {"open": 1, "solved": 2, "closed": 3, "deleted": 4, "on_hold": 5, "pending": 6, "spam": 7, "new": 8, "merged": 10}
CHANNELS = {"email": "66231", "chat": "66232", "telegram": "66233", "whatsapp": "66234", "vk": "66235", "form": "66236"}
ORDER_FIELD, RATING_FIELD = (501, "Номер заказа"), (502, "Оценка")
Row = dict[str, Any]


@dataclass(frozen=True)
class Standing:
    """A ticket as it stands: what has happened to it by now."""

    ticket: Row
    status: str
    updated_at: datetime
    comments: list[Row]
    changes: list[Row]
    score: int | None
    is_taken: bool


@dataclass(frozen=True)
class Desk:
    """Indexes over the world, for the help desk's part of it."""

    world: World
    _shown: dict[str, Any] = field(default_factory=dict, repr=False)

    @cached_property
    def comments_of(self) -> dict[int, list[Row]]:
        return self.world.grouped("ticket_comments", "ticket_id")

    @cached_property
    def changes_of(self) -> dict[int, list[Row]]:
        return self.world.grouped("ticket_statuses", "ticket_id")

    @cached_property
    def scores_of(self) -> dict[int, list[Row]]:
        """Ratings that stand in a custom field."""
        found: dict[int, list[Row]] = defaultdict(list)
        for row in self.world.rows("ticket_ratings"):
            if row["comes_by"] == "field":
                found[row["ticket_id"]].append(row)
        return found

    @cached_property
    def order_numbers(self) -> dict[int, str]:
        return {row["order_id"]: row["number"] for row in self.world.rows("orders")}

    @cached_property
    def agents(self) -> list[Row]:
        """Employees who ever had to do with a ticket."""
        named = {row["employee_id"] for name in ("tickets", "ticket_comments", "ticket_statuses") for row in self.world.rows(name)}
        return [row for row in self.world.rows("employees") if row["employee_id"] in named]

    @cached_property
    def clients(self) -> list[Row]:
        return [row for row in self.world.rows("profiles") if row["system"] == SYSTEM]

    @cached_property
    def client_changes(self) -> dict[Any, list[Row]]:
        """Changes of a client, newest first: the profiles hold the last value, so the later ones are undone."""
        found: dict[Any, list[Row]] = defaultdict(list)
        for row in self.world.rows("profile_changes"):
            if row["system"] == SYSTEM:
                found[row["record_id"]].append(row)
        return {key: sorted(rows, key=lambda row: row["changed_at"], reverse=True) for key, rows in found.items()}

    @cached_property
    def tickets_of(self) -> dict[int, list[Row]]:
        return self.world.grouped("tickets", "client_record_id")

    @cached_property
    def client_by_id(self) -> dict[str, Row]:
        return {str(row["record_id"]): row for row in self.clients}

    def client_as_of(self, row: Row, now: datetime) -> Row:
        """The client as he stood: later changes undone."""
        stood = dict(row)
        for change in self.client_changes.get(row["record_id"], []):
            if change["changed_at"] <= now:
                break
            stood[change["field"]] = change["old_value"]
        return stood

    def messengers(self, client: Row, now: datetime) -> list[tuple[str, str]]:
        """(network, id) of the client; WhatsApp names him by his phone."""
        found = []
        if client.get("messenger_id"):
            network, _, identity = client["messenger_id"].partition(":")
            found.append((network, identity))
        used = {row["channel"] for row in self.tickets_of.get(client["record_id"], []) if row["created_at"] <= now}
        if "whatsapp" in used and client["phone"]:
            found.append(("whatsapp", client["phone"]))
        return found

    def standings(self, now: datetime) -> dict[int, Standing]:
        """Every ticket that exists, by id, newest change first."""
        if self._shown.get("now") != now:
            stood = [self.standing(row, now) for row in self.world.rows("tickets") if row["created_at"] <= now]
            stood.sort(key=lambda each: (each.updated_at, each.ticket["ticket_id"]), reverse=True)
            self._shown.update(now=now, standings={each.ticket["ticket_id"]: each for each in stood})
        return self._shown["standings"]

    def standing(self, ticket: Row, now: datetime) -> Standing:
        """One ticket as of now."""
        number = ticket["ticket_id"]
        comments = [row for row in self.comments_of.get(number, []) if row["written_at"] <= now]
        changes = sorted((row for row in self.changes_of.get(number, []) if row["changed_at"] <= now), key=lambda row: row["changed_at"])
        scores = [row for row in self.scores_of.get(number, []) if row["rated_at"] <= now]
        times = [ticket["created_at"], *(row["written_at"] for row in comments), *(row["changed_at"] for row in changes),
                 *(row["rated_at"] for row in scores)]
        return Standing(
            ticket=ticket, status=changes[-1]["new_status"] if changes else "new", updated_at=max(times), comments=comments,
            changes=changes, score=scores[-1]["score"] if scores else None,
            is_taken=any(row["author"] == "agent" for row in [*comments, *changes]))
