"""Stretches of the server's time, cut into windows that hold a few pages each.

    Span, how many records the last window held  ->  windows  ->  `dated`: their records, checked to be of these days

Deep `$skip` makes 1C run a query again for each page, and a list that moved is read again from its start: both stay cheap while a window is
a few pages. The first is a day; the next are as long as makes them half full, and one that turns out too full is cut.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

import msgspec

from ingestion.documents import Record
from ingestion.one_c.api import Api, Listed, Query, TooMany

PAGES = 5
FIRST, SHORTEST, LONGEST = timedelta(days=1), timedelta(minutes=10), timedelta(days=366)
NO_END = "9999"
# What is no time, or the empty one, is for staging to refuse, and says nothing of the window.
MOMENT = re.compile(r"(?!0001)\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d$")


@dataclass(frozen=True)
class Span:
    """[since, until) of the server's own time, naive. Without `until` it has no end: a document's Date may lie in the future."""

    since: datetime
    until: datetime | None


@dataclass(frozen=True)
class Dating:
    """How a set tells time. filter: a window's, with the places {since} and {until}; times: those that a payload tells."""

    since: str
    until: str
    joined: str
    times: Callable[[str], list[str]]

    def within(self, span: Span) -> str:
        """The filter of a window."""
        bounds = self.since.format(span.since.isoformat())
        if span.until is not None:
            bounds += " and " + self.until.format(span.until.isoformat())
        return self.joined.format(bounds)

    def fits(self, span: Span) -> Callable[[Record], bool]:
        """Whether a record is of these days; one that tells no time may be."""
        since, until = span.since.isoformat(), span.until.isoformat() if span.until else NO_END

        def is_of_it(record: Record) -> bool:
            told = self.times(record.payload)
            return not told or any(since <= one < until for one in told)

        return is_of_it


def dated(api: Api, query: Query, span: Span, dating: Dating, *, now: datetime) -> Iterator[tuple[Span, Listed]]:
    """The records of a stretch of time, window by window, those without any left out. now: the server's. Raises VendorError."""
    start, width, most = span.since, FIRST, PAGES * query.top
    while span.until is None or start < span.until:
        stop = start + width if span.until is None else min(start + width, span.until)
        window = Span(start, None if span.until is None and stop >= now else stop)
        held = (window.until or max(now, start)) - start
        try:
            listed = api.whole(query, dating.within(window), most=most if held > SHORTEST else None, fits=dating.fits(window))
        except TooMany as many:
            width = _whole_seconds(max(SHORTEST, held * (most / 2 / many.told)))
            continue
        if listed.records:
            yield window, listed
        if window.until is None:
            return
        width = _whole_seconds(min(LONGEST, max(held, SHORTEST) * min(8.0, max(0.25, most / 2 / max(1, len(listed.records))))))
        start = window.until


def _whole_seconds(width: timedelta) -> timedelta:
    return timedelta(seconds=int(width.total_seconds()))


class _Paper(msgspec.Struct):
    Date: str | None = None


class _Row(msgspec.Struct):
    Period: str | None = None


class _Recorded(msgspec.Struct):
    RecordSet: list[_Row] | None = None


_read_paper = msgspec.json.Decoder(_Paper).decode
_read_recorded = msgspec.json.Decoder(_Recorded).decode


def date_of(record: Record) -> str:
    """A document's Date as it was told; empty where it tells none."""
    try:
        return _read_paper(record.payload).Date or ""
    except (msgspec.MsgspecError, UnicodeError):
        return ""


def periods_of(record: Record) -> list[str]:
    """The moments that a record set's rows are of."""
    return _periods(record.payload)


def _dates(payload: str) -> list[str]:
    try:
        told = _read_paper(payload).Date
    except (msgspec.MsgspecError, UnicodeError):
        return []
    return [told] if told and MOMENT.match(told) else []


def _periods(payload: str) -> list[str]:
    try:
        rows = _read_recorded(payload).RecordSet
    except (msgspec.MsgspecError, UnicodeError):
        return []
    return [row.Period for row in rows or () if row.Period and MOMENT.match(row.Period)]


BY_DATE = Dating("Date ge datetime'{}'", "Date lt datetime'{}'", "{}", _dates)
BY_PERIOD = Dating("d/Period ge datetime'{}'", "d/Period lt datetime'{}'", "RecordSet/any(d: {})", _periods)
