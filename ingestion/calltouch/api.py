"""One conversation with a Calltouch account: days of calls and of leads, whole or not at all.

    GET /{site}/calls-diary/calls (DD/MM/YYYY, pages)  ·  GET /requests (MM/DD/YYYY, an array)  ->  `Listed`

D documented (calltouch.ru/support), C seen in clients (mg-realcom/calltouch-sdk, hexeh/CalltouchAPI and others), A assumed here:
- D the token stands in the query, as `clientApiId`. D without paging calls come for one day, as a bare array; C with `page` and `limit`
  (1000) for a range, as `{page, pageTotal, pageSize, recordsTotal, records}`. A page beyond the last is never asked for.
- D dates of calls are written day first, those of leads month first. C a call's `date` and D a lead's `dateStr` are day first, by the
  site's clock, without a zone; C the hour of a call's may have one digit.
- A newest first, so that a call that ends meanwhile pushes the others on: pages must agree on `recordsTotal` and add up to it, or the
  days are read again. Leads tell no total, so what an answer lacks may be there: the next nights bring it, and nothing is deleted for it.
- A any 429 is waited out like a fault of the network; no limit and no form of errors is told.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from ingestion import documents
from ingestion.accounts import Account
from ingestion.documents import Page, PageError, Record
from ingestion.http import Answer, Http, VendorError

A_PAGE = 1000
REREADS = 3
CALL_DATES, LEAD_DATES = "%d/%m/%Y", "%m/%d/%Y"


@dataclass(frozen=True)
class Listed:
    """Every record of some days, when they were first asked for, and whether the vendor said how many there are."""

    records: list[Record]
    asked_at: datetime
    is_counted: bool


class _Moved(Exception):
    """The pages of one list were not of the same list."""


class Api:
    """An account's API. The token is read when it is used."""

    def __init__(self, account: Account) -> None:
        self._account, self._site = account, account.setting("site_id")
        self._http = Http(account, base_url=account.setting("base_url"), requests_per_second=account.number("requests_per_second", 2))

    def calls(self, since: date, until: date) -> Listed:
        """The calls of these days, both included. Raises VendorError when they do not add up to the vendor's own total."""
        fault = ""
        for _ in range(REREADS):
            try:
                return self._calls(since, until)
            except _Moved as moved:
                fault = str(moved)
        raise self._gave_up("calls", f"{_named(since, until)}: {fault}")

    def calls_counted(self, since: date, until: date) -> int:
        """How many calls the vendor has of these days."""
        page, _ = self._page(since, until, 1, 1)
        return _whole(page.envelope.get("recordsTotal"))

    def leads(self, since: date, until: date) -> Listed:
        """The leads of these days, both included. Raises VendorError."""
        params = {"siteId": self._site, "dateFrom": since.strftime(LEAD_DATES), "dateTo": until.strftime(LEAD_DATES),
                  "withRequestTags": "true"}

        def read(answer: Answer) -> Listed:
            page = documents.split(answer.body, rows="", key=("requestId",), cursor="dateStr")
            _demand_days(page.records, since, until)
            return Listed(page.records, answer.asked_at, is_counted=False)

        return self._until_right("requests", "leads", params, read, _named(since, until))

    def _calls(self, since: date, until: date) -> Listed:
        records: list[Record] = []
        total, asked_at = 0, None
        for page, at in self._pages(since, until):
            told = _whole(page.envelope.get("recordsTotal"))
            if asked_at is not None and told != total:
                raise _Moved(f"first {total} calls were told, then {told}")
            total, asked_at = told, asked_at or at
            records += page.records
        if len(records) != total:
            raise _Moved(f"{total} calls were told and {len(records)} came")
        assert asked_at is not None  # there is a first page
        return Listed(records, asked_at, is_counted=True)

    def _pages(self, since: date, until: date) -> Iterator[tuple[Page, datetime]]:
        number, last = 0, 1
        while number < last:
            number += 1
            page, asked_at = self._page(since, until, number, A_PAGE)
            last = _whole(page.envelope.get("pageTotal"))
            yield page, asked_at

    def _page(self, since: date, until: date, number: int, limit: int) -> tuple[Page, datetime]:
        params = {"dateFrom": since.strftime(CALL_DATES), "dateTo": until.strftime(CALL_DATES), "page": number, "limit": limit,
                  "withCallTags": "true", "withOrders": "true"}

        def read(answer: Answer) -> tuple[Page, datetime]:
            page = documents.split(answer.body, rows="records", key=("callId",), cursor="date")
            if page.envelope.get("page") != number:
                raise PageError(f"page {number} was asked for and page {page.envelope.get('page')!r} came")
            _demand_days(page.records, since, until)
            for name in ("pageTotal", "recordsTotal"):
                _whole(page.envelope.get(name), name)
            return page, answer.asked_at

        return self._until_right(f"{self._site}/calls-diary/calls", "calls", params, read, _named(since, until))

    def _until_right(self, path: str, resource: str, params: dict[str, Any], read: Any, days: str) -> Any:
        """What `read` makes of the answer; asked for again when the answer is another one's."""
        fault = ""
        for _ in range(REREADS):
            sent = {"clientApiId": self._account.setting("client_api_id"), **params}
            answer = self._http.get(path, resource=resource, params=sent)
            try:
                return read(answer)
            except PageError as error:
                fault = str(error)
        raise self._gave_up(resource, f"{days}: {fault}")

    def _gave_up(self, resource: str, fault: str) -> VendorError:
        return VendorError(f"{self._http.who(resource)}: {fault}, {REREADS} times in a row. Nothing of this load was kept; "
                           "the data of the last finished load stays, and the next run catches up.")


def day_of(written: str | None) -> date | None:
    """The day of `29/11/2016 9:05:00`; None for what is no such time."""
    try:
        return datetime.strptime((written or "")[:10], CALL_DATES).date()  # noqa: DTZ007 a day has no zone
    except ValueError:
        return None


def _demand_days(records: list[Record], since: date, until: date) -> None:
    """An answer of which no record lies in the days asked for was another question's. One that tells no time says nothing."""
    days = {day for record in records if (day := day_of(record.cursor))}
    if days and not any(since <= day <= until for day in days):
        raise PageError(f"these days were asked for and {min(days):%d.%m.%Y} came")


def _whole(value: Any, name: str = "a total") -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise PageError(f"{name} is {value!r}, which is no number of records")
    return value


def _named(since: date, until: date) -> str:
    return f"{since:%d.%m.%Y}" if since == until else f"{since:%d.%m.%Y}–{until:%d.%m.%Y}"
