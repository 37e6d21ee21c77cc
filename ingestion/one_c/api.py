"""One conversation with a 1C infobase over OData v3: whole lists, windows of time, single keys, virtual tables.

    GET <set>?$filter&$orderby&$top&$skip&$inlinecount  ->  `Listed`, checked against `odata.count`, asked for again when it moved

D documented (platform 8.3.27, chapter 17.4), C seen in clients, A assumed here; sources stand in `names.py`, `metadata.py` and:
- D HTTP Basic; JSON only when asked for; `odata.count` is a string and comes with `$inlinecount=allpages` alone. D with it `$top` and
  `$skip` are ignored, C they are not: both are right here, since an answer that is longer than asked and as long as told is the list.
- D no size of pages is told and no next link: pages are counted, with an order of their own. C `$skip` runs the query again, so lists by
  date are cut into windows of a few pages (`windows.py`).
- A a list that grew while it was read moved its pages on: records come twice and none is lost. One that shrank, or has a record twice for
  no reason, is read again.
- A IIS takes 2 048 characters of query, so that is how many keys are asked for at once. A space is %20: a plus is a plus in 1C.
- D `allowedOnly=true`, for sets only: without it one record that the user must not see makes the whole answer a 401.
- A one request at a time per infobase: each holds a licence.
"""

import logging
import re
import threading
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import quote

import msgspec

from ingestion import documents
from ingestion.accounts import Account
from ingestion.documents import PageError, Record
from ingestion.http import RETRIED, Answer, Http, VendorError
from ingestion.one_c.faults import Judge
from ingestion.one_c.metadata import NotMetadata, Offer, offered

log = logging.getLogger(__name__)
REREADS = 3
PAGE_SIZE, KEYS_AT_ONCE = 1000, 25
REFERENCE = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
# What is dated before this was mistyped (0202), or not dated at all (0001).
BELIEVED_FROM = "1990-01-01T00:00:00"
_one_at_a_time: dict[str, threading.Lock] = defaultdict(threading.Lock)


@dataclass(frozen=True)
class Query:
    """What is asked of one set. key, cursor: members of a record; top: rows of a page."""

    name: str
    resource: str
    order: str
    key: tuple[str, ...] = ("Ref_Key",)
    cursor: str | None = "DataVersion"
    select: str = ""
    filter: str = ""
    top: int = PAGE_SIZE


@dataclass(frozen=True)
class Listed:
    """Records, and when they were asked for."""

    records: list[Record]
    asked_at: datetime


class _Moved(Exception):
    """The list changed while it was read."""


class TooMany(Exception):
    """The filter finds more than is read at once."""

    def __init__(self, told: int) -> None:
        super().__init__(told)
        self.told = told


class Api:
    """An account's infobase. Secrets are read when they are used."""

    def __init__(self, account: Account) -> None:
        self.account, self.zone = account, account.zone()
        self.base_url = account.setting("base_url").rstrip("/")
        self.page_size = max(1, int(account.number("page_size", PAGE_SIZE)))
        self._judge = Judge(account)
        self._http = Http(account, base_url=self.base_url, headers=self._judge.headers, judge=self._judge, retried=RETRIED - {500},
                          requests_per_second=account.number("requests_per_second", 5), timeout=(10.0, 600.0))
        self._turn = _one_at_a_time[self.base_url]

    def metadata(self) -> Offer:
        """What the infobase publishes. Raises VendorError."""
        fault = ""
        for _ in range(REREADS):
            try:
                return offered(self._ask("GET", "$metadata", "$metadata", {}, whole="bytes").body)
            except NotMetadata as error:
                fault = str(error)
        raise self._gave_up("$metadata", fault)

    def listed(self, query: Query) -> Iterator[Listed]:
        """A whole list, page by page. One that moved is read again from its start, pages and all. Raises VendorError."""
        for attempt in range(1, REREADS + 1):
            try:
                yield from self._pages(query)
                return
            except _Moved as moved:
                last = self._told_again(query, moved, attempt)
        raise self._gave_up(query.resource, last)

    def by_keys(self, query: Query, keys: Sequence[str], *, wanted: str = "Ref_Key eq guid'{}'",
                at_once: int = KEYS_AT_ONCE) -> Iterator[Listed]:
        """What is there of these keys; what is no reference (a record that came without one) is not asked for. Raises VendorError."""
        keys = [key for key in keys if REFERENCE.fullmatch(key)]
        for start in range(0, len(keys), at_once):
            some = keys[start:start + at_once]
            asked = frozenset(some)
            filtered = " or ".join(wanted.format(key) for key in some)

            def read(page: documents.Page, asked: frozenset[str] = asked) -> None:
                if strangers := [record.key for record in page.records if record.key and record.key not in asked]:
                    raise PageError(f"{len(asked)} keys were asked for and {strangers[0]} came")
                if len(page.records) != _told(page):
                    raise PageError(f"{_told(page)} records were told and {len(page.records)} came")

            options = {"$filter": filtered, "$top": str(len(some)), "$inlinecount": "allpages", "allowedOnly": "true"}
            page, asked_at = self._page(query, options, read)
            if page.records:
                yield Listed(page.records, asked_at)

    def table(self, query: Query, virtual: str, condition: str = "") -> Listed:
        """A virtual table of a register, whole: for these `$top` alone is documented, so they are cut by a condition."""
        # A quotation inside a quotation is doubled.
        arguments = "Condition='" + condition.replace("'", "''") + "'" if condition else ""

        def read(page: documents.Page) -> None:
            if "odata.count" in page.envelope and _told(page) != len(page.records):
                raise PageError(f"{_told(page)} rows were told and {len(page.records)} came")

        for _ in range(2):
            # Without a total an empty table is believed when it comes twice.
            page, asked_at = self._page(query, {}, read, path=f"{query.name}/{virtual}({arguments})")
            if page.records:
                break
        return Listed(page.records, asked_at)

    def earliest(self, name: str, resource: str) -> datetime | None:
        """The first Date of a document that can be believed, aware UTC; None for a set without any."""
        options = {"$filter": f"Date ge datetime'{BELIEVED_FROM}'", "$orderby": "Date asc", "$top": "1", "$select": "Ref_Key,Date",
                   "allowedOnly": "true"}
        for _ in range(2):
            page, _ = self._page(Query(name, resource, "", cursor="Date"), options, lambda page: None)
            if page.records:
                break
        first = page.records[0].cursor or "" if page.records else ""
        return self.from_server(first) if first >= BELIEVED_FROM else None

    def entity(self, path: str, resource: str) -> dict[str, object]:
        """A single entity by its address, e.g. a node of an exchange plan. Raises VendorError."""
        for _ in range(REREADS):
            with suppress(msgspec.MsgspecError):
                told = self._ask("GET", path, resource, {"$format": "json"}).json()
                if isinstance(told, dict) and "Ref_Key" in told:
                    return told
        raise self._gave_up(resource, f"{path} came as something that is no single object")

    def post(self, path: str, resource: str, options: dict[str, str]) -> bytes:
        """A call whose answer is XML or empty. Raises VendorError."""
        return self._ask("POST", path, resource, options, whole="bytes").body

    def server_time(self, moment: datetime) -> datetime:
        """An aware time as the server's naive one, to the second."""
        return moment.astimezone(self.zone).replace(tzinfo=None, microsecond=0)

    def from_server(self, text: str) -> datetime:
        """The server's naive time as aware UTC. Raises ValueError."""
        return datetime.fromisoformat(text).replace(tzinfo=self.zone).astimezone(UTC)

    def whole(self, query: Query, filtered: str, *, most: int | None, fits: Callable[[Record], bool]) -> Listed:
        """What a filter finds, all at once. most: raise TooMany for more than that; fits: whether a record is of what was asked.
        Raises VendorError."""
        last = ""
        for attempt in range(1, REREADS + 1):
            try:
                pages = list(self._pages(query, filtered, most, fits))
                return Listed([record for page in pages for record in page.records], pages[0].asked_at)
            except _Moved as moved:
                last = self._told_again(query, moved, attempt)
        raise self._gave_up(query.resource, last)

    def _pages(self, query: Query, filtered: str = "", most: int | None = None,
               fits: Callable[[Record], bool] = lambda record: True) -> Iterator[Listed]:
        skip, first, told = 0, None, 0
        seen: set[str] = set()
        filtered = filtered or query.filter
        while first is None or skip < told:
            options = {"$filter": filtered, "$orderby": query.order, "$select": query.select, "$top": str(query.top),
                       "$skip": str(skip) if skip else "", "$inlinecount": "allpages", "allowedOnly": "true"}

            def read(page: documents.Page, skip: int = skip, told: int = told) -> None:
                now = _told(page)
                if page.records and not any(map(fits, page.records)):
                    raise PageError("other days were asked for than came")
                if skip and now == told and page.records and seen.issuperset(map(_mark, page.records)):
                    raise PageError(f"the page from {skip} on was asked for and one came whose records had all come before")
                if len(page.records) > query.top and len(page.records) != now:
                    raise PageError(f"{query.top} records were asked for, {len(page.records)} came and {now} are told")
                if len(page.records) > max(0, now - skip):
                    raise PageError(f"{now} records are told and {skip + len(page.records)} came")

            page, asked_at = self._page(query, options, read)
            now = _told(page)
            if first is not None and now < told:
                raise _Moved(f"the list had {told} records and has {now}")
            first, told = now if first is None else first, now
            if most is not None and told > most and not skip and len(page.records) < told:
                raise TooMany(told)
            fresh = [record for record in page.records if _mark(record) not in seen]
            if len(fresh) < len(page.records) and told == first:
                raise _Moved(f"a record came twice at {skip}")
            if not page.records and skip < told:
                raise _Moved(f"the list ended at {skip} of {told} records")
            seen.update(map(_mark, fresh))
            skip += len(page.records)
            yield Listed(fresh, asked_at)
        if len(seen) < (first or 0):
            raise _Moved(f"the list gave {len(seen)} of {first} records")

    def _page(self, query: Query, options: dict[str, str], judge: Callable[[documents.Page], None],
              path: str = "") -> tuple[documents.Page, datetime]:
        """A page that is the one asked for; asked for again when another one came."""
        fault = ""
        for _ in range(REREADS):
            answer = self._ask("GET", path or query.name, query.resource, {"$format": "json", **options})
            try:
                page = documents.split(answer.body, rows="value", key=query.key, cursor=query.cursor)
                judge(page)
                return page, answer.asked_at
            except PageError as error:
                fault = str(error)
        raise self._gave_up(query.resource, f"{query.name}: {fault}")

    def _ask(self, method: str, path: str, resource: str, options: dict[str, str], *, whole: str = "json") -> Answer:
        query = "&".join(f"{quote(name, safe='$')}={quote(text, safe=_PLAIN)}" for name, text in options.items() if text)
        address = quote(path, safe=_PLAIN + "$=") + (f"?{query}" if query else "")
        with self._turn:
            self._judge.begin(resource, path)
            return (self._http.get if method == "GET" else self._http.post)(address, resource=resource, whole=whole)

    def _told_again(self, query: Query, moved: _Moved, attempt: int) -> str:
        log.warning("%s: %s: %s; read again from its start (attempt %d of %d).", self._http.who(query.resource), query.name, moved,
                    attempt, REREADS)
        return f"{query.name}: {moved}"

    def _gave_up(self, resource: str, fault: str) -> VendorError:
        return VendorError(f"{self._http.who(resource)}: {fault}, {REREADS} times in a row. Nothing of this load was kept; "
                           "the data of the last finished load stays, and the next run catches up.")


_PLAIN = "/(),:'"


def _told(page: documents.Page) -> int:
    """`odata.count`. Raises PageError when it is none: a list that tells no total cannot be proved whole."""
    told = page.envelope.get("odata.count")
    try:
        return int(told)
    except (TypeError, ValueError):
        raise PageError(f"odata.count is {told!r}, so the list cannot be proved whole") from None


def _mark(record: Record) -> str:
    return record.key or record.payload
