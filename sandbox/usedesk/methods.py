"""The methods that are read: /tickets, /ticket, /clients, /client, /users.

Desk -> rows as of the clock, filtered -> records in the vendor's shapes, each through the sandbox's tampering.
"""

from collections.abc import Callable
from datetime import datetime

from starlette.responses import Response

from sandbox.usedesk.desk import CHANNELS, COMPANY, ORDER_FIELD, RATING_FIELD, STATUSES, Desk, Row, Standing
from sandbox.usedesk.wire import Call, Refused, respond

AUTHORS = {"client": "client", "agent": "user", "bot": "bot", "system": "trigger"}
TRIGGER, BOT = "1260", "1261"


def methods(desk: Desk) -> dict[str, Callable[[Call], Response]]:
    """The views by the method's name."""
    return {
        "tickets": lambda call: tickets(desk, call),
        "ticket": lambda call: ticket(desk, call),
        "clients": lambda call: clients(desk, call),
        "client": lambda call: client(desk, call),
        "users": lambda call: users(desk, call),
    }


def tickets(desk: Desk, call: Call) -> Response:
    """POST /tickets: filters by creation, change, status and channel."""
    rows = list(desk.standings(call.now).values())
    if call.sandbox.options.get("usedesk.order") == "oldest":
        rows.reverse()
    created = (call.moment("created_after"), call.moment("created_before", end=True))
    updated = (call.moment("updated_after"), call.moment("updated_before", end=True))
    statuses, channels = call.listed("fstatus"), call.listed("fchannel")
    rows = [each for each in rows
            if _within(each.ticket["created_at"], *created) and _within(each.updated_at, *updated)
            and (not statuses or str(STATUSES[each.status]) in statuses)
            and (not channels or CHANNELS[each.ticket["channel"]] in channels)]
    shown = call.page(rows)
    return respond([call.sandbox.tampering.apply("usedesk", "tickets", str(each.ticket["ticket_id"]), ticket_row(desk, call, each))
                    for each in shown])


def ticket(desk: Desk, call: Call) -> Response:
    """POST /ticket: one ticket with all that was said and done."""
    number = str(call.params.get("ticket_id", ""))
    standing = desk.standings(call.now).get(int(number)) if number.isdigit() else None
    if standing is None:
        raise Refused(404, "Ticket not found")
    record: Row = {
        "ticket": ticket_row(desk, call, standing),
        "comments": [_comment(call, standing, row, first=place == 0) for place, row in enumerate(standing.comments)],
        "tags": [],
        "changes": _changes(call, standing),
    }
    wanted = call.params.get("properties") or []
    if "sla" in wanted and standing.ticket["resolution_due_at"] is not None:
        record["sla"] = _timers(call, standing)
    body = call.sandbox.tampering.apply("usedesk", "ticket_details", number, record)
    return Response(body, media_type="application/json")


def clients(desk: Desk, call: Call) -> Response:
    """POST /clients: by creation only."""
    created = (call.moment("created_after"), call.moment("created_before", end=True))
    rows = [row for row in desk.clients if row["created_at"] <= call.now and _within(row["created_at"], *created)]
    return respond([call.sandbox.tampering.apply("usedesk", "clients", str(row["record_id"]), _client_row(desk, call, row))
                    for row in call.page(rows)])


def client(desk: Desk, call: Call) -> Response:
    """POST /client: an array of one, by client_id or e-mail."""
    row = desk.client_by_id.get(str(call.params.get("client_id", "")))
    if row is None and call.params.get("email"):
        row = next((each for each in desk.clients if each["email"] == call.params["email"]), None)
    if row is None or row["created_at"] > call.now:
        raise Refused(404, "Client not found")
    record = {"client": _client(desk, call, row), "emails": [None], "phones": [], "social_networks": [], "messengers": [],
              "addresses": [], "sites": [], "client_company": None}
    return respond([call.sandbox.tampering.apply("usedesk", "client_details", str(row["record_id"]), record)])


def users(desk: Desk, call: Call) -> Response:
    """POST /users: the agents with their groups, all at once; `offset` is not documented here, so a second page is empty [A]."""
    if str(call.params.get("offset", 0)) != "0":
        return respond([])
    shown = []
    for row in desk.agents:
        if row["hired_at"] is None or row["hired_at"] <= call.now:
            record = {"id": str(row["employee_id"]), "name": row["name"], "email": row["email"], "position": row["position"] or "",
                      "role": "employee", "phone": row["phone"], "chat_online_status": "0", "online_status": "0", "groups": []}
            shown.append(call.sandbox.tampering.apply("usedesk", "agents", str(row["employee_id"]), record))
    return respond(shown)


def ticket_row(desk: Desk, call: Call, standing: Standing) -> Row:
    """A ticket of a list."""
    row = standing.ticket
    writer = desk.client_by_id.get(str(row["client_record_id"]))
    mailbox = desk.client_as_of(writer, call.now)["email"] if writer and row["channel"] in ("email", "form") else None
    by_number = row["order_id"] is not None and row["ticket_id"] % 3 > 0
    return {
        "id": str(row["ticket_id"]),
        "status_id": str(STATUSES[standing.status]),
        "subject": row["subject"],
        "client_id": str(row["client_record_id"]),
        "assignee_id": str(row["employee_id"]) if row["employee_id"] is not None and standing.is_taken else None,
        "group": "0",
        "last_updated_at": call.local(standing.updated_at),
        "channel_id": CHANNELS[row["channel"]],
        "email": mailbox or "0",
        "published_at": call.local(row["created_at"]),
        "company_id": COMPANY,
        "additional_id": None,
        "type": row["type"],
        "priority": row["priority"],
        "custom_fields": [
            {"id": ORDER_FIELD[0], "name": ORDER_FIELD[1], "value": desk.order_numbers.get(row["order_id"]) if by_number else None},
            {"id": RATING_FIELD[0], "name": RATING_FIELD[1], "value": None if standing.score is None else str(standing.score)},
        ],
    }


def _comment(call: Call, standing: Standing, row: Row, *, first: bool) -> Row:
    return {
        "id": str(row["comment_id"]),
        "message": row["message"],
        "from": AUTHORS[row["author"]],
        "user_id": None if row["employee_id"] is None else str(row["employee_id"]),
        "client_id": str(standing.ticket["client_record_id"]) if row["author"] == "client" else None,
        "ticket_id": str(row["ticket_id"]),
        "is_first": "1" if first else "0",
        "delivered": "1",
        "readed": "0",
        "type": "public" if row["is_public"] else "private",
        "published_at": call.local(row["written_at"]),
        "files": [],
    }


def _changes(call: Call, standing: Standing) -> list[Row]:
    """The journal: changes of status, and beside the first by an agent that he took the ticket, which changes no status [D]."""
    rows, taken = [], False
    for row in standing.changes:
        user = None if row["employee_id"] is None else str(row["employee_id"])
        trigger = {"system": TRIGGER, "bot": BOT}.get(row["author"])
        rows.append(_change(call, row, str(row["change_id"]), user, trigger, "status",
                            str(STATUSES.get(row["old_status"], 0)), str(STATUSES[row["new_status"]])))
        if user and not taken:
            taken = True
            rows.append(_change(call, row, f"9{row['change_id']:09d}", user, None, "assignee", "0", "0"))
    return rows


def _change(call: Call, row: Row, number: str, user: str | None, trigger: str | None, target: str, old: str, new: str) -> Row:
    return {"id": number, "trigger_id": trigger, "user_id": user, "ticket_id": str(row["ticket_id"]),
            "data": [{"target": target, "value": user if target == "assignee" else new}], "changed_at": call.local(row["changed_at"]),
            "old_status": old, "new_status": new, "company_id": COMPANY}


def _timers(call: Call, standing: Standing) -> Row:
    due = {"first_reply": standing.ticket["first_response_due_at"], "next_reply": None, "close": standing.ticket["resolution_due_at"]}
    if call.sandbox.options.get("usedesk.sla") == "seconds":
        return {name: None if at is None else int((at - call.now).total_seconds()) for name, at in due.items()}
    return {name: call.local(at) for name, at in due.items()}


def _client_row(desk: Desk, call: Call, row: Row) -> Row:
    stood = desk.client_as_of(row, call.now)
    return {"id": stood["record_id"], "name": _name(stood), "emails": stood["email"], "phone": stood["phone"],
            "tickets": _tickets(desk, call, stood)}


def _client(desk: Desk, call: Call, row: Row) -> Row:
    stood = desk.client_as_of(row, call.now)
    number = stood["record_id"]
    return {
        "id": number, "name": _name(stood), "avatar": None, "position": None, "note": None, "company_id": int(COMPANY),
        "spammer": 0, "vip": 0, "client_company_id": None, "created_at": call.local(stood["created_at"]),
        "tickets": _tickets(desk, call, stood),
        "emails": [{"id": number, "email": stood["email"], "client_id": number, "status": ""}] if stood["email"] else [],
        "phones": [{"id": number, "phone": stood["phone"], "client_id": number}] if stood["phone"] else [],
        "social_networks": [],
        "messengers": [{"id": number, "type": network, "identity": identity, "client_id": number}
                       for network, identity in desk.messengers(stood, call.now)],
        "addresses": [], "sites": [], "client_company": None,
    }


def _tickets(desk: Desk, call: Call, stood: Row) -> list[int]:
    return [row["ticket_id"] for row in desk.tickets_of.get(stood["record_id"], []) if row["created_at"] <= call.now]


def _name(row: Row) -> str:
    return " ".join(part for part in (row["first_name"], row["last_name"]) if part) or "Клиент"


def _within(at: datetime, since: datetime | None, until: datetime | None) -> bool:
    return (since is None or at >= since) and (until is None or at <= until)


