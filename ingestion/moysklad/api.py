"""One conversation with a MoySklad account: credentials, the weighted limit, and lists that are read whole or not at all.

    GET /entity/{kind}?filter&order&limit&offset  ->  `Api.pages` -> pages of documents, checked against meta.size

A page is refused when it is not the one that was asked for (another offset: a repeated page), and a list is read again from its start when
it moved under our hands (its size changed, or a key came twice). nextHref is never followed: it names the vendor's own host, and an offset
counted by ourselves is an offset that can be checked.
"""

import base64
import logging
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from ingestion import documents
from ingestion.accounts import Account
from ingestion.documents import PageError, Record
from ingestion.http import Answer, Heard, Http, VendorError
from ingestion.waits import seconds

log = logging.getLogger(__name__)
MOSCOW = ZoneInfo("Europe/Moscow")
# A solution's token may ask 15 times a second, a user's password in December 2026 3.7 times: until the first answer tells, the slower.
CAUTIOUS_RATE = 3.0
REREADS = 3


class _Moved(Exception):
    """The list changed while it was read."""


@dataclass(frozen=True)
class Listed:
    """A page of records and when it was asked for."""

    records: list[Record]
    asked_at: datetime


class Api:
    """An account's API. Secrets are read for each request."""

    def __init__(self, account: Account) -> None:
        self._account = account
        self._fixed_rate = account.setting("requests_per_second", "")
        self._http = self._conversation(account.number("requests_per_second", CAUTIOUS_RATE))
        self._knows_rate = bool(self._fixed_rate)

    def pages(self, path: str, *, resource: str, limit: int, key: tuple[str, ...] = ("id",), cursor: str | None = None,
              **params: str) -> Iterator[Listed]:
        """Every page of a list. Raises VendorError when it stays incomplete; a list that moved is read again, pages and all."""
        for attempt in range(1, REREADS + 1):
            try:
                yield from self._once(path, resource, limit, key, cursor, params)
                return
            except _Moved as moved:
                log.warning("%s: %s; read again from its start (attempt %d of %d).", self._http.who(resource), moved, attempt, REREADS)
                last = moved
        raise VendorError(f"{self._http.who(resource)}: {last}, {REREADS} times in a row. Nothing of this load was kept; "
                          "read it at a quieter hour, or with a shorter window.")

    def first(self, path: str, *, resource: str, **params: str) -> documents.Page:
        """The first record of a list, if any: one cheap question."""
        return self._page(path, resource, 1, 0, ("id",), "updated", params)[0]

    def _once(self, path: str, resource: str, limit: int, key: tuple[str, ...], cursor: str | None,
              params: dict[str, str]) -> Iterator[Listed]:
        offset, size, seen = 0, None, set()
        while size is None or offset < size:
            page, answer = self._page(path, resource, limit, offset, key, cursor, params)
            told = page.envelope.get("meta", {}).get("size")
            if not isinstance(told, int):
                raise VendorError(f"{self._http.who(resource)}: the page at {offset} has no meta.size, so the list cannot be proved whole. "
                                  "Nothing of this load was kept.")
            if size is not None and told != size:
                raise _Moved(f"the list had {size} records and has {told} at offset {offset}")
            size = told
            keys = [record.key for record in page.records if record.key is not None]
            if len(set(keys)) < len(keys) or not seen.isdisjoint(keys):
                raise _Moved(f"a record came twice at offset {offset}")
            if not page.records and offset < size:
                raise _Moved(f"the list ended at {offset} of {size} records")
            seen.update(keys)
            offset += len(page.records)
            if page.records:
                yield Listed(page.records, answer.asked_at)
        if offset != size:
            raise _Moved(f"the list gave {offset} of {size} records")

    def _page(self, path: str, resource: str, limit: int, offset: int, key: tuple[str, ...], cursor: str | None,
              params: dict[str, str]) -> tuple[documents.Page, Answer]:
        """One page, asked for again when another one came."""
        fault = ""
        for _ in range(REREADS):
            answer = self._http.get(path, resource=resource, params={**params, "limit": limit, "offset": offset})
            self._learn_rate(answer)
            try:
                page = documents.split(answer.body, rows="rows", key=key, cursor=cursor)
            except PageError as error:
                fault = str(error)
                continue
            told = page.envelope.get("meta", {}).get("offset", offset)
            size = page.envelope.get("meta", {}).get("size")
            if told != offset or len(page.records) > limit:
                fault = f"the page at offset {offset} was asked for and the one at {told} came, a repeated page"
            elif not page.records and isinstance(size, int) and offset < size:
                fault = f"the list ended at {offset} of {size} records"
            else:
                return page, answer
        raise VendorError(f"{self._http.who(resource)}: {fault}, {REREADS} times in a row. Nothing of this load was kept; "
                          "the data of the last finished load stays, and the next run catches up.")

    def _learn_rate(self, answer: Answer) -> None:
        """The vendor's own figure for these credentials, less a tenth for others who share them; a setting wins."""
        if self._knows_rate:
            return
        self._knows_rate = True
        try:
            rate = int(answer.headers["X-RateLimit-Limit"]) * 1000 / int(answer.headers["X-Lognex-Retry-TimeInterval"])
        except (KeyError, ValueError, ZeroDivisionError):
            return
        self._http = self._conversation(max(1.0, rate * 0.9))

    def _conversation(self, rate: float) -> Http:
        return Http(self._account, base_url=self._account.setting("base_url"), headers=self._headers, requests_per_second=rate,
                    retry_after=_pause)

    def _headers(self) -> dict[str, str]:
        return {"Accept-Encoding": "gzip", "Accept": "application/json;charset=utf-8", "Authorization": self._credentials()}

    def _credentials(self) -> str:
        token = self._account.setting("token", "")
        if token:
            return f"Bearer {token}"
        pair = f"{self._account.setting('login')}:{self._account.setting('password')}"
        return "Basic " + base64.b64encode(pair.encode()).decode()


def moscow_text(moment: datetime) -> str:
    """An aware time as a filter wants it: Moscow's, to the millisecond."""
    return moment.astimezone(MOSCOW).replace(tzinfo=None).isoformat(sep=" ", timespec="milliseconds")


def from_moscow(text: str) -> datetime:
    """The vendor's time as aware UTC. Raises ValueError."""
    return datetime.fromisoformat(text).replace(tzinfo=MOSCOW).astimezone(UTC)


def _pause(response: Heard) -> float | None:
    """The vendor counts the wait in milliseconds, in its own header."""
    try:
        told = seconds(int(response.headers["X-Lognex-Retry-After"]) / 1000)
    except (KeyError, ValueError, OverflowError):
        return None
    return told and max(0.05, told)
