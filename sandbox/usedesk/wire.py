"""What every UseDesk answer has in common: the token, the rate limit, both kinds of bodies, paging, dates, errors.

request -> `Call` -> a view of one method -> `respond`. Marks as in the package: [D], [C], [A].
"""

import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl
from zoneinfo import ZoneInfo

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

if TYPE_CHECKING:
    from sandbox.server import Sandbox

API_TOKENS = ("sandbox-usedesk-token", "sandbox-usedesk-token-2")
REQUESTS_PER_MINUTE = 150
PAGE = 100
TIME_ZONE = "Europe/Moscow"
FORMS = ("%Y-%m-%d %H:%M", "%Y-%m-%d %H:%M:%S", "%Y-%m-%d")


class Refused(Exception):
    """An answer that is an error."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code, self.message = code, message


@dataclass(frozen=True)
class Call:
    """One authorised request: its parameters, and the clock it lives by (naive UTC)."""

    sandbox: "Sandbox"
    params: dict[str, Any]
    now: datetime

    @property
    def zone(self) -> ZoneInfo:
        """The account's zone."""
        return ZoneInfo(self.sandbox.options.get("usedesk.timezone", TIME_ZONE))

    def local(self, at: datetime | None) -> str | None:
        """A naive UTC time as the account writes it."""
        return None if at is None else at.replace(tzinfo=UTC).astimezone(self.zone).strftime("%Y-%m-%d %H:%M:%S")

    def moment(self, name: str, *, end: bool = False) -> datetime | None:
        """A date filter as naive UTC; `end` takes a minute to its last moment, since both ends are inclusive."""
        text = self.params.get(name)
        if text in (None, ""):
            return None
        zone = self.zone if self.sandbox.options.get("usedesk.filters") == "local" else UTC
        for form in FORMS:
            try:
                at = datetime.strptime(str(text), form).replace(tzinfo=zone).astimezone(UTC).replace(tzinfo=None)
            except ValueError:
                continue
            return at + timedelta(seconds=59, microseconds=999_999) if end and form == FORMS[0] else at
        raise Refused(400, f"{name} is not a date")

    def listed(self, name: str) -> set[str]:
        """A filter that takes several values by comma."""
        return {part.strip() for part in str(self.params.get(name) or "").split(",") if part.strip()}

    def page(self, rows: list[Any]) -> list[Any]:
        """The hundred rows of the page asked for."""
        offset = self.params.get("offset", 0)
        if not str(offset).isdigit():
            raise Refused(400, "offset must be a number")
        return rows[int(offset) * PAGE : (int(offset) + 1) * PAGE]


def endpoint(sandbox: "Sandbox", view: Callable[[Call], Response]) -> Callable[[Request], Awaitable[Response]]:
    """The view behind the token and the rate limit."""

    async def answer(request: Request) -> Response:
        try:
            params = {**dict(request.query_params), **_body(request.headers.get("content-type", ""), await request.body())}
            token = params.get("api_token")
            if token not in API_TOKENS:
                raise Refused(401, "api_token is missing" if not token else "Wrong api_token")
            allowed, _, wait = sandbox.limiter(f"usedesk:{token}", units=REQUESTS_PER_MINUTE, per_seconds=60.0).take()
            if not allowed:
                return _error(429, "Too Many Attempts.", 429, {"Retry-After": str(int(wait) + 1)})
            return await run_in_threadpool(view, Call(sandbox, params, sandbox.now().astimezone(UTC).replace(tzinfo=None)))
        except Refused as no:
            status = 200 if sandbox.options.get("usedesk.errors") == "200" else no.code
            return _error(no.code, no.message, status, {})

    return answer


def respond(rows: list[bytes]) -> Response:
    """A bare array of records that are JSON already."""
    return Response(b"[" + b",".join(rows) + b"]", media_type="application/json")


def _error(code: int, message: str, status: int, headers: dict[str, str]) -> Response:
    body = json.dumps({"error": message, "code": code}, ensure_ascii=False).encode()
    return Response(body, status_code=status, headers=headers, media_type="application/json")


def _body(kind: str, body: bytes) -> dict[str, Any]:
    if not body:
        return {}
    if kind.startswith("application/json"):
        try:
            found = json.loads(body)
        except ValueError:
            raise Refused(400, "The body is no JSON") from None
        return found if isinstance(found, dict) else {}
    params: dict[str, Any] = {}
    for name, value in parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True):
        if name.endswith("[]"):
            params.setdefault(name[:-2], []).append(value)
        else:
            params[name] = value
    return params
