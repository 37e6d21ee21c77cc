"""The methods of ABM Loyalty: the account behind a card or phone, and its history.

    request  ->  key, limit, card or phone  ->  the account as it stands by the clock  ->  JSON
"""

import hashlib
from datetime import date, datetime
from functools import cached_property
from typing import TYPE_CHECKING

from starlette.requests import Request
from starlette.routing import Route

from sandbox.abm_loyalty import wire
from sandbox.abm_loyalty.wire import Row
from sandbox.faults import encode
from sandbox.refusals import Refusal, answering

if TYPE_CHECKING:
    from sandbox.server import Sandbox

VENDOR = "abm_loyalty"
AUTH_HEADER = "X-Api-Key"
API_KEY = hashlib.sha256(b"the sandbox's loyalty key").hexdigest()[:40]
REQUESTS_A_SECOND = 50


class Methods:
    """The installation of one sandbox."""

    def __init__(self, sandbox: "Sandbox") -> None:
        self._sandbox, self._world = sandbox, sandbox.world

    def routes(self) -> list[Route]:
        """Every address."""
        found = []
        for last, method in (("user-info", self._info), ("bonus-history", self._history)):
            answered = answering(method, lambda refusal: {"code": refusal.status, "message": str(refusal)})
            found.append(Route(f"/partner/operation/user/{{type}}/{{token}}/{last}", answered))
        return found

    def _info(self, request: Request) -> bytes:
        account = self._admitted(request)
        operations = [row for row in self._operations(account) if row["created_at"] <= self._now]
        record = wire.user(account, self._people.get(account["person_id"]), self._cards(account), operations, self._now)
        return self._sandbox.tampering.apply(VENDOR, "accounts", str(account["account_id"]), record)

    def _history(self, request: Request) -> bytes:
        account = self._admitted(request)
        try:
            since = date.fromisoformat(request.query_params.get("dateFrom", "2000-01-01"))
        except ValueError:
            raise Refusal(400, "dateFrom must be YYYY-MM-DD") from None
        rows = [row for row in self._operations(account) if row["created_at"] <= self._now]
        rows = [row for row in rows if wire.local(row["created_at"]).date() >= since]
        has_ids = not self._sandbox.options.get("abm_loyalty.without_ids")
        records = [self._sandbox.tampering.apply(VENDOR, "operations", str(row["operation_id"]),
                                                 wire.operation(row, self._orders.get(row["order_id"]), has_id=has_ids)) for row in rows]
        told = encode({"userId": account["account_id"], "total": len(records)})
        return told[:-1] + b',"operations":[' + b",".join(records) + b"]}"

    def _admitted(self, request: Request) -> Row:
        """The account that is asked for."""
        allowed, _, _ = self._sandbox.limiter(VENDOR, units=REQUESTS_A_SECOND, per_seconds=1.0).take()
        if not allowed:
            raise Refusal(429, "Too many requests")
        if request.headers.get(AUTH_HEADER) != API_KEY:
            raise Refusal(401, "Unauthorized")
        kind, token = request.path_params["type"], request.path_params["token"]
        if token in self._sandbox.options.get("abm_loyalty.failing", "").split(","):
            raise Refusal(500, f"Internal error for user {token}")
        if kind not in ("card", "phone") or not token.lstrip("+").isdigit():
            raise Refusal(400, f"Wrong {kind}: {token}")
        account = (self._by_card if kind == "card" else self._by_phone).get(token.lstrip("+"))
        if account is None or account["enrolled_at"] > self._now or token not in (*self._cards(account), wire.digits(account["phone"]),
                                                                                  f"+{wire.digits(account['phone'])}"):
            raise Refusal(404, f"User {token} not found")
        return account

    def _operations(self, account: Row) -> list[Row]:
        return self._world.grouped("loyalty_operations", "account_id").get(account["account_id"], [])

    def _cards(self, account: Row) -> dict[str, str]:
        """card -> its status by the clock, the newest last."""
        changes = self._changes.get(account["crm_record_id"], [])
        cards = [change["new_value"] for change in changes if change["changed_at"] <= self._now] if changes else [account["card_number"]]
        return {card: "ACTIVE" if card == cards[-1] else "BLOCKED" for card in cards if card}

    @property
    def _now(self) -> datetime:
        return self._sandbox.now().replace(tzinfo=None)

    @cached_property
    def _changes(self) -> dict[int, list[Row]]:
        found: dict[int, list[Row]] = {}
        for row in self._world.rows("profile_changes"):
            if row["system"] == "retailcrm" and row["field"] == "card_number":
                found.setdefault(row["record_id"], []).append(row)
        return {key: sorted(rows, key=lambda row: row["changed_at"]) for key, rows in found.items()}

    @cached_property
    def _by_card(self) -> dict[str, Row]:
        found = {}
        for row in self._world.rows("loyalty_accounts"):
            cards = [change["new_value"] for change in self._changes.get(row["crm_record_id"], [])]
            found |= {card: row for card in (*cards, row["card_number"]) if card}
        return found

    @cached_property
    def _by_phone(self) -> dict[str, Row]:
        """The account of a shared phone is the oldest one."""
        return {wire.digits(row["phone"]): row for row in reversed(self._world.rows("loyalty_accounts")) if row["phone"]}

    @cached_property
    def _people(self) -> dict[str, Row]:
        return {row["person_id"]: row for row in self._world.rows("people")}

    @cached_property
    def _orders(self) -> dict[int, str]:
        return {row["order_id"]: row["number"] for row in self._world.rows("orders")}
