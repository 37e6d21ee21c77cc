"""The loyalty programme, its accounts and the bonus ledger, as RetailCRM v5 writes them.

Book -> GET /loyalty/loyalties, /loyalty/accounts, /loyalty/account/{id}, /loyalty/account/{id}/bonus/operations (by page) and
/loyalty/bonus/operations (by cursor, oldest first, no dates and no totals). An operation has no id on the wire.
"""

from datetime import datetime, timedelta
from typing import Any

from starlette.responses import Response

from sandbox.retailcrm.book import Book
from sandbox.retailcrm.histories import Row
from sandbox.retailcrm.wire import (
    Call,
    Refused,
    cursor_number,
    cursor_of,
    custom_fields,
    day,
    joined,
    local,
    page,
    present,
    respond,
    rubles,
)

PROGRAMME_ID = 1


def account(book: Book, row: Row, now: datetime) -> Row:
    """One participation."""
    done = [operation for operation in book.operations_of.get(row["account_id"], []) if operation["created_at"] <= now]
    today = local(now)[:10]
    amount = sum(
        operation["points"]
        for operation in done
        if operation["pending_until"] is None or day(operation["pending_until"]) <= today
    )
    closed = row["closed_at"] is not None and row["closed_at"] <= now
    activated = row["activated_at"] is not None and row["activated_at"] <= now
    record = book.survivor(row["crm_record_id"], now)
    profile = book.profile_by_id.get(record, {})
    spent = sum(order["net_kop"] for order in book.orders_of.get(record, []) if order["created_at"] <= now)
    return present(
        {
            "active": activated and not closed,
            "id": row["account_id"],
            "loyalty": {"id": PROGRAMME_ID, "currency": book.world.currency},
            "customer": present(
                {
                    "id": record,
                    "externalId": profile.get("external_id"),
                    "site": profile.get("site"),
                    "customFields": [],
                    "firstName": profile.get("first_name"),
                    "lastName": profile.get("last_name"),
                }
            ),
            "phoneNumber": row["phone"],
            "cardNumber": row["card_number"],
            "amount": amount + (row["astray_points"] if activated else 0),
            "ordersSum": rubles(spent),
            "nextLevelSum": 100_000,
            "level": {"type": "bonus_percent", "id": 1, "name": "Базовый", "sum": 0, "privilegeSize": 5, "privilegeSizePromo": 0},
            "createdAt": local(row["enrolled_at"]),
            "activatedAt": local(row["activated_at"]) if activated else None,
            "status": "deactivated" if closed else "activated" if activated else "not_confirmed",
            "customFields": custom_fields({"left_on": local(row["closed_at"])[:10] if closed and row["leaving_is_told"] else None}),
        }
    )


def operation(row: Row, *, everywhere: bool, external: dict[int, str | None]) -> Row:
    """One row of the ledger; only the global list says whose it is."""
    order = row["order_id"]
    return present(
        {
            "type": row["type"],
            "createdAt": local(row["created_at"]),
            "amount": row["points"],
            # A till's receipt is no order of the CRM; the operation then names none.
            "order": present({"id": order, "externalId": external[order]}) if order in external else None,
            "bonus": {"activationDate": day(row["activates_on"])} if row["activates_on"] is not None else None,
            "event": {"id": 1 if row["event"] == "birthday" else 2, "type": row["event"]} if row["event"] else None,
            "loyaltyAccount": {"id": row["account_id"]} if everywhere else None,
            "loyalty": {"id": PROGRAMME_ID} if everywhere else None,
        }
    )


def loyalties(book: Book) -> Any:
    """GET /loyalty/loyalties."""

    def view(call: Call) -> Response:
        started = book.world.programme_started_at or book.world.begins_at
        if not book.accounts or started > call.now:
            return page(call, "loyalties", [], lambda row: b"{}")
        programme = {
            "active": True,
            "blocked": False,
            "currency": book.world.currency,
            "id": PROGRAMME_ID,
            "name": book.world.programme_name,
            "confirmSmsCharge": False,
            "confirmSmsRegistration": False,
            "createdAt": local(started),
            "activatedAt": local(started),
        }
        return page(call, "loyalties", [programme], lambda row: call.sandbox.tampering.apply("retailcrm", "loyalties", str(row["id"]), row))

    return view


def accounts(book: Book) -> Any:
    """GET /loyalty/accounts."""

    def view(call: Call) -> Response:
        rows = [row for row in book.accounts if row["enrolled_at"] <= call.now]
        ids, since, until = set(call.listed("ids")), call.moment("createdAtFrom"), call.moment("createdAtTo", end=True)
        if call.filter.get("id") is not None:
            ids.add(str(call.filter["id"]))
        if ids:
            rows = [row for row in rows if str(row["account_id"]) in ids]
        if since:
            rows = [row for row in rows if row["enrolled_at"] >= since]
        if until:
            rows = [row for row in rows if row["enrolled_at"] < until + timedelta(seconds=1)]
        if call.filter.get("customerId") is not None:
            rows = [row for row in rows if str(book.survivor(row["crm_record_id"], call.now)) == str(call.filter["customerId"])]
        return page(
            call,
            "loyaltyAccounts",
            rows,
            lambda row: call.sandbox.tampering.apply("retailcrm", "loyalty_accounts", str(row["account_id"]), account(book, row, call.now)),
        )

    return view


def one_account(book: Book) -> Any:
    """GET /loyalty/account/{id}."""

    def view(call: Call) -> Response:
        return respond({"success": True, "loyaltyAccount": account(book, _found(book, call), call.now)})

    return view


def account_operations(book: Book) -> Any:
    """GET /loyalty/account/{id}/bonus/operations."""

    def view(call: Call) -> Response:
        number = _found(book, call)["account_id"]
        since, until = call.moment("createdAtFrom"), call.moment("createdAtTo", end=True)
        rows = [
            row
            for row in book.operations_of.get(number, [])
            if row["created_at"] <= call.now
            and (since is None or row["created_at"] >= since)
            and (until is None or row["created_at"] < until + timedelta(seconds=1))
        ]
        return page(
            call,
            "bonusOperations",
            rows,
            lambda row: call.sandbox.tampering.apply(
                "retailcrm", "account_bonus_operations", str(number), operation(row, everywhere=False, external=book.external_ids)
            ),
        )

    return view


def operations(book: Book) -> Any:
    """GET /loyalty/bonus/operations: the whole ledger by cursor."""

    def view(call: Call) -> Response:
        limit = call.number("limit", 20, allowed=(20, 50, 100))
        start = cursor_number(call.params["cursor"]) if call.params.get("cursor") else 0
        shown = [
            (number, row)
            for number, row in enumerate(book.operations[start : start + limit + 1], start=start + 1)
            if row["created_at"] <= call.now
        ]
        here = shown[:limit]
        # With nothing after this page there is no next cursor [A].
        pagination = {"nextCursor": cursor_of(here[-1][0], here[-1][1]["created_at"])} if len(shown) > limit else {}
        return joined(
            {"success": True, "pagination": pagination or []},
            "bonusOperations",
            [
                call.sandbox.tampering.apply(
                    "retailcrm", "bonus_operations", str(number), operation(row, everywhere=True, external=book.external_ids)
                )
                for number, row in here
            ],
        )

    return view


def _found(book: Book, call: Call) -> Row:
    for row in book.accounts:
        if str(row["account_id"]) == call.path["uid"] and row["enrolled_at"] <= call.now:
            return row
    raise Refused(404, "Not found")
