"""The lists of orders and their history.

Book -> GET /orders, /orders/{id}, /orders/statuses, /orders/history.
"""

from bisect import bisect_left, bisect_right
from datetime import timedelta
from typing import Any

from starlette.responses import Response

from sandbox.retailcrm.book import Book
from sandbox.retailcrm.customers import history_page
from sandbox.retailcrm.histories import Event, Row
from sandbox.retailcrm.orders import PAYMENTS, order
from sandbox.retailcrm.references import STATUSES
from sandbox.retailcrm.wire import LAST_OF_SECOND, Call, Refused, local, page, present, respond


def listing(book: Book) -> Any:
    """GET /orders."""

    def view(call: Call) -> Response:
        return page(
            call,
            "orders",
            _filtered(book, call),
            lambda row: call.sandbox.tampering.apply("retailcrm", "orders", str(row["order_id"]), order(book, row, call.now)),
        )

    return view


def _filtered(book: Book, call: Call) -> list[Row]:
    rows = _created(call, book.orders_at(call.now))
    chosen = {
        "order_id": set(call.listed("ids")),
        "external_id": set(call.listed("externalIds")),
        "number": set(call.listed("numbers")),
        "site": set(call.listed("sites")),
    }
    for column, wanted in chosen.items():
        if wanted:
            rows = [row for row in rows if str(row[column]) in wanted]
    if call.filter.get("customerId") is not None:
        rows = [row for row in rows if str(book.survivor(row["crm_record_id"], call.now)) == str(call.filter["customerId"])]
    # Both ends of every range are inclusive to the second.
    for name, moment in (
        ("fullPaidAt", lambda row: row["paid_at"]),
        ("statusUpdatedAt", lambda row: book.status_at(row["order_id"], call.now)[0]),
    ):
        since, until = call.moment(f"{name}From"), call.moment(f"{name}To", end=True)
        if since:
            rows = [row for row in rows if moment(row) is not None and moment(row) >= since]
        if until:
            rows = [row for row in rows if moment(row) is not None and moment(row) < until + timedelta(seconds=1)]
    return rows


def _created(call: Call, rows: list[Row]) -> list[Row]:
    """The stretch of a list, newest first, that was created in the range asked for."""
    since, until = call.moment("createdAtFrom"), call.moment("createdAtTo", end=True)

    def age(row: Row) -> timedelta:
        return call.now - row["created_at"]

    first = bisect_left(rows, call.now - until - LAST_OF_SECOND, key=age) if until else 0
    return rows[first : bisect_right(rows, call.now - since, key=age) if since else None]


def one(book: Book) -> Any:
    """GET /orders/{id}?by=id|externalId."""

    def view(call: Call) -> Response:
        by = call.params.get("by", "externalId")
        if by not in ("id", "externalId"):
            raise Refused(400, "Errors in the input parameters", {"by": "The value you selected is not a valid choice."})
        column = "order_id" if by == "id" else "external_id"
        for row in book.orders_at(call.now):
            if str(row[column]) == call.path["uid"]:
                return respond({"success": True, "order": order(book, row, call.now)})
        raise Refused(404, "Not found")

    return view


def statuses(book: Book) -> Any:
    """GET /orders/statuses?ids[]=&externalIds[]=: the light form, at most 500 orders."""

    def view(call: Call) -> Response:
        wanted = {
            name: set(map(str, found.values())) if isinstance(found := call.params.get(name), dict) else set()
            for name in ("ids", "externalIds")
        }
        rows = [
            row for row in book.orders_at(call.now) if str(row["order_id"]) in wanted["ids"] or row["external_id"] in wanted["externalIds"]
        ]
        return respond(
            {
                "success": True,
                "orders": [
                    present(
                        {
                            "id": row["order_id"],
                            "externalId": row["external_id"],
                            "status": book.status_at(row["order_id"], call.now)[1],
                            "group": STATUSES[book.status_at(row["order_id"], call.now)[1]][1],
                        }
                    )
                    for row in rows[:500]
                ],
            }
        )

    return view


def history(book: Book) -> Any:
    """GET /orders/history."""

    def view(call: Call) -> Response:
        return history_page(
            call, book.order_history, who="orderId", resource="orders_history", write=lambda event: _history_row(book, event)
        )

    return view


def _history_row(book: Book, event: Event) -> Row:
    row = book.order_by_id[event.subject]
    says = dict(event.says)
    by = {"apiKey": {"current": False}} if says["source"] == "api" else {"user": {"id": 23}}
    subject = (
        order(book, row, event.at)
        if says.get("created")
        else present(
            {
                "id": event.subject,
                "externalId": row["external_id"],
                "site": row["site"],
                "status": book.status_at(event.subject, event.at)[1],
            }
        )
    )
    payment = (
        {"payment": {"id": event.subject + 500_000_000, "type": PAYMENTS.get(row["payment_type"])}}
        if says["field"].startswith("payments")
        else {}
    )
    return {"id": event.id, "createdAt": local(event.at), **says, **by, "order": subject, **payment}
