"""One conversation with a Telphin exchange: its token, its two refusals, and lists without totals.

    POST /oauth/token -> Bearer -> GET /api/ver1.0/client/{owner}/…  ->  `Api.pages` -> pages of records, to the first empty one

D documented (wiki of the Ringme platform), C seen in a client's code or its recorded answers (xdimedrolx/telphin-go-sdk and others),
A assumed here:
- D client credentials in a form; the token may die before its `expires_in`, then ask for another one. C an answer without `expires_in`.
- D an hourly budget per client: 429 with status `rate_limit_exceeded`, and `X-RateLimit-Reset` (seconds) on each answer. C statistics
  are asked for one at a time: 429 "Stats request already exists, concurrent request not allowed". The first is waited out, since
  every question before the reset is refused too; the second is over in seconds, so it is asked again soon. A a 429 in other words is of
  the second kind, unless `X-RateLimit-Remaining` is 0. A a 403 may be a dead token as well, so a new one is tried once.
- C call_history: `{page, per_page, order, call_history}`, newest first unless `order=asc`; extension: a bare array, with `page`.
- A `start_datetime` and `end_datetime` bound `init_time_gmt`, both ends included; per_page is at most 100 (the answer tells what was used).
"""

import logging
import threading
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import msgspec

from ingestion import documents
from ingestion.accounts import Account
from ingestion.documents import PageError, Record
from ingestion.http import RETRIED, Answer, Http, Transient, VendorError
from ingestion.redaction import keep_out
from ingestion.waits import seconds

log = logging.getLogger(__name__)
PER_PAGE = 100
REREADS = 3
LONGEST_WAIT = 3600.0
# A new token that is refused as well is no matter of age.
REFUSED_TOKENS = {401: 3, 403: 2}
BUDGET_SPENT = b"rate_limit_exceeded"
_one_at_a_time: dict[str, threading.Lock] = defaultdict(threading.Lock)


@dataclass(frozen=True)
class Listed:
    """A page of records and when it was asked for."""

    records: list[Record]
    asked_at: datetime


class _BudgetSpent(Exception):
    """The hour's requests are used up. `reset`: seconds until the next hour."""

    def __init__(self, reset: float) -> None:
        super().__init__(f"the hour's budget is spent for another {reset:.0f} s")
        self.reset = reset


class Api:
    """An account's API. Secrets are read when they are used; the token is kept in memory only."""

    def __init__(self, account: Account) -> None:
        self._account = account
        base_url = account.setting("base_url").rstrip("/")
        self._oauth = Http(account, base_url=base_url, requests_per_second=2)
        self._http = Http(
            account, base_url=f"{base_url}/api/ver1.0", headers=self._bearer, judge=self._judge, attempts=8, retried=RETRIED - {429},
            requests_per_second=account.number("requests_per_second", 5),
        )
        self._owner = account.setting("owner_id", "@me")
        self._turn = _one_at_a_time[f"{base_url} {account.setting('client_id')}"]
        self._longest_wait, self._waited = account.number("longest_wait_seconds", LONGEST_WAIT), 0.0
        self._token, self._dies_at, self._refused = "", None, 0

    def calls(self, *, since: datetime, until: datetime, per_page: int | None = None) -> Iterator[Listed]:
        """Calls of [since, until] that have ended by now, oldest first. Raises VendorError.

        A call that ends while the pages are read pushes the later ones on, so one may come twice and none is lost."""
        params = {"start_datetime": utc_text(since), "end_datetime": utc_text(until), "order": "asc"}
        yield from self._pages("call_history", resource="calls", rows="call_history", key="call_uuid", cursor="init_time_gmt",
                               per_page=per_page or PER_PAGE, params=params)

    def extensions(self) -> Iterator[Listed]:
        """Every extension. Raises VendorError."""
        yield from self._pages("extension", resource="extensions", rows="", key="id", cursor=None, per_page=PER_PAGE, params={})

    def _pages(self, name: str, *, resource: str, rows: str, key: str, cursor: str | None, per_page: int,
               params: dict[str, str]) -> Iterator[Listed]:
        """Pages to the first that tells nothing new: an empty one, or that of a server which does not count pages."""
        seen: set[str] = set()
        number, came, most = 1, 0, 0

        def page(number: int, before: set[str]) -> tuple[Listed, int]:
            return self._page(name, resource, rows, key, cursor, {**params, "page": number, "per_page": per_page}, before)

        while True:
            listed, full = page(number, seen)
            if not listed.records and came >= most:
                # Nothing said that the list would end here, so that it does is believed when it is told twice.
                listed, full = page(number, seen)
            if seen.issuperset(map(_mark, listed.records)):
                return
            most = max(most, len(listed.records))
            if number > 1 and came < (full or most):
                # Not the last page and yet short, so rows of it were missing.
                again, _ = page(number - 1, set())
                if missed := [record for record in again.records if _mark(record) not in seen]:
                    seen.update(map(_mark, missed))
                    yield Listed(missed, again.asked_at)
            yield listed
            seen.update(map(_mark, listed.records))
            number, came = number + 1, len(listed.records)

    def _page(self, name: str, resource: str, rows: str, key: str, cursor: str | None, params: dict[str, Any],
              seen: set[str]) -> tuple[Listed, int]:
        """(the page, how many records it says a full one has, or 0); asked for again when another one came."""
        fault = ""
        for _ in range(REREADS):
            answer = self._get(f"client/{self._owner}/{name}/", resource=resource, params=params)
            try:
                page = documents.split(answer.body, rows=rows, key=(key,), cursor=cursor)
            except PageError as error:
                fault = str(error)
                continue
            told, full = page.envelope.get("page", params["page"]), page.envelope.get("per_page")
            if full is not None and (not isinstance(full, int) or full < 1):
                fault = f"page {params['page']} says that a page has {full!r} records"
                continue
            # A late call may push one old record onto a last page; a whole page of old records is another page.
            repeats = len(page.records) >= (full or params["per_page"]) and seen.issuperset(map(_mark, page.records))
            if told == params["page"] and not repeats:
                return Listed(page.records, answer.asked_at), full or 0
            fault = f"page {params['page']} was asked for and page {told} came" + (", whose records had all come before" if repeats else "")
        raise VendorError(f"{self._http.who(resource)}: {fault}, {REREADS} times in a row. Nothing of this load was kept; "
                          "the data of the last finished load stays, and the next run catches up.")

    def _get(self, path: str, *, resource: str, params: dict[str, Any]) -> Answer:
        with self._turn:
            while True:
                try:
                    return self._http.get(path, resource=resource, params=params)
                except _BudgetSpent as spent:
                    self._wait(spent.reset, resource)

    def _wait(self, reset: float, resource: str) -> None:
        """Wait until the hour is over, or give up when this load has waited enough."""
        if self._waited + reset > self._longest_wait:
            raise VendorError(
                f"{self._http.who(resource)}: the hourly budget of requests is spent for another {reset:.0f} s, and this load may wait "
                f"{self._longest_wait:.0f} s in all ({self._account.variable('longest_wait_seconds')}). Nothing of this load was kept; "
                "loads finished before it stay, and the next run goes on from there.")
        log.warning("%s: the hourly budget of requests is spent; waiting %.0f s for the next hour.", self._http.who(resource), reset)
        self._waited += reset
        time.sleep(reset)

    def _judge(self, answer: Answer) -> None:
        """Called with every answer below 500 but 408 and 425."""
        if answer.status < 400:
            self._refused = 0
        elif answer.status in REFUSED_TOKENS:
            self._token, self._refused = "", self._refused + 1
            if self._refused < REFUSED_TOKENS[answer.status]:
                raise Transient("the token was refused before its time", pause=0.0)
        elif answer.status == 429:
            is_concurrent = b"oncurrent" in answer.body or b"already exists" in answer.body
            is_none_left = seconds(answer.headers.get("X-RateLimit-Remaining")) == 0 and not is_concurrent
            if BUDGET_SPENT not in answer.body and not is_none_left:
                raise Transient("answered 429, as when another statistics request of this client is under way",
                                pause=seconds(answer.headers.get("Retry-After")) or None)
            reset = seconds(answer.headers.get("X-RateLimit-Reset")) or seconds(answer.headers.get("Retry-After"))
            raise _BudgetSpent(60.0 if reset is None else max(1.0, reset))

    def _bearer(self) -> dict[str, str]:
        if not self._token or (self._dies_at is not None and time.monotonic() > self._dies_at):
            self._take_token()
        return {"Authorization": f"Bearer {self._token}"}

    def _take_token(self) -> None:
        form = {"grant_type": "client_credentials", "client_id": self._account.setting("client_id"),
                "client_secret": self._account.setting("client_secret")}
        answer = self._oauth.post("/oauth/token", resource="token", data=form)
        told: Any = None
        with suppress(msgspec.DecodeError):
            told = answer.json()
        if not isinstance(told, dict) or not isinstance(told.get("access_token"), str) or not told["access_token"]:
            raise VendorError(f"{self._oauth.who('token')}: /oauth/token answered {answer.status} without an access_token. "
                              "Nothing was loaded; check the application's rights.")
        keep_out(self._oauth.who("token"), told["access_token"])
        life = seconds(told.get("expires_in"))
        # Ten seconds early, for the way there; an answer without expires_in is believed until it is refused.
        self._token, self._dies_at = told["access_token"], None if life is None else time.monotonic() + max(1.0, life - 10)


def _mark(record: Record) -> str:
    return record.key or record.payload


def utc_text(moment: datetime) -> str:
    """An aware time as the filters want it: UTC, to the second."""
    return moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S")


def from_utc(text: str) -> datetime:
    """The vendor's time as aware UTC. Raises ValueError."""
    moment = datetime.fromisoformat(text)
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
