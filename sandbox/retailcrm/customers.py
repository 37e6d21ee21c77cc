"""Customers, corporate customers and their histories, as RetailCRM v5 writes them.

Book -> GET /customers, /customers/{id}, /customers/history, the same for /customers-corporate, /segments.
"""

from bisect import bisect_left, bisect_right
from datetime import datetime, timedelta
from typing import Any

from starlette.responses import Response

from sandbox.retailcrm.book import Book
from sandbox.retailcrm.histories import Event, Row
from sandbox.retailcrm.wire import (
    HISTORY_DAYS,
    HISTORY_LIMITS,
    LAST_OF_SECOND,
    Call,
    Refused,
    as_naive,
    custom_fields,
    day,
    local,
    page,
    present,
    respond,
    rubles,
)

SOURCES = (None, ("yandex", "cpc", "brand"), ("google", "organic", None), None, ("vk", "social", "autumn"), ("email", "newsletter", None))
TAGS = {"employee": "сотрудник", "test": "тест"}


def customer(book: Book, row: Row, now: datetime) -> Row:
    """One customer of a list."""
    stood = book.as_of(row, now)
    record = stood["record_id"]
    bought = [order for order in book.orders_of.get(record, []) if order["created_at"] <= now]
    spent = sum(order["net_kop"] for order in bought)
    source = None if stood["is_guest"] else SOURCES[record % len(SOURCES)]
    return present(
        {
            **reference(book, stood),
            "source": present(dict(zip(("source", "medium", "campaign"), source, strict=True))) if source else None,
            "birthday": day(stood["birth_date"]),
            "sex": stood["sex"],
            "address": address(record, stood),
            "segments": _segments(book, record, now),
            "customerSubscriptions": _subscriptions(book, record, now),
            "marginSumm": 0,
            "totalSumm": rubles(spent),
            "averageSumm": rubles(round(spent / len(bought)) if bought else 0),
            "ordersCount": len(bought),
            "costSumm": 0,
            "personalDiscount": 0,
            "cumulativeDiscount": 0,
            "discountCardNumber": stood["card_number"],
            "mgCustomers": [],
        }
    )


def reference(book: Book, stood: Row) -> Row:
    """What is written of a customer in an order as well."""
    tag = TAGS.get(stood["kind"])
    return present(
        {
            "type": "customer",
            "id": stood["record_id"],
            "externalId": stood["external_id"],
            "isContact": False,
            "createdAt": local(stood["created_at"]),
            "vip": False,
            "bad": False,
            "site": stood["site"],
            "contragent": {"contragentType": "individual"},
            "tags": [{"name": tag, "color": "#1d2124", "attached": True}] if tag else [],
            "firstName": stood["first_name"],
            "lastName": stood["last_name"],
            "patronymic": stood["middle_name"],
            "email": stood["email"],
            "phones": [{"number": stood["phone"]}] if stood["phone"] else [],
            "customFields": custom_fields({"favourite_category": ("книги", None, None, "дом")[stood["record_id"] % 4]}),
        }
    )


def corporate(book: Book, row: Row, now: datetime) -> Row:
    """One corporate customer of a list."""
    stood = book.as_of(row, now)
    company = next((each for each in book.world.rows("companies") if each["company_id"] == stood["company_id"]), {})
    bought = [order for order in book.orders_of.get(stood["record_id"], []) if order["created_at"] <= now]
    spent = sum(order["net_kop"] for order in bought)
    name = company.get("name") or stood["first_name"] or "Компания"
    return present(
        {
            "type": "customer_corporate",
            "id": stood["record_id"],
            "externalId": stood["external_id"],
            "nickName": name,
            "mainAddress": {"id": stood["record_id"], "name": stood["address"] or name},
            "createdAt": local(stood["created_at"]),
            "vip": False,
            "bad": False,
            "site": stood["site"],
            "tags": [],
            "marginSumm": 0,
            "totalSumm": rubles(spent),
            "averageSumm": rubles(round(spent / len(bought)) if bought else 0),
            "ordersCount": len(bought),
            "customFields": custom_fields({"inn": company.get("inn")}),
            "personalDiscount": 0,
            "mainCompany": {"id": stood["record_id"], "name": name},
        }
    )


def address(record: int, stood: Row) -> Row | None:
    """The postal address, when anything of it is known."""
    if not (stood["city"] or stood["region"] or stood["address"]):
        return None
    return present({"id": record, "countryIso": "RU", "region": stood["region"], "city": stood["city"], "text": stood["address"]})


def listing(book: Book, *, companies: bool) -> Any:
    """GET /customers and /customers-corporate."""
    name, resource, write = ("customersCorporate", "customers_corporate", corporate) if companies else ("customers", "customers", customer)

    def view(call: Call) -> Response:
        rows = book.customers(call.now, companies=companies)
        rows = _filtered(book, call, rows)
        return page(
            call,
            name,
            rows,
            lambda row: call.sandbox.tampering.apply("retailcrm", resource, str(row["record_id"]), write(book, row, call.now)),
        )

    return view


def _filtered(book: Book, call: Call, rows: list[Row]) -> list[Row]:
    ids, externals, sites = set(call.listed("ids")), set(call.listed("externalIds")), set(call.listed("sites"))
    since, until, segment = call.moment("dateFrom"), call.moment("dateTo", end=True), call.filter.get("segment")
    if ids:
        rows = [row for row in rows if str(row["record_id"]) in ids]
    if externals:
        rows = [row for row in rows if row["external_id"] in externals]
    if sites:
        rows = [row for row in rows if row["site"] in sites]
    if since:
        rows = [row for row in rows if row["created_at"] >= since]
    if until:
        # Both ends are inclusive to the second, and times carry no fraction.
        rows = [row for row in rows if row["created_at"] < until + timedelta(seconds=1)]
    if segment:
        rows = [row for row in rows if segment in {each["code"] for each in _segments(book, row["record_id"], call.now)}]
    return rows


def one(book: Book, *, companies: bool) -> Any:
    """GET /customers/{id}?by=id|externalId."""

    def view(call: Call) -> Response:
        by = call.params.get("by", "externalId")
        if by not in ("id", "externalId"):
            raise Refused(400, "Errors in the input parameters", {"by": "The value you selected is not a valid choice."})
        column = "record_id" if by == "id" else "external_id"
        for row in book.customers(call.now, companies=companies):
            if str(row[column]) == call.path["uid"]:
                write, name = (corporate, "customerCorporate") if companies else (customer, "customer")
                return respond({"success": True, name: write(book, row, call.now)})
        raise Refused(404, "Not found")

    return view


def history(book: Book, *, companies: bool) -> Any:
    """GET /customers/history and /customers-corporate/history."""

    def view(call: Call) -> Response:
        events = book.corporate_history if companies else book.customer_history
        who, resource = ("customerId", "customers_corporate_history" if companies else "customers_history")
        return history_page(call, events, who=who, resource=resource, write=lambda event: _history_row(book, event, companies=companies))

    return view


def history_page(call: Call, events: list[Event], *, who: str, resource: str, write: Any) -> Response:
    """A page of any history, oldest first, of what is still kept. filter[sinceId] is exclusive and refuses a second page: the cursor is to
    be moved instead."""
    since, start, end = call.filter.get("sinceId"), call.moment("startDate"), call.moment("endDate", end=True)
    if since is not None and not str(since).isdigit():
        raise Refused(400, "Errors in the input parameters", {"filter[sinceId]": "This value is not valid."})
    if since is not None and call.number("page", 1) > 1:
        raise Refused(400, "Use the shift of the `filter[sinceId]` instead of `page` parameter")
    last = min(moment for moment in (call.now, end) if moment is not None).replace(microsecond=0) + LAST_OF_SECOND
    kept_since = call.now - timedelta(days=float(call.sandbox.options.get("retailcrm.history_days", HISTORY_DAYS)))
    first = max(int(since or 0), bisect_left(events, max(start or kept_since, kept_since), key=lambda event: event.at))
    rows = events[first : bisect_right(events, last, key=lambda event: event.at)]
    if call.filter.get(who) is not None:
        rows = [event for event in rows if str(event.subject) == str(call.filter[who])]
    return page(
        call,
        "history",
        rows,
        lambda event: call.sandbox.tampering.apply("retailcrm", resource, str(event.id), write(event)),
        limits=HISTORY_LIMITS,
        top={"generatedAt": local(call.now)},
    )


def _history_row(book: Book, event: Event, *, companies: bool) -> Row:
    row = book.profile_by_id[event.subject]
    says = dict(event.says)
    whole = says.get("created") or says.get("deleted")
    subject = (
        reference(book, book.as_of(row, event.at))
        if whole and not companies
        else present({"id": event.subject, "externalId": row["external_id"], "site": row["site"]})
    )
    if says.get("combinedTo") is not None:
        survivor = book.profile_by_id.get(says["combinedTo"], {})
        says["combinedTo"] = present({"id": says["combinedTo"], "externalId": survivor.get("external_id"), "site": survivor.get("site")})
    by = {"apiKey": {"current": False}} if says["source"] == "api" else {"user": {"id": 23}} if says["source"] == "user" else {}
    return {"id": event.id, "createdAt": local(event.at), **says, **by, "customerCorporate" if companies else "customer": subject}


def segments(book: Book) -> Any:
    """GET /segments."""

    def view(call: Call) -> Response:
        rows = [row for row in book.world.rows("segments") if as_naive(row["created_at"]) <= call.now]
        return page(
            call,
            "segments",
            rows,
            lambda row: call.sandbox.tampering.apply("retailcrm", "segments", row["code"], _segment(book, row, call.now)),
            limits=HISTORY_LIMITS,
        )

    return view


def _segment(book: Book, row: Row, now: datetime) -> Row:
    members = book.world.grouped("segment_members", "code").get(row["code"], [])
    count = sum(1 for member in members if _is_in(member, now))
    return {
        "id": row["segment_id"],
        "code": row["code"],
        "name": row["name"],
        "createdAt": local(row["created_at"]),
        "isDynamic": row["is_dynamic"],
        "customersCount": count,
        "active": True,
    }


def _segments(book: Book, record: int, now: datetime) -> list[Row]:
    mine = {member["code"] for member in book.world.grouped("segment_members", "crm_record_id").get(record, []) if _is_in(member, now)}
    return [
        {
            "id": row["segment_id"],
            "code": row["code"],
            "name": row["name"],
            "createdAt": local(row["created_at"]),
            "isDynamic": row["is_dynamic"],
            "active": True,
        }
        for row in book.world.rows("segments")
        if row["code"] in mine
    ]


def _is_in(member: Row, now: datetime) -> bool:
    return member["since"] <= now and (member["until"] is None or member["until"] > now)


def _subscriptions(book: Book, record: int, now: datetime) -> list[Row]:
    latest: dict[tuple[str, str], Row] = {}
    for event in book.world.grouped("crm_consent_events", "crm_record_id").get(record, []):
        if event["created_at"] <= now:
            latest[event["channel"], event["subscription"]] = event
    return [
        present(
            {
                "subscription": known,
                "subscribed": latest[known["channel"], known["code"]]["is_subscribed"],
                "changedAt": local(latest[known["channel"], known["code"]]["changed_at"]),
            }
        )
        for known in book.subscriptions
        if (known["channel"], known["code"]) in latest
    ]
