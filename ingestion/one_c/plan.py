"""What the resources of one contact share: the infobase, how far back to look, what the exchange plan told.

    Contact, the state of the last finished load  ->  `Plan`; looked up when first needed, by the state as it was

State, committed with the load: `unread`, what is not read for want of its fields; `costs_read_far`, when costs were last read far back;
`through`, up to when documents were read; `scanned`, when every version was last looked at; `exchange`, the message that was loaded;
`digests` of lists that land whole.
"""

from collections.abc import MutableMapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any

import dlt

from ingestion.accounts import Account
from ingestion.one_c import metadata
from ingestion.one_c.api import Api, Listed, Query
from ingestion.one_c.exchange import Exchange, Told
from ingestion.one_c.names import NEEDS, objects_of
from ingestion.one_c.windows import Span
from ingestion.vendor import Contact

OVERLAP_DAYS, SCAN_DAYS = 7, 400
UNREAD, COSTS_READ_FAR = "unread", "costs_read_far"
# A plan may lack an object, or its registration may be switched off: nothing in it says so.
SCAN_WITH_A_PLAN_EVERY = timedelta(days=7)


@dataclass(frozen=True)
class Reach:
    """How far a night's contact looks, by the server's clock. through: from here on documents are read in full; since: from here on their
    versions are compared; begun: where the history that was read so far begins, and what is older is still to come with its windows;
    is_scan: catalogues are compared whole; told: what the exchange plan told."""

    through: datetime
    since: datetime
    begun: datetime
    is_scan: bool
    told: Told


class Plan:
    """One contact with one account. start: nothing older is wanted; mended: resources that could not be read at the last contact."""

    def __init__(self, account: Account, contact: Contact) -> None:
        self.account, self.contact = account, contact
        self.mended: set[str] = set()
        self.api = Api(account)
        self.exchange = Exchange(self.api)
        self.start = self._start()
        self.now = self.api.server_time(contact.now)

    @cached_property
    def names(self) -> dict[str, str]:
        """{resource: the object in force}, empty where there is none, or it lacks what it needs. To be asked for when `is_ready` was."""
        unread = dlt.current.source_state().get(UNREAD, {})
        return {resource: "" if resource in unread else name for resource, name in objects_of(self.account).items()}

    @property
    def unread(self) -> str:
        """What is not read for want of its fields, in words; what need not be there is missed by what leads to it."""
        optional = {needs.resource for needs in NEEDS if needs.may_miss}
        lacks = {resource: told for resource, told in dlt.current.source_state().get(UNREAD, {}).items() if resource not in optional}
        return "; ".join(f"{resource}: {lacks[resource]}" for resource in sorted(lacks))

    @property
    def window(self) -> Span:
        """The stretch that a first or an older window is of; the first has no end."""
        window = self.contact.window
        assert window is not None  # asked by those who have seen it
        since = self.api.server_time(window.since)
        return Span(since, self.api.server_time(window.until) if self.contact.reads_history_only else None)

    @cached_property
    def is_ready(self) -> bool:
        """What comes before any list is read, whichever resource is the first: `$metadata` is checked, and the cursors are taken. An older
        window has none, and follows a contact that has checked. Raises VendorError."""
        if self.contact.reads_history_only:
            return True
        state: MutableMapping[str, Any] = dlt.current.source_state()
        unread = metadata.check(self.api.metadata(), self.account)
        self.mended = set(state.get(UNREAD, {})) - unread.keys()
        state[UNREAD] = unread
        if self.contact.is_first:
            if self.exchange.is_on:
                self.exchange.begin(state)
            state["through"] = state["scanned"] = state[COSTS_READ_FAR] = self.contact.now.isoformat()
        return True

    @cached_property
    def reach(self) -> Reach:
        """Of a contact that brings changes. Takes the state on to this contact."""
        state = dlt.current.source_state()
        through = _moment(state.get("through")) or self.contact.now
        begun = _moment(state.get("contact", {}).get("loaded_from")) or through
        told, is_scan = Told(), True
        if self.exchange.is_on:
            told = self.exchange.changes(state)
            scanned = _moment(state.get("scanned"))
            is_scan = not told.is_complete or scanned is None or self.contact.now - scanned >= SCAN_WITH_A_PLAN_EVERY
        since = through - self._days("overlap_days", OVERLAP_DAYS)
        if is_scan:
            since = min(since, self.contact.now - self._days("scan_days", SCAN_DAYS))
            state["scanned"] = self.contact.now.isoformat()
        state["through"] = self.contact.now.isoformat()
        by_the_server = (self.api.server_time(moment) for moment in (through, max(since, begun), begun))
        return Reach(*by_the_server, is_scan=is_scan, told=told)

    @property
    def scanned_from(self) -> datetime:
        """As far back as a scan goes, by the server's clock."""
        return self.api.server_time(self.contact.now - self._days("scan_days", SCAN_DAYS))

    def catalogue(self, resource: str) -> list[Listed]:
        """A small catalogue, whole; read once in a contact."""
        if resource not in self._catalogues:
            name = self.names[resource]
            query = Query(name, resource, "Ref_Key asc", top=self.api.page_size)
            self._catalogues[resource] = list(self.api.listed(query)) if name else []
        return self._catalogues[resource]

    @cached_property
    def _catalogues(self) -> dict[str, list[Listed]]:
        return {}

    def _start(self) -> str:
        """START_DATE as the server writes it; empty where it is not set."""
        start = self.account.moment("start_date", zone=self.account.zone())
        return self.api.server_time(start).isoformat() if start else ""

    def _days(self, key: str, default: int) -> timedelta:
        return timedelta(days=max(0.0, self.account.number(key, default)))


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
