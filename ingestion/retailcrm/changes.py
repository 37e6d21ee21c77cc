"""RetailCRM's histories: what changed, what is gone, what was combined, which statuses were entered, since an id or in a stretch of time.

/orders/history, /customers/history, /customers-corporate/history -> `Changes` -> records read again by id, tombstones, merges, statuses.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import msgspec

from ingestion.documents import Record
from ingestion.retailcrm.conversation import LIMIT, Conversation, Part

# A first look for the newest history id; a quieter account is looked at further back.
LOOKS_BACK = tuple(timedelta(hours=hours) for hours in (1, 24, 7 * 24, 90 * 24, 3650 * 24))


class Named(msgspec.Struct):
    """A record named by a history row."""

    id: int | str | None = None
    site: str | None = None


class HistoryRow(msgspec.Struct):
    """What of a history row matters here."""

    customer: Named | None = None
    customerCorporate: Named | None = None  # noqa: N815 (the vendor's spelling)
    order: Named | None = None
    combinedTo: Named | None = None  # noqa: N815
    deleted: bool | None = None
    created: bool | None = None
    field: str | None = None


@dataclass
class Changes:
    """What a history named since the last contact. gone: id -> the row that says so; merged: rows with a survivor; statuses: rows that
    tell a status entered."""

    last_id: int
    named: dict[str, None] = field(default_factory=dict)
    gone: dict[str, str] = field(default_factory=dict)
    merged: list[Record] = field(default_factory=list)
    statuses: list[Record] = field(default_factory=list)
    asked_at: datetime | None = None


@dataclass(frozen=True)
class Listing:
    """A list with its own history."""

    resource: str
    path: str
    rows: str
    since: str
    until: str


CUSTOMERS = Listing("customers", "/customers", "customers", "dateFrom", "dateTo")
CORPORATE = Listing("customers_corporate", "/customers-corporate", "customersCorporate", "dateFrom", "dateTo")
ORDERS = Listing("orders", "/orders", "orders", "createdAtFrom", "createdAtTo")


def newest_history_id(api: Conversation, listing: Listing, *, now: datetime) -> int:
    """The newest id of a history; 0 when nothing ever happened."""
    path = f"{listing.path}/history"
    for back in LOOKS_BACK:
        params = {"filter[startDate]": api.local(now - back), "limit": LIMIT}
        part = api.part(path, resource=listing.resource, rows="history", params=params)
        pages = (part.envelope.get("pagination") or {}).get("totalPageCount") or 0
        if pages > 1:
            last = api.part(path, resource=listing.resource, rows="history", params={**params, "page": pages})
            part = last if last.records else part
        if part.records:
            return max(int(record.key) for record in part.records)
    return 0


def read_changes(api: Conversation, listing: Listing, *, since: int) -> Changes:
    """What a history says after an id; the last word on a record counts."""
    found = Changes(since)
    for part in api.history(f"{listing.path}/history", resource=listing.resource, since=since):
        found.asked_at = part.asked_at
        for record in part.records:
            found.last_id = max(found.last_id, int(record.key))
            row = history_row(record)
            subject = row.order or row.customerCorporate or row.customer
            if subject is None or subject.id is None:
                continue
            key = str(subject.id)
            found.named[key] = None
            if row.combinedTo is not None:
                found.merged.append(record)
                if row.combinedTo.id is not None:
                    found.named[str(row.combinedTo.id)] = None
            if tells_status(row):
                found.statuses.append(record)
            if row.deleted:
                found.gone[key] = record.payload
            elif row.created:
                found.gone.pop(key, None)
    return found


def told_between(api: Conversation, listing: Listing, *, since: datetime, until: datetime | None, resource: str) -> Iterator[Part]:
    """What a history says from one moment up to another, without an end when there is none. The first row is found by date and the rest
    by moving the id, which the vendor answers far quicker than further pages."""
    path = f"{listing.path}/history"
    first = api.part(path, resource=resource, rows="history", params={"filter[startDate]": api.local(since), "limit": LIMIT})
    ids = [int(record.key) for record in first.records if record.key and record.key.isdigit()]
    if not ids:
        return
    end = api.local(until) if until is not None else None
    for part in api.history(path, resource=resource, since=min(ids) - 1):
        rows = [record for record in part.records if end is None or record.cursor is None or record.cursor < end]
        yield Part(rows, part.asked_at, part.envelope)
        if len(rows) < len(part.records):
            return


def tells_status(row: HistoryRow) -> bool:
    """Whether the row says that an order entered a status; a new order's first row does so too."""
    return row.field == "status" and row.order is not None


def history_row(record: Record) -> HistoryRow:
    """A history row, read leniently: one of another shape names nobody."""
    try:
        return msgspec.json.decode(record.payload, type=HistoryRow, strict=False)
    except msgspec.MsgspecError:
        return HistoryRow()
