"""What every RetailCRM answer has in common: the key, the rate limit, brackets in parameters, paging, dates, error bodies.

request -> `Call` -> a view of one endpoint -> `respond`. Marks as in the wire notes: [D] documented by the vendor, [C] read in the
official clients, [R] observed, [A] assumed.
"""

import base64
import binascii
import json
import re
from collections.abc import Callable, Iterable, Sequence
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from starlette.requests import Request
from starlette.responses import Response

if TYPE_CHECKING:
    from sandbox.server import Sandbox

# Several keys, as one company has several accounts: each has its own limit, all see the one retailer.
API_KEYS = ("sandbox-retailcrm-key", "sandbox-retailcrm-key-2")
TIME_ZONE = "Europe/Moscow"
# The account's zone while one request is answered.
_ZONE: ContextVar[str] = ContextVar("zone", default=TIME_ZONE)
LIMITS = (20, 50, 100)
# How long the histories are kept: about three months [A].
HISTORY_DAYS = 90
HISTORY_LIMITS = (20, 50, 100, 250)
REQUESTS_PER_SECOND = 10
# Times on the wire are to the second; what happened within it belongs to it.
LAST_OF_SECOND = timedelta(microseconds=999_999)
BRACKET = re.compile(r"\[([^\]]*)\]")


class Refused(Exception):
    """An answer that is not a success: HTTP status, errorMsg and, where the vendor names them, the fields."""

    def __init__(self, status: int, message: str, errors: dict[str, str] | list[str] | None = None) -> None:
        super().__init__(message)
        self.status, self.message, self.errors = status, message, errors


@dataclass(frozen=True)
class Call:
    """One authorised request: its parameters in PHP's nesting, and the clock it lives by."""

    sandbox: "Sandbox"
    params: dict[str, Any]
    path: dict[str, str]
    now: datetime

    @property
    def filter(self) -> dict[str, Any]:
        """The filter; the official Python client sends the scalar `None` for no filter [R]."""
        found = self.params.get("filter")
        return found if isinstance(found, dict) else {}

    def listed(self, name: str) -> list[str]:
        """A filter that takes several values, e.g. filter[ids][]=1."""
        found = self.filter.get(name)
        if found is None:
            return []
        return [str(value) for value in (found.values() if isinstance(found, dict) else [found])]

    def moment(self, name: str, *, end: bool = False) -> datetime | None:
        """A date or local date-time filter as naive UTC; `end` takes a bare date to its last second."""
        text = self.filter.get(name)
        if text in (None, ""):
            return None
        for form, bare in (("%Y-%m-%d %H:%M:%S", False), ("%Y-%m-%d", True)):
            try:
                at = datetime.strptime(str(text), form).replace(tzinfo=time_zone())
            except ValueError:
                continue
            if bare and end:
                at = at.replace(hour=23, minute=59, second=59)
            return at.astimezone(UTC).replace(tzinfo=None)
        raise Refused(400, "Errors in the input parameters", {f"filter[{name}]": "This value is not valid."})

    def number(self, name: str, default: int, *, allowed: Sequence[int] | None = None) -> int:
        """A whole positive parameter. Raises Refused(400) for anything else or for a limit that is not on the list [A]."""
        text = str(self.params.get(name, default))
        if not text.isdigit() or int(text) < 1 or (allowed and int(text) not in allowed):
            raise Refused(400, "Errors in the input parameters", {name: "The value you selected is not a valid choice."})
        return int(text)


def endpoint(sandbox: "Sandbox", view: Callable[[Call], Response]) -> Callable[[Request], Response]:
    """The view behind the key, the rate limit and the vendor's way of saying no."""

    def answer(request: Request) -> Response:
        try:
            _ZONE.set(sandbox.options.get("retailcrm.timezone", TIME_ZONE))
            call = Call(sandbox, nested(request.query_params.multi_items()), dict(request.path_params), as_naive(sandbox.now()))
            key = request.headers.get("X-API-KEY") or call.params.get("apiKey")
            if not key:
                raise Refused(403, '"apiKey" is missing.')
            if key not in API_KEYS:
                raise Refused(403, 'Wrong "apiKey" value.')
            # Excess is answered with 503, not 429 [C].
            if not sandbox.limiter(f"retailcrm:{key}", units=REQUESTS_PER_SECOND, per_seconds=1.0).take()[0]:
                raise Refused(503, "Rate limit exceeded")
            return view(call)
        except Refused as no:
            body: dict[str, Any] = {"success": False, "errorMsg": no.message}
            if no.errors is not None:
                body["errors"] = no.errors
            return respond(body, status=no.status)

    return answer


def time_zone() -> ZoneInfo:
    """The zone of the account that is being asked."""
    return ZoneInfo(_ZONE.get())


def nested(items: Iterable[tuple[str, str]]) -> dict[str, Any]:
    """PHP's reading of a query: a[b][]=1&a[b][]=2 -> {"a": {"b": {"0": "1", "1": "2"}}}; the last of two equal scalars wins."""
    found: dict[str, Any] = {}
    for name, value in items:
        head, _, rest = name.partition("[")
        keys = [head, *BRACKET.findall("[" + rest if rest else "")]
        here = found
        for key, following in zip(keys, [*keys[1:], None], strict=True):
            key = key if key != "" else str(len(here))
            if following is None:
                here[key] = value
            else:
                if not isinstance(here.get(key), dict):
                    here[key] = {}
                here = here[key]
    return found


def page(
    call: Call,
    name: str,
    rows: Sequence[Any],
    encode: Callable[[Any], bytes],
    *,
    limits: Sequence[int] = LIMITS,
    top: dict[str, Any] | None = None,
) -> Response:
    """A list in the `page` envelope. `encode` is called for the rows of this page only."""
    limit = call.number("limit", 20, allowed=limits)
    number = call.number("page", 1)
    pages = max(1, -(-len(rows) // limit)) if rows else 0
    if pages and number > pages:
        raise Refused(400, "Page number is greater than the total page count", {"page": "Page is out of range."})
    shown = [encode(row) for row in rows[(number - 1) * limit : number * limit]]
    pagination = {"limit": limit, "totalCount": len(rows), "currentPage": number, "totalPageCount": pages}
    return joined({"success": True, **(top or {}), "pagination": pagination}, name, shown)


def joined(envelope: dict[str, Any], name: str, rows: list[bytes]) -> Response:
    """An envelope with a list of records that are JSON already."""
    head = json.dumps(envelope, ensure_ascii=False)[:-1].encode()
    return Response(head + b', "' + name.encode() + b'": [' + b", ".join(rows) + b"]}", media_type="application/json")


def respond(body: dict[str, Any], *, status: int = 200) -> Response:
    """A JSON answer."""
    return Response(json.dumps(body, ensure_ascii=False).encode(), status_code=status, media_type="application/json")


def cursor_of(number: int, at: datetime) -> str:
    """The opaque cursor of the bonus ledger: base64 of [number, time with offset], as in the official client's fixture [C]."""
    moment = at.replace(tzinfo=UTC).astimezone(time_zone()).isoformat(sep=" ", timespec="seconds")
    return base64.b64encode(json.dumps([number, moment], separators=(",", ":")).encode()).decode()


def cursor_number(text: str) -> int:
    """The number inside a cursor. Raises Refused(400) for a cursor that was never given out."""
    try:
        return int(json.loads(base64.b64decode(text, validate=True))[0])
    except (binascii.Error, ValueError, TypeError, IndexError, KeyError):
        raise Refused(400, "Errors in the input parameters", {"cursor": "Invalid cursor."}) from None


def local(at: Any) -> str | None:
    """A naive UTC time as the account writes it: local, to the second, without an offset [D]."""
    if at is None or at != at:
        return None
    return at.replace(tzinfo=UTC).astimezone(time_zone()).strftime("%Y-%m-%d %H:%M:%S")


def day(value: Any) -> str | None:
    """A date as Y-m-d; None for nothing."""
    if value is None or value != value:
        return None
    return value.strftime("%Y-%m-%d") if isinstance(value, (date, datetime)) else str(value)[:10]


def rubles(kopecks: Any) -> float | int:
    """Kopecks as the JSON number PHP writes: 1290 and not 1290.0."""
    amount = (0 if kopecks is None or kopecks != kopecks else kopecks) / 100
    return int(amount) if amount == int(amount) else amount


def present(record: dict[str, Any]) -> dict[str, Any]:
    """The record without what is not there: the API leaves empty members out rather than sending null."""
    return {key: value for key, value in record.items() if value is not None and value == value}


def custom_fields(values: dict[str, Any]) -> dict[str, Any] | list:
    """PHP writes an empty map as [] and a filled one as an object [C]."""
    filled = present(values)
    return filled or []


def as_naive(at: datetime) -> datetime:
    """Aware UTC to the naive UTC that the world's tables hold."""
    return at.astimezone(UTC).replace(tzinfo=None) if at.tzinfo else at
