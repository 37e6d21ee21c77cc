"""What is read from Telphin at each kind of contact, and how it becomes documents.

    Contact (first, older window, changes)  ->  calls by time, extensions whole  ->  Arrow tables

State, committed with the load: `through`, the moment up to which calls were asked for; `edge`, the versions of the calls landed from the
overlap before it, so that the overlap lands nothing twice; `extensions`, the digest of the list landed last.
"""

import hashlib
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import dlt
import pyarrow as pa

from ingestion import clock, documents, whole_lists
from ingestion.accounts import Account
from ingestion.documents import Record
from ingestion.http import VendorError
from ingestion.telphin.api import Api, from_utc, utc_text
from ingestion.vendor import Contact, Window

# A call is written down when it ends and asked for by when it began: the longest call, and a slow night of the exchange.
OVERLAP = timedelta(hours=12)
# Statistics of a long stretch take the exchange long, and deep pages longer.
SLICE = timedelta(days=31)
BEFORE_EVERYTHING = datetime(2010, 1, 1, tzinfo=UTC)


def telphin(account: Account, contact: Contact) -> Any:
    """The dlt source for one contact: a resource for each that the vendor declares."""

    @dlt.source(name="telphin")
    def telphin_source() -> Any:
        api = Api(account)
        return [
            dlt.resource(_calls, name="calls", write_disposition="append")(api, account, contact),
            dlt.resource(_extensions, name="extensions", write_disposition="append")(api, account, contact),
        ]

    return telphin_source()


def first_call_at(account: Account) -> datetime | None:
    """The time of the first call that the exchange remembers."""
    try:
        for listed in Api(account).calls(since=BEFORE_EVERYTHING, until=clock.now(), per_page=1):
            return from_utc(listed.records[0].cursor or "")
    except (VendorError, ValueError) as error:
        raise VendorError(f"{error} When the first call was is not known; if the exchange will not look back so far, set "
                          f"{account.variable('start_date')} to the day where the history should begin.") from error
    return None


def _calls(api: Api, account: Account, contact: Contact) -> Iterator[pa.Table]:
    """Calls of the window, or those that came to light since the last time."""
    state = dlt.current.source_state()
    edge: dict[str, str] = {} if contact.is_backfill else state.get("edge", {})
    edge_begins = utc_text(contact.now - OVERLAP)
    new_edge: dict[str, str] = {}
    for part in _slices(_asked(contact, state.get("through"))):
        for listed in api.calls(since=part.since, until=part.until):
            versions = [(record.key or documents.payload_key(record.payload), _version(record)) for record in listed.records]
            fresh = [record for record, (key, version) in zip(listed.records, versions, strict=True) if edge.get(key) != version]
            new_edge.update(pair for record, pair in zip(listed.records, versions, strict=True)
                            if (record.cursor or edge_begins) >= edge_begins)
            if fresh:
                yield documents.table(fresh, account=account.name, asked_at=listed.asked_at)
    if not contact.reads_history_only:
        state["through"] = contact.now.isoformat()
        state["edge"] = new_edge


def _asked(contact: Contact, through: str | None) -> Window:
    if contact.window is not None:
        return contact.window
    return Window((datetime.fromisoformat(through) if through else contact.now) - OVERLAP, contact.now)


def _slices(window: Window) -> Iterator[Window]:
    since = window.since
    while since < window.until:
        until = min(window.until, since + SLICE)
        yield Window(since, until)
        since = until


def _version(record: Record) -> str:
    return hashlib.sha256(record.payload.encode("utf-8", "backslashreplace")).hexdigest()[:12]


def _extensions(api: Api, account: Account, contact: Contact) -> Iterator[pa.Table]:
    """The list of extensions, landed when it differs from what was landed last."""
    if contact.reads_history_only:
        return
    asked_at, records = contact.now, []
    for listed in api.extensions():
        asked_at = listed.asked_at if not records else asked_at
        records += listed.records
    yield from whole_lists.when_changed("extensions", records, account=account, asked_at=asked_at, state=dlt.current.source_state())
