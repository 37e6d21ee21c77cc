"""What is read from Wildberries at each kind of contact, and how it becomes documents.

    Contact (first, older window, changes)  ->  orders and sales by change, reports by days, today's stock  ->  Arrow tables

State, committed with the load: of orders and sales `through`, the moment up to which changes were asked for, `newest`, the last change that
was told, and `edge`, the versions of what was landed since the earlier of the two less some hours, so that asking from there lands nothing
twice; since the newest row comes again, an empty answer is no quiet night; that of settlements stands in `settlements.py`; `digests` of the
stock.
"""

import logging
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import dlt
import pyarrow as pa

from ingestion import documents, whole_lists
from ingestion.accounts import Account
from ingestion.documents import PageError, Record
from ingestion.vendor import Contact
from ingestion.wildberries import VENDOR
from ingestion.wildberries.api import MOSCOW, ORDERS, SALES, STOCK, Api, Listed, Method, from_moscow
from ingestion.wildberries.feeds import KEPT, REREADS, Feed, key_of, version
from ingestion.wildberries.settlements import Settlements

log = logging.getLogger(__name__)
# Rows are stamped when they change and told with the next batch, half an hour later or more.
OVERLAP = timedelta(hours=3)
# Documented of the rows; the list of reports begins later (reports.py).
FIRST_REPORTS = date(2024, 1, 29)
STOCK_ROWS = 250_000


def wildberries(account: Account, contact: Contact) -> Any:
    """The dlt source for one contact: a resource for each that the vendor declares."""

    @dlt.source(name="wildberries")
    def wildberries_source() -> Any:
        api = Api(account)
        settlements = Settlements(api, contact, VENDOR)
        return [
            dlt.resource(_feed, name="orders", write_disposition="append")(api, contact, ORDERS, "srid"),
            dlt.resource(_feed, name="sales", write_disposition="append")(api, contact, SALES, "saleID"),
            dlt.resource(settlements.rows(), name="settlements", write_disposition="append"),
            dlt.resource(settlements.reports(), name="reports", write_disposition="append"),
            dlt.resource(_stock, name="stock", write_disposition="append")(api, contact),
        ]

    return wildberries_source()


def history_begins(account: Account) -> datetime:
    """The setting start_date, else the first day of which settlements are told; the orders that are kept are always within."""
    return account.moment("start_date", zone=MOSCOW) or datetime.combine(FIRST_REPORTS, time(), MOSCOW).astimezone(UTC)


def _feed(api: Api, contact: Contact, method: Method, key: str) -> Iterator[pa.Table]:
    """Orders or sales of the window, or those that changed since the last time."""
    feed = Feed(api, method, key, contact.now)
    if contact.reads_history_only:
        since = max(contact.window.since, contact.now - KEPT)
        if since > contact.window.since:
            log.warning("%s/%s %s: the vendor keeps them for 90 days, so nothing is told of what was ordered before %s; settlement reports "
                        "go back further.", api.account.vendor, api.account.name, method.resource, f"{since.astimezone(MOSCOW):%Y-%m-%d}")
        if since < contact.window.until:
            for listed in feed.changed(since, contact.window.until):
                yield documents.table(listed.records, account=api.account.name, asked_at=listed.asked_at)
        return
    state = dlt.current.source_state().setdefault(method.resource, {})
    edge: dict[str, str] = state.get("edge", {})
    newest = datetime.fromisoformat(state["newest"]) if state.get("newest") else None
    new_edge: dict[str, tuple[datetime, str]] = {}
    promised = newest is not None and newest > contact.now - KEPT and contact.window is None
    for listed in feed.changed(_since(contact, method, api, state.get("through"), newest), promised=promised):
        fresh = [record for record in listed.records if edge.get(key_of(record)) != version(record)]
        told = {key_of(record): (from_moscow(record.cursor) or contact.now, version(record)) for record in listed.records}
        newest = max([moment for record in listed.records if (moment := from_moscow(record.cursor))] + ([newest] if newest else []),
                     default=None)
        edge_begins = min(contact.now - OVERLAP, newest or contact.now)
        new_edge = {key: row for key, row in {**new_edge, **told}.items() if row[0] >= edge_begins}
        if fresh:
            yield documents.table(fresh, account=api.account.name, asked_at=listed.asked_at)
    if feed.is_sure:
        state["through"], state["newest"] = contact.now.isoformat(), newest.isoformat() if newest else ""
        state["edge"] = {key: said for key, (_, said) in new_edge.items()}


def _since(contact: Contact, method: Method, api: Api, through: str | None, newest: datetime | None) -> datetime:
    """Where to ask from: some hours before the last reading, and before the newest row, which then comes again."""
    if contact.window is not None or through is None:
        return contact.window.since if contact.window else contact.now - KEPT
    last = datetime.fromisoformat(through)
    if last < contact.now - KEPT:
        log.warning("%s/%s %s: the last reading was more than 90 days ago; what was ordered in between, before %s, is not kept.",
                    api.account.vendor, api.account.name, method.resource, f"{(contact.now - KEPT).astimezone(MOSCOW):%Y-%m-%d}")
    return min(last - OVERLAP, newest - timedelta(seconds=1)) if newest else last - OVERLAP


def _stock(api: Api, contact: Contact) -> Iterator[pa.Table]:
    """Today's stock; the day is Moscow's."""
    if contact.reads_history_only or api.account.setting("stock", "on").lower() == "off":
        return
    state = dlt.current.source_state()
    records: list[Record] = []
    asked_at, is_last = contact.now, False
    while not is_last:
        listed = _stock_page(api, len(records), seen={record.key for record in records}, promised=not records and "stock" in
                             state.get("digests", {}))
        asked_at = asked_at if records else listed.asked_at
        records += listed.records
        is_last = len(listed.records) < STOCK_ROWS
    suffix = f":{contact.now.astimezone(MOSCOW).date().isoformat()}"
    yield from whole_lists.when_changed("stock", records, account=api.account, asked_at=asked_at, state=state, suffix=suffix)


def _stock_page(api: Api, offset: int, *, seen: set[str | None], promised: bool) -> Listed:
    """The rows after `offset`; asked for again when known ones came, or none where there were some the day before."""
    fault, listed, is_empty = "", None, False
    for _ in range(REREADS):
        answer = api.asked(STOCK, body={"limit": STOCK_ROWS, "offset": offset})
        try:
            records = documents.split(answer.body, rows="data.items", key=("nmId", "chrtId", "warehouseId")).records
        except PageError as error:
            fault = str(error)
            continue
        listed = Listed(records, answer.asked_at)
        if records and seen.issuperset(record.key for record in records):
            fault, listed = f"rows after {offset} were asked for, and known ones came", None
        elif records or (is_empty and not promised):
            return listed
        else:
            is_empty = True
    if listed is None:
        raise api.fault(STOCK, f"{fault}, {REREADS} times in a row")
    log.warning("%s/%s stock: the marketplace tells no stock at all, %d times in a row; no stock is landed for this day.",
                api.account.vendor, api.account.name, REREADS)
    return listed
