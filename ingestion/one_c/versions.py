"""Documents and catalogues: in full at first, then what is new or has another DataVersion than the lake holds.

    Plan  ->  windows, lists, keys and versions, single keys  ->  Arrow tables

What is dated since the last contact is read in full. Of what is older only keys and versions come, and what the lake lacks in that version
is asked for by key, or by its window where most of a window is news. Each object the exchange plan told of is asked for too.
"""

import logging
from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace

import pyarrow as pa

from ingestion import documents, lake
from ingestion.documents import Record
from ingestion.one_c.api import Listed, Query
from ingestion.one_c.plan import Plan
from ingestion.one_c.windows import BY_DATE, Span, dated
from ingestion.vendor import Vendor

log = logging.getLogger(__name__)
# Rows of a key, a version and a date are a twentieth of a document.
NARROW = 10
# Single objects are removed by hand; more at once without a mark are what a user does not see any more.
MOST_GONE = 20
_NOT_LANDED = object()


@dataclass(frozen=True)
class Kind:
    """A resource that is read by versions. is_dated: documents with a Date; keeps_gone: what is not there any more stays."""

    resource: str
    is_dated: bool = True
    keeps_gone: bool = False


KINDS = (
    Kind("items", is_dated=False, keeps_gone=True),
    Kind("partners", is_dated=False),
    Kind("cards", is_dated=False),
    Kind("receipts", keeps_gone=True),
    Kind("receipt_returns", keeps_gone=True),
    Kind("shift_reports"),
    Kind("customer_orders"),
    Kind("customer_returns"),
    Kind("gift_card_sales"),
)


def tables(plan: Plan, kind: Kind, vendor: Vendor) -> Iterator[pa.Table]:
    """One resource at one contact."""
    if plan.is_ready and plan.names[kind.resource] and (kind.is_dated or not plan.contact.reads_history_only):
        yield from _Reading(plan, kind, vendor).tables()


class _Reading:
    """One resource at one contact. known: what the lake holds; seen: the keys that 1C told."""

    def __init__(self, plan: Plan, kind: Kind, vendor: Vendor) -> None:
        self._plan, self._kind, self._vendor, self._api = plan, kind, vendor, plan.api
        order = "Date asc,Ref_Key asc" if kind.is_dated else "Ref_Key asc"
        self._full = Query(plan.names[kind.resource], kind.resource, order, top=plan.api.page_size)
        select = "Ref_Key,DataVersion,Date" if kind.is_dated else "Ref_Key,DataVersion"
        self._narrow = replace(self._full, select=select, top=plan.api.page_size * NARROW)
        self._known: dict[str, str | None] = {}
        self._seen: set[str] = set()

    def tables(self) -> Iterator[pa.Table]:
        """What this contact brings."""
        plan = self._plan
        if plan.contact.window is not None:
            if self._kind.is_dated:
                for _, listed in self._dated(self._full, plan.window):
                    yield self._table(listed)
            else:
                yield from (self._table(listed) for listed in self._api.listed(self._full) if listed.records)
            return
        reach, name = plan.reach, self._full.name
        self._known = lake.landed_cursors(self._vendor, plan.account.name, self._kind.resource)
        changed = reach.told.changed.get(name, set())
        if self._kind.is_dated:
            yield from self._scanned(self._dated(self._narrow, Span(reach.since, reach.through)), changed)
            yield from self._news(listed for _, listed in self._dated(self._full, Span(reach.through, None)))
        elif reach.is_scan:
            yield from self._scanned(((None, listed) for listed in self._api.listed(self._narrow)), changed)
        yield from self._news(self._api.by_keys(self._full, sorted(changed - self._seen)))
        if not self._kind.keeps_gone:
            yield from self._gone(reach.told.deleted.get(name, set()))

    def _dated(self, query: Query, span: Span) -> Iterator[tuple[Span, Listed]]:
        return dated(self._api, query, span, BY_DATE, now=self._plan.now)

    def _scanned(self, told: Iterator[tuple[Span | None, Listed]], changed: Collection[str]) -> Iterator[pa.Table]:
        """Full documents for the keys and versions that the lake lacks."""
        untold = 0
        for span, listed in told:
            news = [record.key for record in self._fresh(listed) if record.key]
            self._seen.update(record.key for record in listed.records if record.key)
            untold += sum(key in self._known and key not in changed for key in news)
            if span is not None and len(news) > max(len(listed.records) / 2, self._full.top):
                yield from self._news(listed for _, listed in self._dated(self._full, span))
            else:
                yield from self._news(self._api.by_keys(self._full, news))
        if untold and self._plan.reach.told.is_complete:
            log.warning("%s/%s %s: %d objects had changed that the exchange plan did not tell of. They are loaded; look whether the plan "
                        "contains %s and registers its changes by itself.", self._vendor.name, self._plan.account.name, self._kind.resource,
                        untold, self._full.name)

    def _news(self, read: Iterator[Listed]) -> Iterator[pa.Table]:
        """What of these full documents the lake lacks."""
        for listed in read:
            fresh = self._fresh(listed)
            for record in listed.records:
                if record.key:
                    self._seen.add(record.key)
                    self._known[record.key] = record.cursor
            if fresh:
                yield self._table(Listed(fresh, listed.asked_at))

    def _fresh(self, listed: Listed) -> list[Record]:
        return [record for record in listed.records
                if self._known.get(record.key or documents.payload_key(record.payload), _NOT_LANDED) != record.cursor]

    def _gone(self, deleted: set[str]) -> Iterator[pa.Table]:
        """Tombstones for what was landed and is not there any more, asked for by key once more, since a Date may have been moved."""
        known = self._known.keys()
        if self._kind.is_dated or self._plan.reach.is_scan:
            missing = self._unseen()
        else:
            missing = set()
        asked = sorted((missing | deleted) & known)
        if not asked:
            return
        asked_at = self._plan.contact.now
        yield from self._news(self._api.by_keys(self._full, asked))
        marks = lake.landed_values(self._vendor, self._plan.account.name, self._kind.resource, "$.DeletionMark", keys=asked)
        gone = [key for key in asked if key not in self._seen and marks.get(key) != ["true"]]
        unsure = [key for key in gone if key not in deleted]
        if len(unsure) > MOST_GONE:
            log.warning("%s/%s %s: %d objects that were never marked for deletion are not told any more, as when the rights of a user are "
                        "cut. They are kept.", self._vendor.name, self._plan.account.name, self._kind.resource, len(unsure))
            gone = [key for key in gone if key in deleted]
        if gone:
            yield documents.deletions(gone, account=self._plan.account.name, asked_at=asked_at)

    def _unseen(self) -> set[str]:
        """What the lake holds of the stretch that was looked at and 1C did not tell."""
        unseen = self._known.keys() - self._seen
        if not self._kind.is_dated or not unseen:
            return set(unseen)
        since = self._plan.reach.since.isoformat()
        dates = lake.landed_values(self._vendor, self._plan.account.name, self._kind.resource, "$.Date", keys=unseen)
        return {key for key, (day,) in dates.items() if (day or "") >= since}

    def _table(self, listed: Listed) -> pa.Table:
        return documents.table(listed.records, account=self._plan.account.name, asked_at=listed.asked_at)
