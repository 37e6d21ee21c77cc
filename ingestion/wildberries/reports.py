"""Settlement reports of a stretch of days, whole.

    sales-reports/list -> which reports, with their totals;  sales-reports/detailed, rrdId by rrdId to the 204  ->  `Reports.read`

Nothing in an answer tells whether it is the last, so the rows are held against the list: a report of which no row came is asked for
again, and so is one whose rows do not add up to its totals (A: the totals are those of the rows, amounts of returns taken off). Rows that
still are missing end the load; totals that still differ are told in the log, and the rows kept: what comes later is landed then.
"""

import logging
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

import msgspec

from ingestion import documents
from ingestion.documents import PageError, Record
from ingestion.wildberries.api import REPORTS, SETTLEMENTS, Api

log = logging.getLogger(__name__)
ROWS, LISTED = 100_000, 1000
REREADS = 3
# A total of the list -> the column that it sums up.
TOTALS = {"forPaySum": "forPay", "deliveryServiceSum": "deliveryService", "paidStorageSum": "paidStorage", "penaltySum": "penalty",
          "deductionSum": "deduction"}
RETURN = "Возврат"


class _Row(msgspec.Struct, gc=False):
    """What of a row is added up."""

    reportId: Any = None  # noqa: N815 - the vendor's names
    docTypeName: Any = None  # noqa: N815
    forPay: Any = None  # noqa: N815
    deliveryService: Any = None  # noqa: N815
    paidStorage: Any = None  # noqa: N815
    penalty: Any = None
    deduction: Any = None


@dataclass(frozen=True)
class Stretch:
    """The rows of a stretch of days by the id of their report, and when they were asked for."""

    reports: dict[str, list[Record]]
    asked_at: datetime


class Reports:
    """The settlement reports of an account. period: weekly or daily ones."""

    def __init__(self, api: Api, now: datetime) -> None:
        self._api, self._now = api, now
        self._period = api.account.setting("report_period", "weekly")

    def first_day(self, since: date, until: date) -> date | None:
        """The first day of the earliest report; None when there is none. Raises VendorError."""
        days = [str(one.get("dateFrom", ""))[:10] for one in self._listed(since, until)]
        return min((date.fromisoformat(day) for day in days if day), default=None)

    def read(self, since: date, until: date) -> Stretch:
        """All rows of the days from `since` to `until`. Raises VendorError."""
        totals = {str(one.get("reportId")): one for one in self._listed(since, until)}
        whole = {number for number, one in totals.items()
                 if since.isoformat() <= str(one.get("dateFrom"))[:10] and str(one.get("dateTo"))[:10] <= until.isoformat()}
        for attempt in range(REREADS):
            found, asked_at = self._rows(since, until)
            missing = sorted(whole - found.keys())
            short = sorted(number for number in whole & found.keys() if not _adds_up(found[number], totals[number]))
            if not missing and (attempt or not short):
                break
        if missing:
            raise self._api.fault(SETTLEMENTS, f"no row came of {len(missing)} of the {len(whole)} reports from {since} to {until} "
                                               f"(the first is {missing[0]}), {REREADS} times in a row")
        for number in short:
            log.warning("%s/%s settlements: the rows of report %s do not add up to its totals; they are kept as they came.",
                        self._api.account.vendor, self._api.account.name, number)
        return Stretch(found, asked_at)

    def _listed(self, since: date, until: date) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        while True:
            body = {"dateFrom": since.isoformat(), "dateTo": until.isoformat(), "limit": LISTED, "period": self._period}
            answer = self._api.asked(REPORTS, body={**body, "offset": len(found)})
            if answer.status == 204:
                return found
            try:
                page = msgspec.json.decode(answer.body, type=list[dict[str, Any]])
            except msgspec.MsgspecError as error:
                raise self._api.fault(REPORTS, f"the list of reports cannot be read: {error}") from error
            found += page
            if len(page) < LISTED:
                return found

    def _rows(self, since: date, until: date) -> tuple[dict[str, list[Record]], datetime]:
        """Every row of the days, by report; a row that cannot be placed stands under ""."""
        reports: dict[str, list[Record]] = {}
        first_asked, cursor = self._now, 0
        while True:
            body = {"dateFrom": since.isoformat(), "dateTo": until.isoformat(), "limit": ROWS, "rrdId": cursor, "period": self._period}
            records, asked_at = self._page(body, cursor)
            first_asked = first_asked if reports else asked_at
            if not records:
                return reports, first_asked
            for record in records:
                reports.setdefault(record.cursor or "", []).append(record)
            cursor = max(_numbers(records), default=cursor)

    def _page(self, body: dict[str, Any], cursor: int) -> tuple[list[Record], datetime]:
        """The rows after `cursor`, none at the end; asked for again when earlier ones came."""
        fault = ""
        for _ in range(REREADS):
            answer = self._api.asked(SETTLEMENTS, body=body)
            if answer.status == 204:
                return [], answer.asked_at
            try:
                records = documents.split(answer.body, rows="", key=("rrdId",), cursor="reportId").records
            except PageError as error:
                fault = str(error)
                continue
            numbers = list(_numbers(records))
            if not records or (numbers and min(numbers) > cursor):
                return records, answer.asked_at
            fault = f"rows after {cursor} were asked for, and rows from {min(numbers)} on came" if numbers else "no row has a number"
        raise self._api.fault(SETTLEMENTS, f"{fault}, {REREADS} times in a row")


def _numbers(records: Iterable[Record]) -> Iterable[int]:
    return (int(record.key) for record in records if record.key and record.key.isdigit())


def _adds_up(records: list[Record], told: dict[str, Any]) -> bool:
    """Whether rows make the totals of their report; what is no number is a matter of staging, not of completeness."""
    try:
        rows = [msgspec.json.decode(record.payload, type=_Row) for record in records]
        for total, column in TOTALS.items():
            if told.get(total) in (None, ""):
                continue
            made = Decimal(0)
            for row in rows:
                amount = Decimal(str(getattr(row, column) or 0))
                made += -abs(amount) if column == "forPay" and row.docTypeName == RETURN else amount
            if abs(made - Decimal(str(told[total]))) > Decimal("0.01") * max(1, len(rows)):
                return False
    except (msgspec.MsgspecError, InvalidOperation):
        return True
    return True

