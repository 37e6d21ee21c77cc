"""Documents and catalogues: in full at first, then what is new or has another DataVersion than the lake holds.

    Plan  ->  windows, lists, keys and versions, single keys  ->  Arrow tables

What is dated since the last contact is read in full. Of what is older only keys and versions come, and what the lake lacks in that version
is asked for by key, or by its window where most of a window is news. Each object the exchange plan told of is asked for too.

A date before 1990 was mistyped: such documents are read in one stretch without a beginning, landed for staging to refuse, and told.
"""

import logging
from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace

import pyarrow as pa

from ingestion import documents, lake
from ingestion.documents import Record
from ingestion.one_c import removals
from ingestion.one_c.api import BELIEVED_FROM, Listed, Query
from ingestion.one_c.plan import Plan
from ingestion.one_c.windows import BY_DATE, Span, date_of, dated
from ingestion.vendor import Vendor

log = logging.getLogger(__name__)
# Rows of a key, a version and a date are a twentieth of a document.
NARROW = 10
# Single objects are removed by hand; more at once without a mark are what a user does not see any more.
MOST_GONE = 20
# Of the purged ones, the newest are asked for: that is where one whose Date was moved would be.
MOST_LOOKED_FOR = 1000
_NOT_LANDED = object()


@dataclass(frozen=True)
class Kind:
    """A resource that is read by versions. is_dated: documents with a Date; keeps_gone: what is not there any more stays; is_archived: it
    is archived into a shift's report and purged."""

    resource: str
    is_dated: bool = True
    keeps_gone: bool = False
    is_archived: bool = False


KINDS = (
    Kind("items", is_dated=False, keeps_gone=True),
    Kind("item_keys", is_dated=False, keeps_gone=True),
    Kind("partners", is_dated=False),
    Kind("cards", is_dated=False),
    Kind("receipts", keeps_gone=True, is_archived=True),
    Kind("receipt_returns", keeps_gone=True, is_archived=True),
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
                if plan.contact.is_first:
                    yield from (self._table(listed) for listed in self._mistyped(self._full))
                for _, listed in self._dated(self._full, plan.window):
                    yield self._table(listed)
            else:
                yield from (self._table(listed) for listed in self._api.listed(self._full) if listed.records)
            return
        reach, name = plan.reach, self._full.name
        self._known = lake.landed_cursors(self._vendor, plan.account.name, self._kind.resource)
        changed = reach.told.changed.get(name, set())
        if self._kind.is_dated:
            if reach.is_scan:
                yield from self._scanned(((None, listed) for listed in self._mistyped(self._narrow)), changed)
            yield from self._scanned(self._dated(self._narrow, Span(reach.since, reach.through)), changed)
            yield from self._news(listed for _, listed in self._dated(self._full, Span(reach.through, None)))
        elif reach.is_scan or not self._known:
            yield from self._scanned(((None, listed) for listed in self._api.listed(self._narrow)), changed)
        yield from self._news(map(self._wanted, self._api.by_keys(self._full, sorted(changed - self._seen))))
        deleted = reach.told.deleted.get(name, set())
        yield from self._purged(deleted) if self._kind.keeps_gone else self._gone(deleted)

    def _dated(self, query: Query, span: Span) -> Iterator[tuple[Span, Listed]]:
        return dated(self._api, query, span, BY_DATE, now=self._plan.now)

    def _mistyped(self, query: Query) -> Iterator[Listed]:
        for listed in self._api.listed(replace(query, filter=f"Date lt datetime'{BELIEVED_FROM}'")):
            if listed.records:
                told = ", ".join(f"{date_of(record)} {record.key}" for record in listed.records[:MOST_GONE])
                log.warning("%s/%s %s: %d of %s are dated before %s: %s%s. They are loaded; correct their dates in 1C.", self._vendor.name,
                            self._plan.account.name, self._kind.resource, len(listed.records), query.name, BELIEVED_FROM[:4], told,
                            ", …" if len(listed.records) > MOST_GONE else "")
                yield listed

    def _wanted(self, listed: Listed) -> Listed:
        """Without documents dated before START_DATE, but for those the lake holds, whose date was moved there."""
        if not (self._plan.start and self._kind.is_dated):
            return listed
        return replace(listed, records=[record for record in listed.records
                                        if record.key in self._known or not BELIEVED_FROM <= date_of(record) < self._plan.start])

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
            missing = set(self._unseen())
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

    def _purged(self, deleted: set[str]) -> Iterator[pa.Table]:
        """Of what stays when it is gone: a Date may have been moved out of the stretch, so it is asked for by key once more; and what the
        plan tells as deleted and was never archived was deleted indeed."""
        unseen = self._unseen() if self._kind.is_dated else {}
        newest = sorted(unseen, key=lambda key: (unseen[key], key), reverse=True)[:MOST_LOOKED_FOR]
        deleted = deleted & self._known.keys() if self._kind.is_archived else set()
        if not (newest or deleted):
            return
        yield from self._news(self._api.by_keys(self._full, sorted(deleted.union(newest))))
        if removed := removals.never_archived(self._plan, self._vendor, self._kind.resource, deleted - self._seen):
            yield documents.deletions(removed, account=self._plan.account.name, asked_at=self._plan.contact.now)

    def _unseen(self) -> dict[str, str]:
        """{key: its Date} of what the lake holds of the stretch that was looked at and 1C did not tell."""
        unseen = self._known.keys() - self._seen
        if not self._kind.is_dated or not unseen:
            return dict.fromkeys(unseen, "")
        since = self._plan.reach.since.isoformat()
        dates = lake.landed_values(self._vendor, self._plan.account.name, self._kind.resource, "$.Date", keys=unseen)
        return {key: day for key, (day,) in dates.items() if day and day >= since}

    def _table(self, listed: Listed) -> pa.Table:
        return documents.table(listed.records, account=self._plan.account.name, asked_at=listed.asked_at)
