"""What is read from Calltouch at each kind of contact, and how it becomes documents.

    Contact (first, older window, changes)  ->  days of calls and of leads  ->  Arrow tables

State, committed with the load: for calls and leads `through`, the moment up to which they were asked for, and `days`, the versions of what
was landed of the last days, so that reading these again lands only what is new or differs, and tells which calls are gone; `settings`.
"""

import hashlib
import logging
from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from typing import Any

import dlt
import pyarrow as pa

from ingestion import documents, whole_lists
from ingestion.accounts import Account
from ingestion.calltouch.api import Api, Listed
from ingestion.documents import Record
from ingestion.vendor import Contact

log = logging.getLogger(__name__)
REREAD_DAYS = 3
SLICE_DAYS = 31
# Single records are deleted by hand; a day that loses more than these at once was not told whole.
MOST_DELETED = 10


def calltouch(account: Account, contact: Contact) -> Any:
    """The dlt source for one contact: a resource for each that the vendor declares."""

    @dlt.source(name="calltouch", max_table_nesting=0)
    def calltouch_source() -> Any:
        api = Api(account)
        read = {
            "settings": _settings(account, contact),
            "calls": _Diary("calls", api.calls, account, contact).tables(),
            "leads": _Diary("leads", api.leads, account, contact).tables(),
        }
        return [dlt.resource(tables, name=name, write_disposition="append") for name, tables in read.items()]

    return calltouch_source()


class _Diary:
    """One contact's reading of calls or of leads."""

    def __init__(self, name: str, ask: Callable[[date, date], Listed], account: Account, contact: Contact) -> None:
        self._name, self._ask, self._account, self._contact = name, ask, account, contact
        self._reread = max(1, int(account.number("reread_days", REREAD_DAYS)))

    def tables(self) -> Iterator[pa.Table]:
        """The records of the window, or those that are new, changed or gone since the last time."""
        state: dict[str, Any] = {} if self._contact.reads_history_only else dlt.current.source_state().setdefault(self._name, {})
        since, until = self._asked(state.get("through"))
        watched = until + timedelta(days=1) if self._contact.reads_history_only else self._day(self._contact.now) - self._before
        known: dict[str, dict[str, str]] = state.get("days", {})
        days: dict[str, dict[str, str]] = {}
        gone: list[str] = []
        seen: set[str] = set()
        asked_at = self._contact.now
        for first, last in _parts(since, until, watched):
            listed = self._ask(first, last)
            versions = {_key(record): _version(record) for record in listed.records}
            before = {key: version for day, kept in known.items() if first.isoformat() <= day <= last.isoformat()
                      for key, version in kept.items()}
            lost = self._gone(first, before, versions, is_sure=listed.is_counted and bool(versions))
            if first >= watched:
                days[first.isoformat()] = versions | {key: before[key] for key in before if key not in versions and key not in lost}
            gone += lost
            seen.update(versions)
            asked_at = listed.asked_at
            fresh = [record for record in listed.records if before.get(_key(record)) != versions[_key(record)]]
            if fresh:
                yield documents.table(fresh, account=self._account.name, asked_at=asked_at)
        # A record that moved to another day is not gone.
        if gone := [key for key in gone if key not in seen]:
            yield documents.deletions(gone, account=self._account.name, asked_at=asked_at)
        if not self._contact.reads_history_only:
            state["through"], state["days"] = self._contact.now.isoformat(), days

    def _gone(self, day: date, before: dict[str, str], versions: dict[str, str], *, is_sure: bool) -> list[str]:
        """The keys that were deleted. A day that loses many at once, or all of them, was not told whole: that is not believed. Nor is
        anything missing from a list without a total, whose answers may always be partial."""
        gone = [key for key in before if key not in versions]
        if not gone or (is_sure and len(gone) <= MOST_DELETED):
            return gone
        log.warning("%s/%s %s: %d of the %d that %s had are not told any more. They are kept.",
                    self._account.vendor, self._account.name, self._name, len(gone), len(before), f"{day:%d.%m.%Y}")
        return []

    def _asked(self, through: str | None) -> tuple[date, date]:
        """The first and the last day. A window's are the days that it touches."""
        window = self._contact.window
        if window is None:
            return self._day(datetime.fromisoformat(through) if through else self._contact.now) - self._before, self._day(self._contact.now)
        return self._day(window.since), self._day(window.until - timedelta(microseconds=1))

    @property
    def _before(self) -> timedelta:
        return timedelta(days=self._reread)

    def _day(self, moment: datetime) -> date:
        return moment.astimezone(self._account.zone()).date()


def _parts(since: date, until: date, watched: date) -> Iterator[tuple[date, date]]:
    """Slices of what will not be read again, then, from `watched` on, single days."""
    while since < watched and since <= until:
        last = min(until, watched - timedelta(days=1), since + timedelta(days=SLICE_DAYS - 1))
        yield since, last
        since = last + timedelta(days=1)
    while since <= until:
        yield since, since
        since += timedelta(days=1)


def _key(record: Record) -> str:
    return record.key or documents.payload_key(record.payload)


def _version(record: Record) -> str:
    return hashlib.sha256(record.payload.encode("utf-8", "backslashreplace")).hexdigest()[:12]


def _settings(account: Account, contact: Contact) -> Iterator[pa.Table]:
    """The account's zone; without the setting staging takes the business time zone."""
    yield from whole_lists.own_settings(
        whole_lists.zone_told(account), account=account, contact=contact, state=dlt.current.source_state()
    )
