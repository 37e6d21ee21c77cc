"""One conversation with the seller API: its hosts, its raw token, a limit for each method, and its refusals.

    token -> GET statistics, POST analytics and finance -> `Api.asked` -> whole answers

D documented (the vendor's OpenAPI), C seen in clients, A assumed:
- D the token stands in Authorization as it is, without Bearer; each method has a limit of its own, one request a minute, the stock three.
- C a 429 tells in X-Ratelimit-Retry after how many seconds to ask again; A without it a minute has to pass.
- D 401, 403 and 400 are final. D finance answers 204 where a report ends; D statistics answer with a bare array, at most about 80 000 rows.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

from ingestion.accounts import Account
from ingestion.documents import Record
from ingestion.http import LONGEST_PAUSE, RETRIED, Answer, Http, Transient, VendorError
from ingestion.waits import seconds

MOSCOW = timezone(timedelta(hours=3))
HOSTS = {
    "statistics": "https://statistics-api.wildberries.ru",
    "analytics": "https://seller-analytics-api.wildberries.ru",
    "finance": "https://finance-api.wildberries.ru",
}


@dataclass(frozen=True)
class Method:
    """One method of the API. per_minute: how many times as often as once a minute it may be asked."""

    resource: str
    host: str
    path: str
    per_minute: float = 1.0


ORDERS = Method("orders", "statistics", "/api/v1/supplier/orders")
SALES = Method("sales", "statistics", "/api/v1/supplier/sales")
STOCK = Method("stock", "analytics", "/api/analytics/v1/stocks-report/wb-warehouses", per_minute=3.0)
REPORTS = Method("reports", "finance", "/api/finance/v1/sales-reports/list")
SETTLEMENTS = Method("settlements", "finance", "/api/finance/v1/sales-reports/detailed")

# A night makes several contacts, and the minute of a method goes on from one to the next.
_conversations: dict[tuple[Account, Method, str, float], Http] = {}


@dataclass(frozen=True)
class Listed:
    """Records and when they were asked for."""

    records: list[Record]
    asked_at: datetime


class Api:
    """An account's API. The token is read when it is used."""

    def __init__(self, account: Account) -> None:
        self.account = account

    def asked(self, method: Method, *, params: dict[str, Any] | None = None, body: dict[str, Any] | None = None) -> Answer:
        """The whole answer to a question; a 204 has an empty body. Raises VendorError."""
        http = self._conversation(method)
        if body is None:
            return http.get(method.path, resource=method.resource, params=params, whole="bytes")
        return http.post(method.path, resource=method.resource, json=body, whole="bytes")

    def fault(self, method: Method, sentence: str) -> VendorError:
        """The error that ends a load, with what became of the data."""
        return VendorError(f"{self._conversation(method).who(method.resource)}: {sentence}. Nothing of this load was kept; the data of the "
                           "last finished load stays, and the next run catches up.")

    def _conversation(self, method: Method) -> Http:
        base = self.account.setting("base_url", "") or self.account.setting(f"{method.host}_url", HOSTS[method.host])
        a_second = self.account.number("requests_per_minute", 1.0) * method.per_minute / 60
        key = (self.account, method, base, a_second)
        if key not in _conversations:
            _conversations[key] = Http(
                self.account, base_url=base, headers=lambda: {"Authorization": self.account.setting("token")},
                requests_per_second=a_second, judge=self._judge, retried=RETRIED - {429}, timeout=(10.0, 300.0),
            )
        return _conversations[key]

    def _judge(self, answer: Answer) -> None:
        """Called with every answer below 500 but 408 and 425."""
        if answer.status == 429:
            told = (seconds(answer.headers.get(name)) for name in ("X-Ratelimit-Retry", "Retry-After"))
            wait = max(1.0, next(filter(None, told), 60.0))
            if wait > LONGEST_PAUSE:
                raise VendorError(
                    f"{self.account.vendor}/{self.account.name}: the limit of requests is used up for another {wait:.0f} s. Nothing of "
                    "this load was kept; loads finished before it stay. A basic token may ask once in hours: make a personal one, and let "
                    f"no other program use it ({self.account.variable('token')}).")
            raise Transient("answered 429, too many requests", pause=wait)
        if answer.status == 200:
            _demand_whole(answer)


def moscow_text(moment: datetime) -> str:
    """An aware time as the filters want it: Moscow's clock, to the millisecond where it has them."""
    local = moment.astimezone(MOSCOW)
    return local.strftime("%Y-%m-%dT%H:%M:%S") + (f".{local.microsecond // 1000:03d}" if local.microsecond >= 1000 else "")


def from_moscow(text: str | None) -> datetime | None:
    """The vendor's time as aware UTC; None for what is no time."""
    try:
        moment = datetime.fromisoformat(text or "")
        return (moment.replace(tzinfo=MOSCOW) if moment.tzinfo is None else moment).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def earliest(records: Iterable[Record]) -> datetime | None:
    """The earliest change time that can be read."""
    return min((moment for record in records if (moment := from_moscow(record.cursor))), default=None)


def _demand_whole(answer: Answer) -> None:
    """Whole JSON, or the fault is passing."""
    text = answer.body.strip()
    if text[:1] not in (b"[", b"{"):
        kind = answer.headers.get("Content-Type", "no content type")
        raise Transient("the answer was empty" if not text else f"answered 200 with {kind} that is not JSON")
    if text[-1:] not in (b"]", b"}"):
        raise Transient(f"the answer broke off after {len(answer.body)} bytes")
