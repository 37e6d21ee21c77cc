"""The methods of Calltouch: the diary of calls and the list of site forms.

    request  ->  token, site, dates in their two orders  ->  rows of these days by the clock  ->  an array, or a page in its envelope
"""

import hashlib
from collections import defaultdict
from datetime import date, datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Any

from starlette.requests import Request
from starlette.routing import Route

from sandbox.calltouch import wire
from sandbox.calltouch.wire import SITE_ID, Row
from sandbox.faults import encode
from sandbox.refusals import Refusal, answering
from sandbox.world import plain

if TYPE_CHECKING:
    from sandbox.server import Sandbox

VENDOR = "calltouch"
CLIENT_API_ID = hashlib.sha256(b"the sandbox's token").hexdigest()[:36] + "ct1"
MOST_A_PAGE, REQUESTS_A_SECOND = 1000, 10
CALL_DATES, LEAD_DATES = "%d/%m/%Y", "%m/%d/%Y"
TAGGED_AFTER = timedelta(hours=6)
ONLY = {"uniqueOnly": "uniqueCall", "targetOnly": "targetCall", "uniqTargetOnly": "uniqTargetCall", "callbackOnly": "callbackCall"}


class Methods:
    """The site of one sandbox."""

    def __init__(self, sandbox: "Sandbox") -> None:
        self._sandbox, self._world = sandbox, sandbox.world

    def routes(self) -> list[Route]:
        """Every address, with and without its last slash."""
        found = []
        for path, method in (("/{site}/calls-diary/calls", self._diary), ("/requests", self._requests)):
            answered = answering(method, lambda refusal: {"errorCode": refusal.status, "message": str(refusal)})
            found += [Route(path, answered), Route(f"{path}/", answered)]
        return found

    def _diary(self, request: Request) -> bytes:
        asked = request.query_params
        self._admit(asked, request.path_params["site"])
        since, until = _days(asked, CALL_DATES)
        is_paged = "page" in asked or "limit" in asked
        if not is_paged and since != until:
            raise Refusal(400, "dateFrom and dateTo must be the same day")
        shown = [self._call(row, asked) for row in self._calls_of(since, until)]
        shown = [one for one in shown if all(one[member] for flag, member in ONLY.items() if asked.get(flag) == "true")]
        if not is_paged:
            return self._array("calls", "callId", shown)
        page, limit = _number(asked, "page", 1), min(MOST_A_PAGE, _number(asked, "limit", MOST_A_PAGE))
        part = shown[(page - 1) * limit : page * limit]
        told = {"page": page, "pageTotal": max(1, -(-len(shown) // limit)), "pageSize": len(part), "recordsTotal": len(shown)}
        return encode(told)[:-1] + b',"records":' + self._array("calls", "callId", part) + b"}"

    def _requests(self, request: Request) -> bytes:
        asked = request.query_params
        self._admit(asked, asked.get("siteId", ""))
        since, until = _days(asked, LEAD_DATES)
        first, last = asked.get("timeFrom", "00:00:00"), asked.get("timeTo", "23:59:59")
        rows = [row for row in self._of_days(self._leads, since, until) if row["created_at"] <= self._now]
        shown = [self._lead(row, asked) for row in rows]
        begin, end = f"{since:%Y-%m-%d} {first}", f"{until:%Y-%m-%d} {last}"
        inside = [one for one, row in zip(shown, rows, strict=True) if begin <= f"{wire.local(row['created_at']):%Y-%m-%d %H:%M:%S}" <= end]
        return self._array("leads", "requestId", inside)

    def _admit(self, asked: Any, site: str) -> None:
        allowed, _, _ = self._sandbox.limiter(VENDOR, units=REQUESTS_A_SECOND, per_seconds=1.0).take()
        if not allowed:
            raise Refusal(429, "Too many requests")
        if not asked.get("clientApiId"):
            raise Refusal(401, "clientApiId is required")
        if not site:
            raise Refusal(400, "siteId is required")
        if asked["clientApiId"] != CLIENT_API_ID or site != str(SITE_ID):
            raise Refusal(403, "Access denied")

    def _array(self, resource: str, key: str, records: list[Row]) -> bytes:
        return b"[" + b",".join(self._sandbox.tampering.apply(VENDOR, resource, str(one[key]), one) for one in records) + b"]"

    def _calls_of(self, since: date, until: date) -> list[Row]:
        deleted = self._sandbox.options.get("calltouch.deleted", "").split(",")
        rows = self._of_days(self._calls, since, until)
        return [row for row in reversed(rows) if row["ended_at"] <= self._now and str(row["call_id"]) not in deleted]

    def _call(self, row: Row, asked: Any) -> Row:
        record = wire.call(row, self._visits.get((row["visit_id"], row["client_id"])), is_unique=row["call_id"] in self._first_calls)
        if asked.get("withCallTags") == "true":
            record["callTags"] = wire.tags(record["targetCall"]) if row["ended_at"] + TAGGED_AFTER <= self._now else []
        if asked.get("withOrders") == "true":
            record["orders"] = [wire.order_of_call(order, self._now) for order in self._order(row)]
        if asked.get("withComments") == "true":
            record["comments"] = []
        if asked.get("withMapVisits") == "true":
            record["mapVisits"] = self._map(row["client_id"], row["tracked_at"])
        return record

    def _lead(self, row: Row, asked: Any) -> Row:
        record = wire.lead(row, self._visits.get((row["visit_id"], row["client_id"])), is_unique=row["lead_id"] in self._first_leads)
        record["orders"] = [wire.order_of_lead(order) for order in self._order(row)]
        if asked.get("withRequestTags") == "true":
            record["RequestTags"] = wire.tags(True) if row["created_at"] + TAGGED_AFTER <= self._now else []
        if asked.get("withMapVisits") == "true":
            record["mapVisits"] = self._map(row["client_id"], row["created_at"])
        return record

    def _order(self, row: Row) -> list[Row]:
        order = self._orders.get(row["order_id"])
        return [order] if order and order["created_at"] <= self._now else []

    def _map(self, client_id: str | None, until: datetime) -> list[Row]:
        visits = self._world.grouped("visits", "client_id").get(client_id, []) if client_id else []
        return [wire.visit_on_map(visit) for visit in visits if visit["started_at"] <= until]

    @staticmethod
    def _of_days(days: dict[date, list[Row]], since: date, until: date) -> list[Row]:
        return [row for day in sorted(days) if since <= day <= until for row in days[day]]

    @property
    def _now(self) -> datetime:
        return self._sandbox.now().replace(tzinfo=None)

    @cached_property
    def _calls(self) -> dict[date, list[Row]]:
        """The tracked calls by the site's day, in their order."""
        found = defaultdict(list)
        tracked = [row for row in self._world.rows("calls") if row["is_tracked"]]
        for row in sorted(tracked, key=lambda row: (row["tracked_at"], row["call_id"])):
            found[wire.local(row["tracked_at"]).date()].append(row)
        return found

    @cached_property
    def _leads(self) -> dict[date, list[Row]]:
        found = defaultdict(list)
        for row in self._world.rows("leads"):
            found[wire.local(row["created_at"]).date()].append(row)
        return found

    @cached_property
    def _first_calls(self) -> set[int]:
        rows = [row for day in sorted(self._calls) for row in self._calls[day]]
        return set({row["customer_phone"]: row["call_id"] for row in reversed(rows)}.values())

    @cached_property
    def _first_leads(self) -> set[int]:
        return set({row["record_id"]: row["lead_id"] for row in reversed(self._world.rows("leads"))}.values())

    @cached_property
    def _visits(self) -> dict[tuple[str, str], Row]:
        """A visit's id may come again in another year, for another browser."""
        wanted = {row["visit_id"] for row in (*self._world.rows("leads"), *self._world.rows("calls")) if row["visit_id"]}
        visits = self._world.visits
        return {(row["visit_id"], row["client_id"]): row for row in plain(visits[visits["visit_id"].isin(wanted)])}

    @cached_property
    def _orders(self) -> dict[int, Row]:
        return {row["order_id"]: row for row in self._world.rows("orders")}


def _days(asked: Any, form: str) -> tuple[date, date]:
    try:
        since, until = (datetime.strptime(asked[name], form).date() for name in ("dateFrom", "dateTo"))  # noqa: DTZ007 a day has no zone
    except (KeyError, ValueError):
        raise Refusal(400, f"dateFrom and dateTo are required as {form}") from None
    if since > until:
        raise Refusal(400, "dateFrom must not be after dateTo")
    return since, until


def _number(asked: Any, name: str, otherwise: int) -> int:
    try:
        return max(1, int(asked.get(name, otherwise)))
    except ValueError:
        raise Refusal(400, f"{name} must be a number") from None
