"""RetailCRM's histories: what changed, what is gone, what was combined, since an id.

/orders/history, /customers/history, /customers-corporate/history -> `Changes` -> records read again by id, tombstones, merges.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

import msgspec

from ingestion.documents import Record
from ingestion.retailcrm.conversation import LIMIT, Conversation

# A first look for the newest history id; a quieter account is looked at further back.
LOOKS_BACK = tuple(timedelta(hours=hours) for hours in (1, 24, 7 * 24, 90 * 24, 3650 * 24))


class Named(msgspec.Struct):
    """A record named by a history row."""

    id: int | str | None = None


class HistoryRow(msgspec.Struct):
    """What of a history row matters here."""

    customer: Named | None = None
    customerCorporate: Named | None = None  # noqa: N815 (the vendor's spelling)
    order: Named | None = None
    combinedTo: Named | None = None  # noqa: N815
    deleted: bool | None = None
    created: bool | None = None


@dataclass
class Changes:
    """What a history named since the last contact. gone: id -> the row that says so; merged: rows with a survivor."""

    last_id: int
    named: dict[str, None] = field(default_factory=dict)
    gone: dict[str, str] = field(default_factory=dict)
    merged: list[Record] = field(default_factory=list)
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
            if row.deleted:
                found.gone[key] = record.payload
            elif row.created:
                found.gone.pop(key, None)
    return found


def history_row(record: Record) -> HistoryRow:
    """A history row, read leniently: one of another shape names nobody."""
    try:
        return msgspec.json.decode(record.payload, type=HistoryRow, strict=False)
    except msgspec.MsgspecError:
        return HistoryRow()
