"""What one contact with Mindbox reads.

state (where each resource was read to) ──► windows ──► exports and merge pages ──► Arrow tables of documents

Changes are asked for by a window from the last one's end, minus an hour that is read again: what the vendor shows late is not lost. Windows
go by creation (statuses, actions) or last change (customers, mailings, merges), so an event that reaches Mindbox days after it happened
comes with its old dateTimeUtc in a new window. What the last contact has landed already is known by its fingerprint and not landed twice.
The oldest window of history has no beginning for customers, mailings and merges: who has not changed for years is a customer still.
"""

import base64
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import dlt
import pyarrow as pa

from ingestion import documents
from ingestion.accounts import Account
from ingestion.http import VendorError
from ingestion.mindbox.exports import Exports, Operations, Wanted, spelled
from ingestion.vendor import Contact

FIRST_CHANGES = timedelta(days=30)
# Neither API nor export tells where a project's history begins, so without a start_date this much of it is read.
HISTORY = timedelta(days=3 * 365)
REREAD_MINUTES = 60.0
# The vendor: "the right bound must be at least five minutes earlier than the present", by its clock, which may be minutes behind ours.
MERGES_DELAY = timedelta(minutes=20)
MERGES_PER_PAGE = 1000
MERGES_SINCE_EVER = datetime(2000, 1, 1, tzinfo=UTC)
MERGES_OPERATION = "Omnimart.GetCustomerMerges"
ROWS_PER_TABLE = 50_000
# Fingerprints travel in the pipeline's state, so a big contact keeps those of its newest stretch only.
FINGERPRINTS_KEPT = 5000
FINGERPRINT_BYTES = 8


@dataclass(frozen=True)
class Listing:
    """How an export's file is taken apart. reaches_back: the oldest window asks without a beginning."""

    operation: str
    rows: str
    key: tuple[str, ...]
    cursor: str
    reaches_back: bool


EXPORTS: dict[str, Listing] = {
    "customers": Listing("Omnimart.ExportCustomers", "customers", ("ids.mindboxId",), "changeDateTimeUtc", True),
    "mailings": Listing("Omnimart.ExportMailings", "mailings", ("ids.id",), "lastChangedDateTimeUtc", True),
    "mailing_statuses": Listing("Omnimart.ExportMailingStatuses", "customerMessageStatuses", ("ids.id",), "dateTimeUtc", False),
    "customer_actions": Listing("Omnimart.ExportCustomerActions", "customerActions", ("ids.mindboxId",), "creationDateTimeUtc", False),
}
MERGES = Listing(MERGES_OPERATION, "customerMerges", ("resultingCustomer.ids.mindboxId", "resultingCustomer.changeDateTimeUtc"),
                 "resultingCustomer.changeDateTimeUtc", True)


def history_begins(account: Account, now: datetime) -> datetime:
    """The setting start_date (ISO date or time, UTC), else three years before now. Raises SettingError."""
    return account.moment("start_date") or now - HISTORY


@dlt.source(name="mindbox", max_table_nesting=0)
def mindbox(account: Account, contact: Contact) -> Any:
    """One resource per declared one; a failure of any is a failure of all."""
    operations = Operations(account)
    exports = Exports(account, operations)

    def export(name: str) -> Iterator[pa.Table]:
        state = dlt.current.source_state()
        try:
            exports.start([_wanted(account, contact, each, state) for each in EXPORTS])
            listing = EXPORTS[name]
            pages = exports.pages(name, rows=listing.rows, key=listing.key, cursor=listing.cursor)
            yield from _landed(pages, name, account, contact, state)
        except BaseException:
            exports.stop()
            raise

    def merges() -> Iterator[pa.Table]:
        state = dlt.current.source_state()
        yield from _landed(_merge_pages(operations, account, contact, state), "customer_merges", account, contact, state)

    return [
        *(dlt.resource(export(name), name=name, write_disposition="append") for name in EXPORTS),
        dlt.resource(merges(), name="customer_merges", write_disposition="append"),
    ]


def window_of(name: str, account: Account, contact: Contact, state: dict[str, Any]) -> tuple[datetime | None, datetime]:
    """[since, till) to ask a resource for, in whole minutes; since None: from the beginning."""
    listing, latest = EXPORTS.get(name, MERGES), _latest(name, contact)
    if contact.window is not None:
        since, till = _minute(contact.window.since), min(_minute(contact.window.until), latest)
        is_oldest = contact.window.since <= history_begins(account, contact.now)
        return (None if listing.reaches_back and is_oldest else min(since, till)), till
    read_to = state.get("read_to", {}).get(name)
    since = datetime.fromisoformat(read_to) - _reread(account) if read_to else latest - FIRST_CHANGES
    return _minute(min(since, latest)), latest


def _wanted(account: Account, contact: Contact, name: str, state: dict[str, Any]) -> Wanted:
    operation = account.setting(f"export_{name}_operation", EXPORTS[name].operation)
    return Wanted(name, operation, *window_of(name, account, contact, state))


def _merge_pages(operations: Operations, account: Account, contact: Contact,
                 state: dict[str, Any]) -> Iterator[tuple[datetime, list[documents.Record]]]:
    since, till = window_of("customer_merges", account, contact, state)
    operation = account.setting("customer_merges_operation", MERGES_OPERATION)
    size, number, before = int(account.number("merges_per_page", MERGES_PER_PAGE)), 0, None
    who = operations.who("customer_merges")
    bounds = {"sinceDateTimeUtc": spelled(since or MERGES_SINCE_EVER), "tillDateTimeUtc": spelled(till)}
    while True:
        number += 1
        asked = {"pageNumber": number, "itemsPerPage": size, **bounds}
        for _ in range(2):
            # A page tells no total, so an empty one is believed when it comes twice.
            answer = operations.call(operation, {"customerMergesPage": asked}, resource="customer_merges")
            try:
                records = documents.split(answer.body, rows=MERGES.rows, key=MERGES.key, cursor=MERGES.cursor).records
            except documents.PageError as error:
                raise VendorError(f"{who}: page {number} of {operation} is not a page of merges: {error}. "
                                  "Nothing of this load was kept; check that the operation exports customer merges.") from error
            if records:
                break
        if records and (digest := documents.digest(records)) == before:
            raise VendorError(f"{who}: pages {number - 1} and {number} of {operation} are the same, so the list has no end. "
                              "Nothing of this load was kept; the next run asks again.")
        before = digest if records else None
        yield answer.asked_at, records
        if len(records) < size:
            return


def _landed(pages: Iterator[tuple[datetime, list[documents.Record]]], name: str, account: Account, contact: Contact,
            state: dict[str, Any]) -> Iterator[pa.Table]:
    """Tables of what is new; afterwards the state says how far the resource was read. Older windows leave the state alone."""
    known = _fingerprints(state.get("fingerprints", {}).get(name, ""))
    seen: list[tuple[str, bytes]] = []
    for asked_at, records in pages:
        for start in range(0, len(records), ROWS_PER_TABLE):
            new = records[start:start + ROWS_PER_TABLE]
            if not contact.reads_history_only:
                marked = [(record, _fingerprint(record)) for record in new]
                seen += [(record.cursor or "", print_) for record, print_ in marked]
                new = [record for record, print_ in marked if print_ not in known]
            if new:
                yield documents.table(new, account=account.name, asked_at=asked_at)
    if not contact.reads_history_only:
        till = _latest(name, contact)
        state.setdefault("read_to", {})[name] = till.isoformat()
        state.setdefault("fingerprints", {})[name] = _kept(seen, till - _reread(account))


def _latest(name: str, contact: Contact) -> datetime:
    """Up to where a resource may be asked for at this contact."""
    return _minute(contact.now - MERGES_DELAY if name == "customer_merges" else contact.now)


def _reread(account: Account) -> timedelta:
    return timedelta(minutes=account.number("reread_minutes", REREAD_MINUTES))


def _minute(moment: datetime) -> datetime:
    """Bounds are spelled to the minute; cut the same way at both ends, windows meet without a gap."""
    return moment.astimezone(UTC).replace(second=0, microsecond=0)


def _fingerprint(record: documents.Record) -> bytes:
    text = f"{record.key}\x1f{record.payload}".encode("utf-8", "backslashreplace")
    return hashlib.blake2b(text, digest_size=FINGERPRINT_BYTES).digest()


def _kept(seen: list[tuple[str, bytes]], since: datetime) -> str:
    """All fingerprints of a small contact; of a big one those that the next one probably reads again.

    A status tells when it happened and not when it was created, so besides the records of the newest day the end of the list is kept. What
    is not recognised is landed twice, which staging takes without harm.
    """
    edge = since.strftime("%Y-%m-%d")
    newest = [each for each in seen if each[0][:10] >= edge]
    chosen = seen if len(seen) <= FINGERPRINTS_KEPT else newest[-FINGERPRINTS_KEPT:] + seen[-FINGERPRINTS_KEPT:]
    return base64.b64encode(b"".join(sorted({print_ for _, print_ in chosen}))).decode()


def _fingerprints(text: str) -> set[bytes]:
    joined = base64.b64decode(text)
    return {joined[start:start + FINGERPRINT_BYTES] for start in range(0, len(joined), FINGERPRINT_BYTES)}
