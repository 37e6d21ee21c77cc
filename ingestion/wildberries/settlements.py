"""The settlement reports of one contact as documents: rows, what the list tells of each report, and what is told no more.

    `Reports.read`, the lake's reports and keys  ->  upserts of reports that are new or differ, deletions of rows and reports that vanished

The marketplace recalculates reports of the last weeks. Of a report that differs from the last time the landed rows that it does not hold
any more are deleted, if what is left makes its totals; else they stay, and it is looked at again the next night. Reports that are gone
altogether take their rows with them, once they were asked for twice; when nothing at all is told of weeks of which reports had come,
that is not believed. Rows that moved to another report of the same days stay.
"""

import logging
from collections.abc import Iterator
from datetime import date, timedelta
from functools import cached_property
from typing import Any

import dlt
import pyarrow as pa

from ingestion import documents, lake
from ingestion.vendor import Contact, Vendor
from ingestion.wildberries.api import MOSCOW, Api
from ingestion.wildberries.feeds import key_of, version
from ingestion.wildberries.reports import Reports, Stretch

log = logging.getLogger(__name__)
REREAD_DAYS = 28


class Settlements:
    """The reports of the contact's window, or those of the last weeks; always whole weeks, from Monday to Sunday.

    State: `reports`, a digest of the rows of each report, `listed`, one of what the list tells of it, `through`, the day of the reading.
    """

    def __init__(self, api: Api, contact: Contact, vendor: Vendor) -> None:
        self._api, self._contact, self._vendor = api, contact, vendor
        self._account, self._who = api.account.name, f"{api.account.vendor}/{api.account.name} settlements"

    def rows(self) -> Iterator[pa.Table]:
        """Reports that are new or differ, whole, and the deletions of their rows that vanished."""
        state = self._state()
        known: dict[str, str] = state.get("reports", {})
        stretch = self._stretch
        if stretch.is_empty:
            log.warning("%s: no report at all is told of these weeks, twice in a row, though some had been there (%s). Nothing is deleted; "
                        "the next run asks again.", self._who, ", ".join(sorted(stretch.gone)[:5]))
            return
        digests = {number: documents.digest(records)[:16] for number, records in stretch.rows.items()}
        changed = {number for number, digest in digests.items() if known.get(number) != digest}
        for number in stretch.rows:
            if number in changed:
                yield documents.table(stretch.rows[number], account=self._account, asked_at=stretch.asked_at)
        vanished = self._vanished(changed & (self._landed.keys() | known.keys()) | stretch.gone)
        for number, keys in vanished.items():
            if number in stretch.certain or number in stretch.gone:
                log.warning("%s: %d rows of report %s are told no more; they are deleted.", self._who, len(keys), number)
                yield documents.deletions(keys, account=self._account, asked_at=stretch.asked_at)
            else:
                log.warning("%s: %d rows of report %s are told no more, but what came does not make its totals; they are kept, and the "
                            "next run looks again.", self._who, len(keys), number)
                digests[number] = known.get(number, "")
        state["reports"], state["through"] = digests, self._today.isoformat()

    def reports(self) -> Iterator[pa.Table]:
        """What the list tells of reports that are new or differ, and the deletions of reports that are gone."""
        state, stretch = self._state(), self._stretch
        if stretch.is_empty:
            return
        known: dict[str, str] = state.get("listed", {})
        fresh = [record for number, record in stretch.listed.items() if known.get(number) != version(record)]
        if fresh:
            yield documents.table(fresh, account=self._account, asked_at=stretch.asked_at)
        if stretch.gone:
            yield documents.deletions(sorted(stretch.gone), account=self._account, asked_at=stretch.asked_at)
        state["listed"] = {number: version(record) for number, record in stretch.listed.items()}

    def _state(self) -> dict[str, Any]:
        """Kept with the load; windows of history have none."""
        return {} if self._contact.reads_history_only else dlt.current.source_state().setdefault("settlements", {})

    @property
    def _today(self) -> date:
        return self._contact.now.astimezone(MOSCOW).date()

    @cached_property
    def _days(self) -> tuple[date, date]:
        """The first and the last day that are read."""
        today, window = self._today, self._contact.window
        reread = timedelta(days=self._api.account.number("reread_days", REREAD_DAYS))
        through = date.fromisoformat(self._state().get("through", today.isoformat()))
        since, until = min(through, today) - reread, today
        if window is not None:
            since, last = (moment.astimezone(MOSCOW).date() for moment in (window.since, window.until))
            since, until = (since, last) if self._contact.reads_history_only else (min(since, today - reread), today)
        return since - timedelta(days=since.weekday()), min(today, until + timedelta(days=6 - until.weekday()))

    @cached_property
    def _stretch(self) -> Stretch:
        """Read once, for rows and reports."""
        return Reports(self._api, self._contact.now).read(*self._days, landed=self._landed.keys())

    @cached_property
    def _landed(self) -> dict[str, list[str | None]]:
        """The reports of these days that the lake holds, with their first and last day."""
        first, last = (day.isoformat() for day in self._days)
        told = lake.landed_values(self._vendor, self._account, "reports", "$.dateFrom", "$.dateTo")
        return {number: days for number, days in told.items() if all(days) and first <= days[0][:10] and days[1][:10] <= last}

    def _vanished(self, numbers: set[str]) -> dict[str, list[str]]:
        """The landed rows of these reports that no report of these days holds any more, by report. Without any the lake is not read."""
        if not numbers:
            return {}
        told = {key_of(record) for records in self._stretch.rows.values() for record in records}
        vanished: dict[str, list[str]] = {}
        for key, number in lake.landed_cursors(self._vendor, self._account, "settlements").items():
            if number in numbers and key not in told:
                vanished.setdefault(number, []).append(key)
        return vanished
