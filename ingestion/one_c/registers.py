"""Registers: barcodes and prices row by row, today's stock, revenue and cost by recorder.

    Plan  ->  rows with a key of their dimensions and a digest as their version, compared with the lake  ->  Arrow tables, tombstones

A register's row has no version and no key of its own. Its key is the references in it (dimensions differ per configuration), its cursor a
digest of its text, so that what the lake holds tells what is new, what differs and what is gone.

1C computes cost when a month is closed, which rewrites the register: a night reads it again from the first day of the month __COST_MONTHS
back (2), and once a week as far as __SCAN_DAYS, since a year's close or a correction rewrites what is older. An exchange plan that holds
the register tells of each record set.
"""

import hashlib
import logging
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import chain

import dlt
import msgspec
import pyarrow as pa

from ingestion import documents, lake, whole_lists
from ingestion.documents import Record
from ingestion.one_c.api import Listed, Query
from ingestion.one_c.plan import COSTS_READ_FAR, Plan
from ingestion.one_c.windows import BY_PERIOD, Span, dated, periods_of
from ingestion.vendor import Vendor

log = logging.getLogger(__name__)
NIL = "00000000-0000-0000-0000-000000000000"
# A recorder brings a row for each item of a shift.
RECORDERS_A_PAGE = 10
# With a cast a condition is three times as long as that of a key.
RECORDERS_AT_ONCE = 8
COST_MONTHS = 2
FAR_EVERY = timedelta(days=7)
PRICE_TYPES = (("purchase_price_type", "Закупочная"), ("retail_price_type", "Розничная"))


def barcodes(plan: Plan, vendor: Vendor) -> Iterator[pa.Table]:
    """The register of barcodes, whole; rows that are new, differ or are gone."""
    if plan.is_ready and (name := plan.names["barcodes"]) and not plan.contact.reads_history_only:
        query = Query(name, "barcodes", "Штрихкод asc", key=("Штрихкод", "Номенклатура_Key"), cursor=None, top=plan.api.page_size * 10)
        yield from _differences(plan, vendor, "barcodes", list(plan.api.listed(query)), ("Штрихкод",))


def prices(plan: Plan, vendor: Vendor) -> Iterator[pa.Table]:
    """The prices in force, of the purchase and the retail kind where the configuration has kinds of prices."""
    if plan.is_ready and (name := plan.names["prices"]) and not plan.contact.reads_history_only:
        query = Query(name, "prices", "", key=("Номенклатура_Key", "ВидЦены_Key"), cursor=None)
        conditions = [f"ВидЦены_Key eq guid'{key}'" for key in _price_types(plan)] if plan.names["price_types"] else [""]
        listed = [plan.api.table(query, "SliceLast", condition) for condition in conditions]
        yield from _differences(plan, vendor, "prices", listed, ())


def stock(plan: Plan) -> Iterator[pa.Table]:
    """Today's stock, store by store; the day is the server's."""
    if not plan.is_ready or not (name := plan.names["stock"]) or plan.contact.reads_history_only:
        return
    query = Query(name, "stock", "", key=("Номенклатура_Key", "Склад_Key"), cursor=None)
    places = [record.key for listed in plan.catalogue("stores") for record in listed.records if record.key and not _is_folder(record)]
    conditions = [f"Склад_Key eq guid'{key}'" for key in places] if plan.names["stores"] else [""]
    listed = [plan.api.table(query, "Balance", condition) for condition in conditions]
    records = [_keyed(record, ()) for one in listed for record in one.records]
    asked_at = listed[0].asked_at if listed else plan.contact.now
    yield from whole_lists.when_changed("stock", records, account=plan.account, asked_at=asked_at, state=dlt.current.source_state(),
                                        suffix=f":{plan.now:%Y-%m-%d}")


def sale_costs(plan: Plan, vendor: Vendor) -> Iterator[pa.Table]:
    """Record sets of the revenue and cost register, by period."""
    if not plan.is_ready or not (name := plan.names["sale_costs"]):
        return
    query = Query(name, "sale_costs", "Recorder asc", key=("Recorder",), cursor=None, top=max(1, plan.api.page_size // RECORDERS_A_PAGE))

    def digested(listed: Listed) -> Listed:
        return replace(listed, records=[replace(record, cursor=_digest(record)) for record in listed.records])

    def read(span: Span) -> Iterator[Listed]:
        return (digested(listed) for _, listed in dated(plan.api, query, span, BY_PERIOD, now=plan.now))

    if plan.contact.window is not None:
        for listed in read(plan.window):
            yield documents.table(listed.records, account=plan.account.name, asked_at=listed.asked_at)
        return
    since = _costs_since(plan)
    known = lake.landed_cursors(vendor, plan.account.name, "sale_costs")
    seen: set[str] = set()
    told = plan.reach.told.records.get(name, {})
    for listed in chain(read(Span(since, None)), map(digested, _of_recorders(plan, vendor, query, told, known))):
        # A recorder whose rows lie in two windows comes with both.
        fresh = [record for record in listed.records if record.key not in seen and known.get(record.key or "") != record.cursor]
        seen.update(record.key for record in listed.records if record.key)
        if fresh:
            yield documents.table(fresh, account=plan.account.name, asked_at=listed.asked_at)
    unseen = known.keys() - seen
    begins = lake.landed_values(vendor, plan.account.name, "sale_costs", "$.RecordSet[0].Period", keys=unseen) if unseen else {}
    gone = {key for key, (period,) in begins.items() if (period or "") >= since.isoformat()}
    if emptied := sorted((unseen & told.keys()) - gone):
        yield documents.deletions(emptied, account=plan.account.name, asked_at=plan.contact.now)
    if gone:
        yield from _believed(plan, "sale_costs", sorted(gone), came=len(seen))


def _costs_since(plan: Plan) -> datetime:
    """From where on a night reads the register, by the server's clock. Takes the state on."""
    state, reach = dlt.current.source_state(), plan.reach
    read_far = datetime.fromisoformat(state[COSTS_READ_FAR]) if COSTS_READ_FAR in state else None
    since = rewritten_from(plan.now, int(plan.account.number("cost_months", COST_MONTHS)))
    if "sale_costs" in plan.mended or read_far is None or plan.contact.now - read_far >= FAR_EVERY:
        state[COSTS_READ_FAR] = plan.contact.now.isoformat()
        # What the first load could not read for want of a field lies anywhere in the history.
        since = reach.begun if "sale_costs" in plan.mended else min(since, plan.scanned_from)
    return max(since, reach.begun)


def _of_recorders(plan: Plan, vendor: Vendor, query: Query, told: dict[str, str], known: dict[str, str | None]) -> Iterator[Listed]:
    """The record sets that the exchange plan told of, but for those of before START_DATE. A recorder is a reference of several kinds, so it
    is compared after a cast to its own."""
    kindless = [key for key, kind in told.items() if not kind and key in known]
    landed = lake.landed_values(vendor, plan.account.name, "sale_costs", "$.Recorder_Type", keys=kindless) if kindless else {}
    by_kind: dict[str, list[str]] = {}
    for key, kind in sorted(told.items()):
        own = kind or (landed.get(key, [""])[0] or "").removeprefix("StandardODATA.")
        if own:
            by_kind.setdefault(own, []).append(key)
    for kind, keys in by_kind.items():
        for listed in plan.api.by_keys(query, keys, wanted=f"Recorder eq cast(guid'{{}}', '{kind}')", at_once=RECORDERS_AT_ONCE):
            yield replace(listed, records=[record for record in listed.records
                                           if record.key in known or min(periods_of(record), default="") >= plan.start])


def rewritten_from(now: datetime, months_back: int = COST_MONTHS) -> datetime:
    """The first day of the month that many back, by the server's clock: what the close of a month may still rewrite."""
    months = now.year * 12 + now.month - 1 - months_back
    return datetime(months // 12, months % 12 + 1, 1)  # noqa: DTZ001 the server's own time has no zone


def _differences(plan: Plan, vendor: Vendor, resource: str, listed: list[Listed], first: tuple[str, ...]) -> Iterator[pa.Table]:
    records = {record.key: record for one in listed for record in (_keyed(record, first) for record in one.records)}
    asked_at = listed[0].asked_at if listed else plan.contact.now
    known = {} if plan.contact.is_first else lake.landed_cursors(vendor, plan.account.name, resource)
    if fresh := [record for key, record in records.items() if known.get(key or "") != record.cursor]:
        yield documents.table(fresh, account=plan.account.name, asked_at=asked_at)
    if gone := sorted(known.keys() - records.keys()):
        yield from _believed(plan, resource, gone, came=len(records))


def _believed(plan: Plan, resource: str, gone: list[str], *, came: int) -> Iterator[pa.Table]:
    """Tombstones, unless nothing came at all: then the register is hidden from the user rather than empty."""
    if came:
        yield documents.deletions(gone, account=plan.account.name, asked_at=plan.contact.now)
        return
    log.warning("%s/%s %s: %s is empty and the lake holds %d of it, as when the rights of a user are cut. They are kept.",
                plan.account.vendor, plan.account.name, resource, plan.names[resource], len(gone))


def _keyed(record: Record, first: tuple[str, ...]) -> Record:
    """The record with its dimensions as its key: `first`, then what references it holds, but empty ones."""
    try:
        row = msgspec.json.decode(record.payload)
        parts = [row.get(name) for name in first]
        parts += [value for name, value in row.items() if name.endswith("_Key") and value != NIL and name not in first]
    except (msgspec.MsgspecError, AttributeError, UnicodeError):
        return replace(record, key=documents.payload_key(record.payload), cursor=_digest(record))
    key = ":".join(str(part) for part in parts if part not in (None, "")) or documents.payload_key(record.payload)
    return replace(record, key=key, cursor=_digest(record))


def _digest(record: Record) -> str:
    return hashlib.sha256(record.payload.encode("utf-8", "backslashreplace")).hexdigest()[:16]


def _price_types(plan: Plan) -> list[str]:
    """The references of the kinds of prices that the settings name."""
    named = {_member(record, "Description"): record.key for listed in plan.catalogue("price_types") for record in listed.records}
    found = []
    for setting, default in PRICE_TYPES:
        wanted = plan.account.setting(setting, default)
        if key := named.get(wanted):
            found.append(key)
        else:
            log.warning("%s/%s prices: there is no kind of price %r, which %s names; there is %s. Its prices stay empty.",
                        plan.account.vendor, plan.account.name, wanted, plan.account.variable(setting),
                        ", ".join(repr(name) for name in named if name) or "none")
    return list(dict.fromkeys(found))


def _is_folder(record: Record) -> bool:
    return _member(record, "IsFolder") is True


def _member(record: Record, name: str) -> object:
    try:
        return msgspec.json.decode(record.payload).get(name)
    except (msgspec.MsgspecError, AttributeError, UnicodeError):
        return None
