"""What one contact with UseDesk reads.

state (through, edge) ──► list of changed tickets ──► each ticket and its client again ──► Arrow tables of documents

A first contact takes `through` before it reads any list: what changes while the lists are read comes with the next night. At night the
lists are asked from a quarter of an hour before `through`; rows that the night before landed already are known by their hash (`edge`)
and left out, with their details, so that a quiet night brings nothing.
"""

import copy
import json
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any

import dlt
import msgspec
import pyarrow as pa

from ingestion import documents, whole_lists
from ingestion.accounts import Account, SettingError
from ingestion.documents import Record
from ingestion.usedesk.api import Api, Gone, Part
from ingestion.usedesk.history import epoch
from ingestion.usedesk.ratings import new_lines
from ingestion.vendor import Contact

OVERLAP = timedelta(minutes=15)
# A ticket may change twice within a second, so one that changed just now is not taken for known.
SETTLED = timedelta(minutes=1)
CLIENTS_SWEEP_DAYS = 7.0
# Clients carry no time; as many of the newest are known by heart as a night's overlap could hold.
KNOWN_CLIENTS = 1000
BATCH = 50


class Ticket(msgspec.Struct):
    """What of a ticket matters here."""

    client_id: Any = None
    published_at: Any = None
    last_updated_at: Any = None


@dlt.source(name="usedesk", max_table_nesting=0)
def usedesk(account: Account, contact: Contact) -> Any:
    """One resource per declared one; a failure of any is a failure of all."""
    reading = Reading(account, contact, Api(account))
    readers: dict[str, Callable[[], Iterator[pa.Table]]] = {
        "settings": lambda: reading.full_list("settings", reading.own_settings),
        "agents": lambda: reading.full_list("agents", lambda: list(reading.api.rows("users", resource="agents", params={}))),
        "tickets": reading.tickets,
        "ticket_details": lambda: reading.details("ticket", "ticket_details", reading.ticket_ids, key="ticket.id"),
        "clients": reading.clients,
        "client_details": lambda: reading.details("client", "client_details", reading.client_ids, key="client.id", listed=True),
        "ratings": reading.ratings,
    }
    return [_resource(name, read) for name, read in readers.items()]


class Reading:
    """One contact. The list of tickets is read once, whichever resource asks first."""

    def __init__(self, account: Account, contact: Contact, api: Api) -> None:
        self.account, self.contact, self.api = account, contact, api

    @property
    def state(self) -> dict[str, Any]:
        """Where the next contact begins; what is written here is kept with this load or not at all."""
        assert self.before is not None  # taken before anything is written
        return dlt.current.source_state()

    @cached_property
    def before(self) -> dict[str, Any]:
        """What the last finished load knew, whichever resource is read first."""
        return copy.deepcopy(dict(dlt.current.source_state()))

    @property
    def since(self) -> datetime:
        """From when on changes are asked for."""
        return epoch(self.before["through"]) - OVERLAP

    @cached_property
    def ticket_parts(self) -> list[Part]:
        """The tickets of the window, or those that changed and are not landed yet."""
        window = self.contact.window
        if window is not None:
            params = self.range_of(window)
            earliest, latest = params.get("created_after", ""), params["created_before"] + ":59"
            parts = self.read_tickets(params, lambda ticket: ticket.published_at, earliest, latest)
        else:
            params = {"updated_after": self.api.since(self.since)}
            parts = self.read_tickets(params, lambda ticket: ticket.last_updated_at, params["updated_after"], "9999")
        known = {} if window is not None else self.before.get("edge", {}).get("tickets", {})
        fresh = [Part([record for record in part.records if known.get(record.key) != _hash(record)], part.asked_at) for part in parts]
        edge = {record.key: _hash(record) for part in parts for record in part.records if self.is_edge(record)}
        if self.contact.reads_history_only:
            self.remember("tickets", self.before.get("edge", {}).get("tickets", {}) | edge)
        else:
            self.remember("tickets", edge)
            self.state["through"] = self.contact.now.isoformat()
        return [part for part in fresh if part.records]

    def read_tickets(self, params: dict[str, Any], when: Callable[[Ticket], Any], earliest: str, latest: str) -> list[Part]:
        """Tickets by a filter; an answer of which no ticket lies in the range was another question's."""
        def belongs(record: Record) -> bool:
            at = when(_ticket(record))
            return not isinstance(at, str) or earliest <= at <= latest

        return list(self.api.rows("tickets", resource="tickets", params=params, belongs=belongs, cursor="last_updated_at"))

    def is_edge(self, record: Record) -> bool:
        """True for a ticket that the next night's overlap will bring again, unchanged since."""
        at = record.cursor or ""
        return (record.key is not None
                and self.api.since(self.contact.now - OVERLAP) <= at <= self.api.written(self.contact.now - SETTLED))

    def tickets(self) -> Iterator[pa.Table]:
        for part in self.ticket_parts:
            yield self.table(part)

    @cached_property
    def ticket_ids(self) -> list[str]:
        return list(dict.fromkeys(record.key for part in self.ticket_parts for record in part.records if record.key))

    @cached_property
    def client_ids(self) -> list[str]:
        """Whoever wrote one of these tickets, each once."""
        found = (_ticket(record).client_id for part in self.ticket_parts for record in part.records)
        return list(dict.fromkeys(str(each) for each in found if isinstance(each, int | str) and each not in ("", 0, "0")))

    def details(self, method: str, resource: str, ids: list[str], *, key: str, listed: bool = False) -> Iterator[pa.Table]:
        """Each record of a list read alone; one that is gone in the meantime keeps the row that the list gave it."""
        asked = {"properties": ["sla"]} if method == "ticket" else {}
        batch: list[pa.Table] = []
        for each in ids:
            try:
                part = self.api.one(method, resource=resource, params={f"{method}_id": each, **asked}, key=key, wanted=each, listed=listed)
            except Gone:
                continue
            batch.append(self.table(part))
            if len(batch) == BATCH:
                yield pa.concat_tables(batch)
                batch = []
        if batch:
            yield pa.concat_tables(batch)

    def clients(self) -> Iterator[pa.Table]:
        """Clients by creation; at night those made since, and all of them when the last time is a week ago."""
        window, swept = self.contact.window, self.before.get("clients_swept_at")
        params: dict[str, Any] = {}
        if window is not None:
            params = self.range_of(window)
        elif swept is not None and self.contact.now - epoch(swept) < self.sweep:
            params = {"created_after": self.api.since(self.since)}
        known = {} if window is not None else self.before.get("edge", {}).get("clients", {})
        seen: dict[str, str] = {}
        for part in self.api.rows("clients", resource="clients", params=params):
            seen |= {record.key: _hash(record) for record in part.records if record.key}
            fresh = [record for record in part.records if known.get(record.key) != _hash(record)]
            if fresh:
                yield self.table(Part(fresh, part.asked_at))
        if self.contact.reads_history_only:
            return
        if self.contact.is_first or not params:
            self.state["clients_swept_at"] = self.contact.now.isoformat()
        newest = sorted({**known, **seen}.items(), key=lambda pair: (len(pair[0]), pair[0]))[-KNOWN_CLIENTS:]
        self.remember("clients", dict(newest))

    @property
    def sweep(self) -> timedelta:
        """How often all clients are read."""
        return timedelta(days=self.account.number("clients_sweep_days", CLIENTS_SWEEP_DAYS))

    def ratings(self) -> Iterator[pa.Table]:
        """New lines of the ratings' folder; the folder has no history of its own, so it is read whole at the first contact."""
        if self.contact.reads_history_only:
            return
        known = copy.deepcopy(self.before.get("ratings", {}))
        for records in new_lines(self.account, known):
            yield documents.table(records, account=self.account.name, asked_at=self.contact.now)
        self.state["ratings"] = known

    def own_settings(self) -> list[Part]:
        """What the settings say, as a document, so that staging knows it."""
        told = {
            "time_zone": self.api.zone.key,
            "rating_field": self.account.setting("rating_field", "") or None,
            "order_field": self.account.setting("order_field", "") or None,
            "channels": [{"id": number, "kind": kind} for number, kind in channels_of(self.account).items()],
        }
        return [Part([Record("settings", None, json.dumps(told, ensure_ascii=False))], self.contact.now)]

    def full_list(self, resource: str, read: Callable[[], list[Part]]) -> Iterator[pa.Table]:
        """A list that is landed whole, and only when it is not what was landed last."""
        if self.contact.reads_history_only:
            return
        parts = read()
        records = [record for part in parts for record in part.records]
        asked_at = min((part.asked_at for part in parts), default=self.contact.now)
        yield from whole_lists.when_changed(resource, records, account=self.account, asked_at=asked_at, state=self.state)

    def range_of(self, window: Any) -> dict[str, str]:
        """The filter for a window of creation; the window in which history begins has no beginning, whatever the filters' zone."""
        start = self.account.moment("start_date")
        reaches_back = start is not None and window.since <= start
        until = {"created_before": self.api.until(window.until)}
        return until if reaches_back else until | {"created_after": self.api.since(window.since)}

    def remember(self, what: str, hashes: dict[str, str]) -> None:
        self.state.setdefault("edge", {})[what] = hashes

    def table(self, part: Part) -> pa.Table:
        return documents.table(part.records, account=self.account.name, asked_at=part.asked_at)


def channels_of(account: Account) -> dict[str, str]:
    """The setting channels: `66235:chat,66240:email`. Raises SettingError."""
    pairs = [pair.strip() for pair in account.setting("channels", "").split(",") if pair.strip()]
    if any(pair.count(":") != 1 for pair in pairs):
        raise SettingError(f"{account.vendor}/{account.name}: {account.variable('channels')} must be pairs of a channel's id and what it "
                           "is, e.g. 66235:chat,66240:email.")
    return {number.strip(): kind.strip() for number, kind in (pair.split(":") for pair in pairs)}


def _ticket(record: Record) -> Ticket:
    """A ticket, read leniently: one of another shape has no client and no times."""
    try:
        return msgspec.json.decode(record.payload, type=Ticket)
    except (msgspec.MsgspecError, UnicodeError):
        return Ticket()


def _hash(record: Record) -> str:
    return documents.payload_key(record.payload)[7:23]


def _resource(name: str, read: Callable[[], Iterator[pa.Table]]) -> Any:
    @dlt.resource(name=name, write_disposition="append")
    def documents_of() -> Iterator[pa.Table]:
        yield from read()

    return documents_of
