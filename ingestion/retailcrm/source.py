"""What one contact with RetailCRM reads.

state (last history ids, ledger cursor) ──► histories ──► records by id ──► Arrow tables of documents and tombstones

Orders and customers carry no time of change, so changes come from the histories: their rows name the records, which are then read again by
id. A first contact takes the last history ids before it reads any list: what changes while the lists are read comes with the next night.
A row `deleted` becomes a tombstone, one with `combinedTo` also a document of customer_merges, one that tells a status entered a document
of order_history: the order itself holds its last status alone, and one that came back no longer says when it was handed over. The
bonus ledger has no dates and no totals; it is read on from the cursor of its last page, a stretch with every contact until its end.
"""

import copy
from collections.abc import Callable, Iterator
from datetime import timedelta
from functools import cached_property
from typing import Any

import dlt
import pyarrow as pa

from ingestion import documents, whole_lists
from ingestion.accounts import Account
from ingestion.documents import Record
from ingestion.retailcrm.changes import (
    CORPORATE,
    CUSTOMERS,
    ORDERS,
    Changes,
    HistoryRow,
    Listing,
    history_row,
    newest_history_id,
    read_changes,
    tells_status,
    told_between,
)
from ingestion.retailcrm.conversation import LIMIT, Conversation, Part, epoch
from ingestion.retailcrm.operations import Operations
from ingestion.vendor import Contact

# How long the vendor keeps its histories: about three months. A longer silence means reading everything again.
HISTORY_DAYS = 90.0
# Of this many pages the ledger is read beside a window of history, so that the first publication does not wait for all of it.
LEDGER_PAGES_PER_WINDOW = 600.0
# Nothing tells that an account was blocked, so all accounts are read again this often.
ACCOUNTS_SWEEP_DAYS = 7.0
PRODUCTS_OVERLAP = ACCOUNTS_OVERLAP = timedelta(hours=1)
DICTIONARIES = {
    "statuses": "statuses",
    "status-groups": "statusGroups",
    "order-methods": "orderMethods",
    "order-types": "orderTypes",
    "payment-types": "paymentTypes",
    "payment-statuses": "paymentStatuses",
    "delivery-types": "deliveryTypes",
    "sites": "sites",
}


@dlt.source(name="retailcrm", max_table_nesting=0)
def retailcrm(account: Account, contact: Contact) -> Any:
    """One resource per declared one; a failure of any is a failure of all."""
    reading = Reading(account, contact, Conversation(account))
    readers: dict[str, Callable[[], Iterator[pa.Table]]] = {
        "settings": lambda: reading.full_list("settings", lambda: [reading.api.one("/settings", resource="settings", member="settings")]),
        "references": lambda: reading.full_list("references", reading.dictionaries),
        "stores": lambda: reading.full_list(
            "stores", lambda: [reading.api.part("/reference/stores", resource="stores", rows="stores", key=("code",))]
        ),
        "segments": lambda: reading.full_list(
            "segments", lambda: list(reading.api.pages("/segments", resource="segments", rows="segments", key=("code",)))
        ),
        "loyalties": lambda: reading.full_list(
            "loyalties", lambda: list(reading.api.pages("/loyalty/loyalties", resource="loyalties", rows="loyalties"))
        ),
        "customers": lambda: reading.records(CUSTOMERS),
        "customers_corporate": lambda: reading.records(CORPORATE),
        "customer_merges": reading.merges,
        "orders": lambda: reading.records(ORDERS),
        "order_history": reading.statuses,
        "products": reading.products,
        "loyalty_accounts": reading.accounts,
        "bonus_operations": reading.operations,
    }
    return [_resource(name, read) for name, read in readers.items()]


class Reading:
    """One contact. Histories are read once, whichever resource asks first."""

    def __init__(self, account: Account, contact: Contact, api: Conversation) -> None:
        self.account, self.contact, self.api = account, contact, api
        self._changes: dict[str, Changes] = {}
        self._cursors_taken = False

    @property
    def state(self) -> dict[str, Any]:
        """Where the next contact begins; what is written here is kept with this load or not at all."""
        assert self.before is not None  # taken before anything is written
        return dlt.current.source_state()

    @cached_property
    def before(self) -> dict[str, Any]:
        """What the last finished load knew, whichever resource is read first."""
        return copy.deepcopy(dict(dlt.current.source_state()))

    @cached_property
    def starts_over(self) -> bool:
        """True when the histories no longer reach back to the last contact: then everything is read again."""
        through = self.before.get("changes_through")
        depth = timedelta(days=self.account.number("history_days", HISTORY_DAYS))
        return self.contact.window is None and (through is None or self.contact.now - epoch(through) > depth)

    def records(self, listing: Listing) -> Iterator[pa.Table]:
        """Customers, corporate customers or orders: a window of them, or those that changed."""
        if self.contact.window is not None or self.starts_over:
            if self.contact.is_first:
                self.take_cursors()
            for part in self.api.pages(listing.path, resource=listing.resource, rows=listing.rows, params=self.range_of(listing)):
                yield self.table(part)
        if self.contact.window is None:
            changes = self.changes(listing)
            ids = [each for each in changes.named if each not in changes.gone]
            for start in range(0, len(ids), LIMIT):
                yield from self.by_ids(listing.path, resource=listing.resource, rows=listing.rows, ids=ids[start : start + LIMIT])
            if changes.gone:
                yield documents.deletions(changes.gone, account=self.account.name, asked_at=changes.asked_at, payloads=changes.gone)
            self.state[f"{listing.resource}_since_id"] = changes.last_id

    def by_ids(self, path: str, *, resource: str, rows: str, ids: list[str]) -> Iterator[pa.Table]:
        """Records read again. One that does not come was deleted in the meantime, and its row in the history comes next time."""
        for part in self.api.pages(path, resource=resource, rows=rows, params={"filter[ids][]": ids} | self.sites):
            yield self.table(part)

    def merges(self) -> Iterator[pa.Table]:
        """Which customer was combined into which: rows of the customers' history."""
        if self.contact.window is not None:
            yield from self.told(CUSTOMERS, "customer_merges", lambda row: row.combinedTo is not None)
        elif (changes := self.changes(CUSTOMERS)).merged:
            yield documents.table(changes.merged, account=self.account.name, asked_at=changes.asked_at)

    def statuses(self) -> Iterator[pa.Table]:
        """Which order entered which status when: rows of the orders' history. Of all that it tells only these, which are few."""
        site = self.account.setting("site", "")

        def wanted(row: HistoryRow) -> bool:
            return tells_status(row) and (not site or row.order.site in (None, site))

        if self.contact.window is not None:
            yield from self.told(ORDERS, "order_history", wanted)
        else:
            # A lake that was begun before this was read gets what the vendor still keeps.
            if "statuses_from" not in self.before:
                yield from self.told(ORDERS, "order_history", wanted)
            changes = self.changes(ORDERS)
            if rows := [record for record in changes.statuses if wanted(history_row(record))]:
                yield documents.table(rows, account=self.account.name, asked_at=changes.asked_at)
        if not self.contact.reads_history_only:
            self.state.setdefault("statuses_from", self.contact.now.isoformat())

    def told(self, listing: Listing, resource: str, wanted: Callable[[HistoryRow], bool]) -> Iterator[pa.Table]:
        """Rows of a history from before its cursor: those of a window, else all, as far as the vendor keeps them."""
        since = self.contact.now - timedelta(days=self.account.number("history_days", HISTORY_DAYS))
        until, last_id = None, self.before.get(f"{listing.resource}_since_id", 0)
        if self.contact.window is not None:
            since = max(since, self.contact.window.since)
            if self.contact.is_first:
                # What is told after the cursor was taken comes with the next night.
                self.take_cursors()
                last_id = self.state[f"{listing.resource}_since_id"]
            else:
                until, last_id = self.contact.window.until, None
                if since >= until:
                    return
        for part in told_between(self.api, listing, since=since, until=until, resource=resource):
            rows = [record for record in part.records if last_id is None or int(record.key) <= last_id]
            if kept := [record for record in rows if wanted(history_row(record))]:
                yield documents.table(kept, account=self.account.name, asked_at=part.asked_at)
            if len(rows) < len(part.records):
                return

    def products(self) -> Iterator[pa.Table]:
        """The catalogue: all of it first, then what was updated since."""
        if self.contact.reads_history_only and not self.contact.is_backfill:
            return
        before = None if self.contact.is_first else self.before.get("products_asked_at")
        since = self.contact.window.since if self.contact.is_backfill else epoch(before) - PRODUCTS_OVERLAP if before else None
        params = {"filter[sinceUpdatedAt]": self.api.local(since)} if since else {}
        for part in self.api.pages("/store/products", resource="products", rows="products", params=params, cursor="updatedAt"):
            yield self.table(part)
        self.state["products_asked_at"] = self.contact.now.isoformat()

    def accounts(self) -> Iterator[pa.Table]:
        """Loyalty accounts: a window by creation; at night those whose points moved, those made since, and now and then all."""
        path, names = "/loyalty/accounts", {"resource": "loyalty_accounts", "rows": "loyaltyAccounts"}
        if self.contact.window is not None:
            params = self.range_of(Listing("loyalty_accounts", path, "loyaltyAccounts", "createdAtFrom", "createdAtTo"))
            for part in self.api.pages(path, params=params, **names):
                yield self.table(part)
            if self.contact.is_first:
                self.state["accounts_swept_at"] = self.contact.now.isoformat()
            return
        swept = self.before.get("accounts_swept_at")
        sweep = timedelta(days=self.account.number("accounts_sweep_days", ACCOUNTS_SWEEP_DAYS))
        if swept is None or self.starts_over or self.contact.now - epoch(swept) >= sweep:
            for part in self.api.pages(path, params=self.sites, **names):
                yield self.table(part)
            self.state["accounts_swept_at"] = self.contact.now.isoformat()
            return
        # The vendor's clock may be behind ours, and an account be made after our last look by a time before it.
        since_then = epoch(self.before["changes_through"]) - ACCOUNTS_OVERLAP
        made_since, since = {"filter[createdAtFrom]": self.api.local_day(since_then)}, self.api.local(since_then)
        for part in self.api.pages(path, params=made_since | self.sites, **names):
            made = [record for record in part.records if record.cursor is None or record.cursor >= since]
            if made:
                yield documents.table(made, account=self.account.name, asked_at=part.asked_at)
        ids = self.ledger.due()
        for start in range(0, len(ids), LIMIT):
            yield from self.by_ids(path, ids=ids[start : start + LIMIT], **names)

    def operations(self) -> Iterator[pa.Table]:
        """The next stretch of the bonus ledger."""
        for part in self.ledger.parts:
            yield documents.table(part.records, account=self.account.name, asked_at=part.asked_at)
        self.state["ledger"] = self.ledger.where(accounts_read=self.contact.window is None)
        if self.contact.window is None or self.contact.is_first:
            self.state["changes_through"] = self.contact.now.isoformat()

    @cached_property
    def ledger(self) -> Operations:
        """This contact's stretch of the ledger, read when first asked for. It knows no dates and numbers equal operations in its order, so
        what is read again of it is read from its beginning."""
        today = self.api.local_day(self.contact.now)
        if self.contact.is_backfill:
            between = (self.api.local(self.contact.window.since), self.api.local(self.contact.window.until))
            return Operations.read(self.api, {}, today=today, pages=None, between=between)
        pages = None if self.contact.window is None else int(self.account.number("ledger_pages_per_window", LEDGER_PAGES_PER_WINDOW))
        return Operations.read(self.api, self.before.get("ledger", {}), today=today, pages=pages)

    def dictionaries(self) -> list[Part]:
        """Every dictionary, its records keyed `<dictionary>:<code>`."""
        parts = []
        for name, member in DICTIONARIES.items():
            part = self.api.part(f"/reference/{name}", resource="references", rows=f"{member}{{}}", key=("code",))
            parts.append(Part([Record(f"{name}:{record.key}", None, record.payload) for record in part.records], part.asked_at, {}))
        part = self.api.part("/reference/subscriptions", resource="references", rows="subscriptions", key=("channel", "code"))
        parts.append(Part([Record(f"subscriptions:{record.key}", None, record.payload) for record in part.records], part.asked_at, {}))
        return parts

    def full_list(self, resource: str, read: Callable[[], list[Part]]) -> Iterator[pa.Table]:
        """A list that is landed whole, and only when it is not what was landed last."""
        if self.contact.reads_history_only:
            return
        parts = read()
        records = [record for part in parts for record in part.records]
        asked_at = min((part.asked_at for part in parts), default=self.contact.now)
        yield from whole_lists.when_changed(resource, records, account=self.account, asked_at=asked_at, state=self.state)

    def take_cursors(self) -> None:
        """Note the newest id of each history, before any list is read; once in a contact."""
        if not self._cursors_taken:
            for listing in (CUSTOMERS, CORPORATE, ORDERS):
                self.state[f"{listing.resource}_since_id"] = newest_history_id(self.api, listing, now=self.contact.now)
        self._cursors_taken = True

    def changes(self, listing: Listing) -> Changes:
        """What the listing's history says since the last contact."""
        if listing.resource not in self._changes:
            since = int(self.before.get(f"{listing.resource}_since_id", 0))
            self._changes[listing.resource] = read_changes(self.api, listing, since=since)
        return self._changes[listing.resource]

    @property
    def sites(self) -> dict[str, Any]:
        """The shop this account is limited to by its setting site, as a filter."""
        site = self.account.setting("site", "")
        return {"filter[sites][]": [site]} if site else {}

    def range_of(self, listing: Listing) -> dict[str, Any]:
        """The filter for a window: whole days, both ends included. Customers older than the setting start_date belong to its window."""
        if self.contact.window is None:
            return self.sites
        since, start = self.contact.window.since, self.account.moment("start_date")
        reaches_back = start is not None and listing.resource != "orders" and since <= start
        until = {f"filter[{listing.until}]": self.api.local_day(self.contact.window.until)}
        return self.sites | until | ({} if reaches_back else {f"filter[{listing.since}]": self.api.local_day(since)})

    def table(self, part: Part) -> pa.Table:
        return documents.table(part.records, account=self.account.name, asked_at=part.asked_at)


def _resource(name: str, read: Callable[[], Iterator[pa.Table]]) -> Any:
    @dlt.resource(name=name, write_disposition="append")
    def documents_of() -> Iterator[pa.Table]:
        yield from read()

    return documents_of
