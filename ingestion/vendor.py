"""The frozen spec of a vendor, and what one contact with it is told.

ingestion/<vendor>/__init__.py -> VENDOR -> vendors.py -> landing and Dagster assets.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal

from ingestion.accounts import Account, accounts_of
from ingestion.settings import Form, refused

Kind = Literal["changes", "full_list", "snapshot"]


@dataclass(frozen=True)
class Resource:
    """One list of a vendor, landed as one table of documents.

    kind: `changes` are keyed upserts and deletes; of a `full_list` only the keys of the newest load that contains it live;
    the key of a `snapshot` contains its day. window: by what a stretch of it can be asked for, in words; empty where it comes whole or
    where its past is not told. together: resources of one such name are read by the same requests and landed by the same load.
    """

    name: str
    kind: Kind
    description: str
    window: str = ""
    together: str = ""


@dataclass(frozen=True)
class Window:
    """A stretch of history [since, until), aware UTC."""

    since: datetime
    until: datetime


@dataclass(frozen=True)
class Contact:
    """What one load of one account is asked for.

    window None: read what changed since the last contact. A window: read that stretch of history in full. is_first: the very first
    contact, which takes the change cursor before it reads any list, and reads full lists and snapshots besides its window.
    Full lists and snapshots belong to first and change contacts, never to older windows. is_backfill: the window is read again whatever was
    landed of it before, and nothing that is written into the state is kept.
    """

    now: datetime
    window: Window | None
    is_first: bool = False
    is_backfill: bool = False

    @property
    def reads_history_only(self) -> bool:
        """True for the older windows of a first load and for backfills, which must not touch the change cursor."""
        return self.window is not None and not self.is_first


@dataclass(frozen=True)
class Vendor:
    """A system that we read. `source(account, contact)` gives a dlt source with one resource per declared one. settings: the form of every
    setting that it reads, the required ones too."""

    name: str
    title: str
    role: str
    url: str
    resources: tuple[Resource, ...]
    source: Callable[[Account, Contact], Any]
    required_settings: tuple[str | tuple[str, ...], ...]
    oldest: Callable[[Account], datetime | None]
    settings: Mapping[str, Form] = field(default_factory=dict)
    cadence: str = "nightly"
    freshness: timedelta = timedelta(hours=36)
    tags: dict[str, str] = field(default_factory=dict)

    @property
    def dataset(self) -> str:
        """The one name of its raw schema, dlt dataset, dbt source and Dagster group."""
        return f"raw_{self.name}"

    def accounts(self) -> tuple[Account, ...]:
        """The accounts whose credentials are there, or some of them."""
        return accounts_of(self.name, self.required_settings)

    def refused(self, account: Account) -> str:
        """Why an account cannot be read as it is set up, in a sentence that names the setting; empty where it can. Asks nobody."""
        return refused(account, self.settings, self.required_settings)
