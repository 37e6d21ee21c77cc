"""The two histories of the CRM: every change to its orders and its customers, numbered in time.

Book -> `Event`s -> /orders/history, /customers/history, /customers-corporate/history. Ids are given in the order of time over the whole
simulated horizon, so an id never changes when the clock moves.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sandbox.retailcrm.book import Book

Row = dict[str, Any]
Said = tuple[datetime, int, Row]
# The names of profile columns in the customers' history [C: snake_case there, camelCase in the entities].
FIELDS = {
    "first_name": "first_name",
    "last_name": "last_name",
    "middle_name": "patronymic",
    "email": "email",
    "phone": "phones",
    "city": "address.city",
    "region": "address.region",
    "address": "address.text",
    "card_number": "discount_card_number",
}


@dataclass(frozen=True)
class Event:
    """One row of a history: its id, its time, whom it is about, and what the vendor says of it."""

    id: int
    at: datetime
    subject: int
    says: Row


def order_history(book: "Book") -> list[Event]:
    """Creation, status, payment and deletion of every order."""
    rows: list[Said] = []
    for order in book.orders:
        number, before = order["order_id"], None
        for at, code in book.milestones[number]:
            said = _said("status", before and {"code": before}, {"code": code}, source="user" if before else "api")
            rows.append((at, number, said | ({} if before else {"created": True})))
            before = code
        if order["paid_at"] is not None:
            rows.append((order["paid_at"], number, _said("payments.status", {"code": "not-paid"}, {"code": "paid"}, source="api")))
        if number in book.deleted_orders:
            rows.append((book.deleted_orders[number], number, _said("id", number, None, source="user") | {"deleted": True}))
    return _numbered(rows)


def customer_history(book: "Book", *, companies: bool) -> list[Event]:
    """Creation, changes, merges, deletions, segments and subscriptions of people or of companies."""
    wanted = {row["record_id"]: row for row in book.profiles if (row["kind"] == "company") == companies}
    rows: list[Said] = []
    for record, row in wanted.items():
        rows.append((row["created_at"], record, _said("id", None, record, source="api") | {"created": True}))
        gone = _said("id", record, None, source="user") | {"deleted": True}
        if row["merged_at"] is not None:
            # A merge shows as the loser's deletion with the survivor in `combinedTo` [C model; field and values A].
            rows.append((row["merged_at"], record, gone | {"combinedTo": int(row["merged_into"])}))
        if record in book.deleted_customers:
            rows.append((book.deleted_customers[record], record, gone))
        for change in book.changes.get(record, ()):
            named = FIELDS.get(change["field"], change["field"])
            rows.append((change["changed_at"], record, _said(named, change["old_value"], change["new_value"], source="user")))
    for member in book.world.rows("segment_members"):
        for at, old, new in ((member["since"], None, member["code"]), (member["until"], member["code"], None)):
            if at is not None and member["crm_record_id"] in wanted:
                said = _said("segments", old and {"code": old}, new and {"code": new}, source="rule")
                rows.append((at, member["crm_record_id"], said))
    for event in book.world.rows("crm_consent_events"):
        if event["crm_record_id"] in wanted:
            # The name of this field is not in the fixtures [A].
            state = {"channel": event["channel"], "code": event["subscription"], "subscribed": event["is_subscribed"]}
            rows.append((event["created_at"], event["crm_record_id"], _said("customer_subscriptions", None, state, source="api")))
    return _numbered(rows)


def _said(field: str, old: Any, new: Any, *, source: str) -> Row:
    return {"source": source, "field": field, "oldValue": old, "newValue": new}


def _numbered(rows: list[Said]) -> list[Event]:
    ordered = sorted(enumerate(rows), key=lambda item: (item[1][0], item[0]))
    return [Event(number, at, subject, says) for number, (_, (at, subject, says)) in enumerate(ordered, start=1)]
