"""Orders and sales, read by their time of change to the end.

    dateFrom -> rows changed then or later -> dateFrom := lastChangeDate of the last row -> … -> nothing later  ->  `Feed.changed`

The moment asked for is included, so its rows come again and are told apart by key and text. The end is an empty answer (documented) or
one whose rows are all of the moment that was asked for. When as many rows as an answer holds bear one moment, the rest of them can be
asked for by the day alone (flag=1, without a limit): each day that is kept is read once, and the cursor steps over the moment.
"""

import hashlib
import logging
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from ingestion import documents
from ingestion.documents import PageError, Record
from ingestion.wildberries.api import MOSCOW, Api, Listed, Method, earliest, from_moscow, moscow_text

log = logging.getLogger(__name__)
KEPT = timedelta(days=90)
ROWS_PER_ANSWER = 80_000
# The limit is documented as about so many; an answer that comes near it may be cut.
NEARLY_FULL = 0.75
REREADS = 3


@dataclass
class Feed:
    """One of the two lists at one contact. is_sure: False when an answer was empty where rows were promised."""

    api: Api
    method: Method
    key: str
    now: datetime
    is_sure: bool = field(default=True, init=False)

    def __post_init__(self) -> None:
        self._full = NEARLY_FULL * self.api.account.number("rows_per_answer", ROWS_PER_ANSWER)

    def changed(self, since: datetime, until: datetime | None = None, *, promised: bool = False) -> Iterator[Listed]:
        """Rows changed in [since, until), oldest first, each once; to the end without `until`. promised: there is one at least.
        Raises VendorError."""
        cursor, text, before, is_first = since, moscow_text(since), set(), True
        while True:
            # An empty list from the beginning is believed when it comes twice.
            listed = self._answer(text, cursor, promised=promised, tries=REREADS if promised else 1 + is_first)
            is_first = False
            moments = [from_moscow(record.cursor) for record in listed.records]
            fresh = [record for record, moment in zip(listed.records, moments, strict=True)
                     if mark(record) not in before and not (until and moment and moment >= until)]
            if fresh:
                yield Listed(fresh, listed.asked_at)
            known = [(moment, record.cursor or "") for record, moment in zip(listed.records, moments, strict=True) if moment]
            last, last_text = max(known, default=(cursor, text))
            if until and last >= until:
                return
            if last > cursor:
                cursor, text = last, last_text
                # A row whose time cannot be read stands anywhere; it is known too.
                before = {mark(record) for record, moment in zip(listed.records, moments, strict=True) if moment in (None, last)}
                promised = len(listed.records) >= self._full
                continue
            if len(listed.records) < self._full:
                return
            yield from self._of_moment(cursor, before | {mark(record) for record in listed.records})
            cursor, before, promised = cursor + timedelta(milliseconds=1), set(), False
            text = moscow_text(cursor)

    def _of_moment(self, moment: datetime, before: set[str]) -> Iterator[Listed]:
        """The rows of one moment that no answer by time of change can hold: looked for on every day that is kept."""
        log.warning("%s/%s %s: more rows were changed at %s than an answer holds; every day that is kept is read once.",
                    self.api.account.vendor, self.api.account.name, self.method.resource, moscow_text(moment))
        day, last = (self.now - KEPT).astimezone(MOSCOW).date(), self.now.astimezone(MOSCOW).date()
        while day <= last:
            listed = self._page({"dateFrom": day.isoformat(), "flag": 1})
            fresh = [record for record in listed.records if from_moscow(record.cursor) == moment and mark(record) not in before]
            if fresh:
                yield Listed(fresh, listed.asked_at)
            day += timedelta(days=1)

    def _answer(self, text: str, cursor: datetime, *, promised: bool, tries: int) -> Listed:
        """The rows changed at `cursor` or later; asked for again when those of another question came, and when none came, `tries` times."""
        for attempt in range(1, REREADS + 1):
            listed = self._page({"dateFrom": text, "flag": 0})
            first = earliest(listed.records)
            if first is not None and first < cursor.replace(microsecond=cursor.microsecond // 1000 * 1000):
                continue
            if listed.records or (attempt >= tries and not promised):
                return listed
        if listed.records:
            raise self.api.fault(self.method, f"rows changed since {text} were asked for, and came from {moscow_text(first)} on, "
                                              f"{REREADS} times in a row")
        self.is_sure = False
        log.warning("%s/%s %s: no rows came since %s, %d times in a row, though some had been there. The next run asks from there again.",
                    self.api.account.vendor, self.api.account.name, self.method.resource, text, REREADS)
        return listed

    def _page(self, params: dict[str, str | int]) -> Listed:
        fault = ""
        for _ in range(REREADS):
            answer = self.api.asked(self.method, params=params)
            try:
                return Listed(documents.split(answer.body, rows="", key=(self.key,), cursor="lastChangeDate").records, answer.asked_at)
            except PageError as error:
                fault = str(error)
        raise self.api.fault(self.method, f"{fault}, {REREADS} times in a row")


def mark(record: Record) -> str:
    """A version of a row: its key and what it says."""
    return f"{key_of(record)} {version(record)}"


def key_of(record: Record) -> str:
    """The row's key, or the hash of its text."""
    return record.key if record.key is not None else documents.payload_key(record.payload)


def version(record: Record) -> str:
    """What the row says, in twelve letters."""
    return hashlib.sha256(record.payload.encode("utf-8", "backslashreplace")).hexdigest()[:12]
