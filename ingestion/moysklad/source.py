"""What is read from MoySklad at each kind of contact, and how it becomes documents.

    Contact (first, older window, changes)  ->  lists by `updated`  ->  upserts, tombstones of the bin  ->  Arrow tables

State, committed with the load: `through`, the end of the last change reading of each list, and `edge`, the versions already landed from
the overlap before it, so that the overlap lands nothing twice, `moves` likewise of the bonus operations whose buyers were asked for;
`digests` of full lists and of today's stock.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import dlt
import msgspec
import pyarrow as pa

from ingestion import documents, whole_lists
from ingestion.accounts import Account
from ingestion.documents import Record
from ingestion.moysklad.api import Api, Listed, from_moscow, moscow_text
from ingestion.moysklad.positions import Papers
from ingestion.vendor import Contact

# A document may be committed after its `updated` was set; what was committed later than this is found by nobody's cursor.
OVERLAP = timedelta(minutes=15)
# A condition by id is 45 characters of an address that may be 8 KB long.
BUYERS_AT_ONCE = 100


class _Meta(msgspec.Struct):
    href: str


class _Reference(msgspec.Struct):
    meta: _Meta


class _Operation(msgspec.Struct):
    agent: _Reference


_read = msgspec.json.Decoder(_Operation).decode


@dataclass(frozen=True)
class List:
    """A list read by `updated`. has_bin: its records can lie in the recycle bin; has_archive: in the archive. is_small: read whole at the
    first contact, since papers of every age name its records. has_points: a record tells a balance that others move."""

    resource: str
    kind: str
    limit: int
    has_bin: bool = False
    has_archive: bool = False
    is_small: bool = False
    has_points: bool = False
    expand: str = ""
    fields: str = ""

    @property
    def extra(self) -> dict[str, str]:
        """The parameters besides filter and paging."""
        return {name: value for name, value in (("expand", self.expand), ("fields", self.fields)) if value}


# expand (and fields) are ignored without a word above a limit of 100.
LISTS = (
    List("counterparties", "counterparty", 1000, has_archive=True, is_small=True, has_points=True),
    List("products", "product", 1000, has_archive=True, is_small=True),
    List("retail_demands", "retaildemand", 100, has_bin=True, expand="positions", fields="stock"),
    List("customer_orders", "customerorder", 100, has_bin=True, expand="positions,state,salesChannel"),
    List("demands", "demand", 1000, has_bin=True),
    List("retail_sales_returns", "retailsalesreturn", 100, has_bin=True, expand="positions"),
    List("sales_returns", "salesreturn", 100, has_bin=True, expand="positions,demand"),
    List("bonus_transactions", "bonustransaction", 1000),
)
# resource, kind, whether it has an archive
FULL_LISTS = (("product_folders", "productfolder", True), ("retail_stores", "retailstore", True), ("stores", "store", True),
              ("employees", "employee", True), ("bonus_programs", "bonusprogram", False), ("currencies", "currency", True))


def moysklad(account: Account, contact: Contact) -> Any:
    """The dlt source for one contact: a resource for each that the vendor declares."""

    @dlt.source(name="moysklad")
    def moysklad_source() -> Any:
        api = Api(account)
        changes = [dlt.resource(_changes, name=one.resource, write_disposition="append")(api, account, contact, one) for one in LISTS]
        lists = [dlt.resource(_full_list, name=name, write_disposition="append")(api, account, contact, name, kind, archive)
                 for name, kind, archive in FULL_LISTS]
        return [*changes, *lists, dlt.resource(_stock, name="stock", write_disposition="append")(api, account, contact)]

    return moysklad_source()


def oldest(account: Account) -> datetime | None:
    """The time of the longest untouched paper: where the history begins. None for an empty account."""
    api, found = Api(account), []
    for one in LISTS:
        if not one.is_small:
            page = api.first(f"/entity/{one.kind}", resource=one.resource, order="updated,asc", filter=_filter(one))
            found += [from_moscow(record.cursor) for record in page.records if record.cursor]
    return min(found, default=None)


def _changes(api: Api, account: Account, contact: Contact, one: List) -> Iterator[pa.Table]:
    """One list at one contact: its window, or what changed since the last time."""
    if contact.reads_history_only and one.is_small and not contact.is_backfill:
        return
    state = dlt.current.source_state().setdefault("lists", {}).setdefault(one.resource, {})
    edge: dict[str, str] = {} if contact.is_backfill else state.get("edge", {})
    new_edge: dict[str, str] = {}
    edge_begins = moscow_text(contact.now - OVERLAP)
    has_positions = "positions" in one.expand.split(",")
    papers = Papers(api, one.resource, one.kind, has_positions=has_positions, fields=one.fields) if one.has_bin else None
    for listed in _asked(api, contact, one, state.get("through")):
        fresh = [record for record in listed.records if record.key is None or edge.get(record.key) != record.cursor]
        new_edge.update({record.key: record.cursor for record in listed.records
                         if record.key and record.cursor and record.cursor >= edge_begins})
        kept, gone = papers.sorted(fresh) if papers else (fresh, [])
        if kept:
            yield documents.table(kept, account=account.name, asked_at=listed.asked_at)
        if gone:
            yield documents.table(gone, account=account.name, asked_at=listed.asked_at, operation="delete")
    if one.has_points and contact.window is None and state.get("through") is not None:
        yield from _moved(api, account, contact, one, state)
    if not contact.reads_history_only:
        state["through"] = contact.now.isoformat()
        state["edge"] = {**{key: at for key, at in edge.items() if at >= edge_begins}, **new_edge}


def _moved(api: Api, account: Account, contact: Contact, one: List, state: dict[str, Any]) -> Iterator[pa.Table]:
    """Buyers whose points moved: whether that changes a buyer's own `updated` is not documented, so whom bonus operations name since the
    last time is asked for by id, with today's balance."""
    since, until = datetime.fromisoformat(state["through"]) - OVERLAP, contact.now
    known, moves, buyers = state.get("moves", {}), {}, set()
    bounds = f"updated>={moscow_text(since)};updated<={moscow_text(until)}"
    for listed in api.pages("/entity/bonustransaction", resource=one.resource, limit=1000, cursor="updated", order="updated,asc",
                            filter=bounds):
        for record in listed.records:
            if record.key and record.cursor and known.get(record.key) != record.cursor:
                buyers.update(_agent(record))
            if record.key and record.cursor and record.cursor >= moscow_text(until - OVERLAP):
                moves[record.key] = record.cursor
    asked = sorted(buyers)
    for start in range(0, len(asked), BUYERS_AT_ONCE):
        named = _filter(one, ";".join(f"id={buyer}" for buyer in asked[start:start + BUYERS_AT_ONCE]))
        for listed in api.pages(f"/entity/{one.kind}", resource=one.resource, limit=one.limit, cursor="updated", filter=named):
            yield documents.table(listed.records, account=account.name, asked_at=listed.asked_at)
    state["moves"] = moves


def _agent(record: Record) -> set[str]:
    """The id of the buyer that an operation names, if it can be read; staging says what is wrong with one that cannot."""
    try:
        href = _read(record.payload).agent.meta.href
    except (msgspec.DecodeError, msgspec.ValidationError, UnicodeError):
        return set()
    return {href.rsplit("/", 1)[-1]}


def _asked(api: Api, contact: Contact, one: List, through: str | None) -> Iterator[Listed]:
    path = f"/entity/{one.kind}"
    common = {"resource": one.resource, "limit": one.limit, "cursor": "updated", "order": "updated,asc", **one.extra}
    if contact.window is not None and not (contact.is_first and one.is_small):
        since, until = moscow_text(contact.window.since), moscow_text(contact.window.until)
        bounds = f"updated>={since};updated<{until}" if contact.reads_history_only else f"updated>={since};updated<={until}"
        yield from api.pages(path, filter=_filter(one, bounds), **common)
        return
    until = moscow_text(contact.now)
    if contact.window is not None or through is None:
        yield from api.pages(path, filter=_filter(one, f"updated<={until}"), **common)
        return
    since = moscow_text(datetime.fromisoformat(through) - OVERLAP)
    seen: set[tuple[str | None, str | None]] = set()
    for listed in api.pages(path, filter=_filter(one, f"updated>={since};updated<={until}"), **common):
        seen.update((record.key, record.cursor) for record in listed.records)
        yield listed
    if one.has_bin:
        for listed in api.pages(path, filter=f"isDeleted=true;deleted>={since};deleted<={until}", **common):
            yield replace(listed, records=[record for record in listed.records if (record.key, record.cursor) not in seen])


def _filter(one: List, bounds: str = "") -> str:
    hidden = ["isDeleted=true;isDeleted=false"] if one.has_bin else []
    hidden += ["archived=true;archived=false"] if one.has_archive else []
    return ";".join([*filter(None, [bounds]), *hidden])


def _full_list(api: Api, account: Account, contact: Contact, resource: str, kind: str, has_archive: bool) -> Iterator[pa.Table]:
    """A dictionary, whole; landed when it differs from what was landed last."""
    if contact.reads_history_only:
        return
    params = {"filter": "archived=true;archived=false"} if has_archive else {}
    yield from _if_changed(list(api.pages(f"/entity/{kind}", resource=resource, limit=1000, cursor="updated", **params)), account, resource)


def _stock(api: Api, account: Account, contact: Contact) -> Iterator[pa.Table]:
    """Today's stock. The report's href carries a query after the product's id, and the day is Moscow's."""
    if contact.reads_history_only:
        return
    day = moscow_text(contact.now)[:10]
    listed = [Listed([replace(record, key=_product_id(record)) for record in page.records], page.asked_at)
              for page in api.pages("/report/stock/bystore", resource="stock", limit=1000, key=("meta.href",))]
    yield from _if_changed(listed, account, "stock", suffix=f":{day}")


def _product_id(record: Record) -> str | None:
    return record.key.split("?", 1)[0].rsplit("/", 1)[-1] if record.key else None


def _if_changed(pages: list[Listed], account: Account, resource: str, *, suffix: str = "") -> Iterator[pa.Table]:
    records = [record for page in pages for record in page.records]
    yield from whole_lists.when_changed(
        resource, records, account=account, asked_at=pages[0].asked_at, state=dlt.current.source_state(), suffix=suffix
    )
