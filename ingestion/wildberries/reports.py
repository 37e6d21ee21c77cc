"""Settlement reports of a stretch of days, whole.

    sales-reports/list -> which reports, with their totals;  sales-reports/detailed, rrdId by rrdId to the 204  ->  `Reports.read`

Nothing in an answer tells whether it is the last, so the rows are held against the list: a report of which no row came is asked for
again, and so is one whose rows do not add up to its totals (A: the totals are those of the rows, amounts of returns taken off), and all of
them when a landed one is told no more. Rows that still are missing end the load; totals that still differ are told in the log, and the rows
kept: what comes later is landed then. D the list tells of reports from 1 January 2025 on, the rows go back to 29 January 2024: what is
older is read without a check, and the log says so.

What a report pays (Итого к оплате, bankPaymentSum) is compared with its rows; a difference of more than a rouble is told with both sums:

    forPay - deliveryService - paidStorage - paidAcceptance - deduction - penalty - additionalPayment
           - cashbackAmount - cashbackCommissionChange - paymentSchedule

C to the kopeck in a published report with 198 540 roubles of points withheld and 10 666.96 for taking part in the loyalty programme;
cashbackDiscount is in forPay already. A additionalPayment is a correction of the marketplace's own remuneration (D its wording, formerly
extra payments), so what it adds the seller loses; A paymentSchedule, a charge for paying at another time, likewise. Public clients
disagree on the first, and no published sum decides it; where the other sign would make the sums agree, the log says so.
"""

import logging
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
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
LIST_BEGINS = date(2025, 1, 1)
# A total of the list -> the column that it sums up.
TOTALS = {"forPaySum": "forPay", "deliveryServiceSum": "deliveryService", "paidStorageSum": "paidStorage", "penaltySum": "penalty",
          "deductionSum": "deduction"}
ASSUMED = ("additionalPayment", "paymentSchedule")
CHARGES = ("deliveryService", "paidStorage", "paidAcceptance", "deduction", "penalty", "cashbackAmount",
           "cashbackCommissionChange", *ASSUMED)
RETURN = "Возврат"
ROUNDED = Decimal(1)

_Row = msgspec.defstruct("_Row", [(name, Any, None) for name in ("docTypeName", "forPay", *CHARGES)], gc=False)


@dataclass(frozen=True)
class Stretch:
    """The reports of a stretch of days, and when they were asked for.

    rows: by the id of their report. listed: what the list tells of the reports that lie in the stretch whole. certain: those whose rows
    make their totals. gone: landed ones that are told no more, twice in a row. is_empty: nothing was told where something had been.
    """

    rows: dict[str, list[Record]]
    asked_at: datetime
    listed: dict[str, Record] = field(default_factory=dict)
    certain: frozenset[str] = frozenset()
    gone: frozenset[str] = frozenset()
    is_empty: bool = False


class Reports:
    """The settlement reports of an account. period: weekly or daily ones."""

    def __init__(self, api: Api, now: datetime) -> None:
        self._api, self._now = api, now
        self._period = api.account.setting("report_period", "weekly").lower()
        self._who = f"{api.account.vendor}/{api.account.name} settlements"

    def read(self, since: date, until: date, landed: Collection[str] = ()) -> Stretch:
        """All rows of the days from `since` to `until`. landed: reports of these days that were told before. Raises VendorError."""
        listed, gone = self._listed(since, until), set(landed)
        for attempt in range(REREADS):
            found, asked_at = self._rows(since, until)
            totals = {number: _told(record) for number, record in listed.items()}
            whole = {number for number, one in totals.items()
                     if since.isoformat() <= str(one.get("dateFrom"))[:10] and str(one.get("dateTo"))[:10] <= until.isoformat()}
            missing = sorted(whole - found.keys())
            sums = {number: made for number in whole & found.keys() if (made := _sums(found[number])) is not None}
            short = sorted(number for number, made in sums.items() if not _adds_up(made, len(found[number]), totals[number]))
            gone -= found.keys() | listed.keys()
            is_unheard_of = not found and since < LIST_BEGINS
            if not missing and (attempt or not (short or gone or is_unheard_of)):
                break
            if gone:
                listed = self._listed(since, until)
        if missing:
            raise self._api.fault(SETTLEMENTS, f"no row came of {len(missing)} of the {len(whole)} reports from {since} to {until} "
                                               f"(the first is {missing[0]}), {REREADS} times in a row")
        for number in short:
            log.warning("%s: the rows of report %s do not add up to its totals; they are kept as they came.", self._who, number)
        for number in sorted(sums):
            self._compare(number, sums[number], totals[number])
        self._tell_unchecked(since, until, sorted(found.keys() - listed.keys()), is_empty=is_unheard_of)
        return Stretch(found, asked_at, listed={number: listed[number] for number in sorted(whole)}, gone=frozenset(gone),
                       certain=frozenset(sums.keys() - set(short)), is_empty=bool(gone) and not found and not listed)

    def _compare(self, number: str, made: dict[str, Decimal], told: dict[str, Any]) -> None:
        """Say so when the rows of a report do not make what it pays."""
        try:
            paid = Decimal(str(told.get("bankPaymentSum") or ""))
        except InvalidOperation:
            return
        ours = payout(made)
        if abs(ours - paid) <= ROUNDED:
            return
        others = [name for name in ASSUMED if made[name] and abs(ours + 2 * made[name] - paid) <= ROUNDED]
        log.warning("%s: the rows of report %s make %s to be paid, and the report itself says %s (bankPaymentSum)%s. The rows are kept and "
                    "counted; stg_wildberries__reports shows both sums.", self._who, number, ours, paid,
                    "".join(f"; with {name} added instead of taken off they would be the same" for name in others))

    def _tell_unchecked(self, since: date, until: date, unlisted: list[str], *, is_empty: bool) -> None:
        """Say what no list of reports tells of."""
        if unlisted:
            log.warning("%s: %d reports of the days from %s to %s (the first is %s) are not in the list of reports, which begins on %s; "
                        "nothing says whether their rows are all there.", self._who, len(unlisted), since, until, unlisted[0], LIST_BEGINS)
        elif is_empty:
            log.warning("%s: no row came of the days from %s to %s, asked for twice; nothing says whether there were any before %s, when "
                        "the list of reports begins.", self._who, since, until, LIST_BEGINS)

    def _listed(self, since: date, until: date) -> dict[str, Record]:
        """What the list tells of each report of the days, as far as it reaches."""
        found: list[Record] = []
        since = max(since, LIST_BEGINS)
        while since <= until:
            body = {"dateFrom": since.isoformat(), "dateTo": until.isoformat(), "limit": LISTED, "period": self._period}
            # That there is nothing, or nothing more, is believed when it is told twice.
            page = self._list_page({**body, "offset": len(found)}) or self._list_page({**body, "offset": len(found)})
            found += page
            if len(page) < LISTED:
                break
        return {record.key: record for record in found if record.key}

    def _list_page(self, body: dict[str, Any]) -> list[Record]:
        answer = self._api.asked(REPORTS, body=body)
        try:
            return [] if answer.status == 204 else documents.split(answer.body, rows="", key=("reportId",), cursor="dateTo").records
        except PageError as error:
            raise self._api.fault(REPORTS, f"the list of reports cannot be read: {error}") from error

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


def payout(made: dict[str, Decimal]) -> Decimal:
    """What a report pays, of the sums of its columns; the formula and its sources stand above."""
    return made["forPay"] - sum((made[name] for name in CHARGES), Decimal(0))


def _numbers(records: Iterable[Record]) -> Iterable[int]:
    return (int(record.key) for record in records if record.key and record.key.isdigit())


def _sums(records: list[Record]) -> dict[str, Decimal] | None:
    """The columns of a report added up, returned goods taken off; None where one is no number, which is a matter of staging."""
    made = dict.fromkeys(("forPay", *CHARGES), Decimal(0))
    try:
        for record in records:
            row = msgspec.json.decode(record.payload, type=_Row)
            for column in made:
                amount = Decimal(str(getattr(row, column) or 0))
                made[column] += -abs(amount) if column == "forPay" and row.docTypeName == RETURN else amount
    except (msgspec.MsgspecError, InvalidOperation):
        return None
    return made


def _told(record: Record) -> dict[str, Any]:
    """What a report of the list says of itself; nothing where it cannot be read, which is a matter of staging."""
    try:
        return msgspec.json.decode(record.payload, type=dict[str, Any])
    except msgspec.MsgspecError:
        return {}


def _adds_up(made: dict[str, Decimal], rows: int, told: dict[str, Any]) -> bool:
    """Whether the rows make the totals of their report; a total that is no number says nothing."""
    try:
        return all(abs(made[column] - Decimal(str(told[total]))) <= Decimal("0.01") * max(1, rows)
                   for total, column in TOTALS.items() if told.get(total) not in (None, ""))
    except InvalidOperation:
        return True
