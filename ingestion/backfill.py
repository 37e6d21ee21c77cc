"""A stretch of history read again, whatever was landed of it: rows that a vendor told too late, a lake that lost something.

    vendor, days, resources  ──►  `wanted`  ──►  windows, newest first  ──►  vendor.source  ──►  dlt loads  ──►  lake

Where the nightly reads on stays byte for byte what it was: each window's source sees the state, and no load of a backfill writes one.
A window is a load, all of its resources or none, and the vendor's own source cuts it further as the vendor demands. Which loads were
brought so is on record before they are, in lake/backfills, since they say nothing about how much a vendor sends in a day. Staging keeps
the newest version of each key, so that the same window read twice is as if read once.
"""

import json
import time
import uuid
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from datetime import time as clock_time
from zoneinfo import ZoneInfo

from dlt.pipeline.exceptions import PipelineStepFailed

from ingestion import clock, lake
from ingestion.accounts import Account, SettingError
from ingestion.contact import FIRST_WINDOW, brought, longer, progress_of, vendor_error
from ingestion.http import VendorError
from ingestion.shelves import HALVES, settle
from ingestion.vendor import Contact, Resource, Vendor, Window

FIRST_YEAR = 1990


class Impossible(ValueError):
    """What was asked for cannot be read again; the text is a sentence."""


@dataclass(frozen=True)
class Wanted:
    """What is to be read again: these days of these resources of these accounts of a vendor. window: of the days, aware UTC."""

    vendor: Vendor
    accounts: tuple[Account, ...]
    first_day: date
    last_day: date
    window: Window
    resources: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.vendor.name} {self.first_day} … {self.last_day}"


@dataclass
class Backfilled:
    """What came of it, over all accounts. errors: sentences of the accounts that were not read to the end; what they had brought stays."""

    documents: dict[str, int] = field(default_factory=dict)
    load_ids: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)


def wanted(vendors: Iterable[Vendor], vendor: str, first_day: date, last_day: date, resources: Iterable[str] = (), *, zone: ZoneInfo,
           account: str = "") -> Wanted:
    """What these words ask for; the days are the zone's and both are included. Raises Impossible."""
    known = {one.name: one for one in vendors}
    if vendor not in known:
        raise Impossible(f"There is no vendor {vendor!r}; there are {', '.join(known)}. Nothing was read.")
    found, today = known[vendor], clock.now().astimezone(zone).date()
    if first_day > last_day:
        raise Impossible(f"The first day, {first_day}, is after the last, {last_day}. Nothing was read.")
    if last_day > today:
        raise Impossible(f"{last_day} is in the future, today is {today} ({zone.key}). Nothing was read.")
    names = _resources(found, tuple(dict.fromkeys(resources)))
    if first_day.year < FIRST_YEAR:
        raise Impossible(f"No vendor has days before {FIRST_YEAR}; {first_day} is asked for. Nothing was read.")
    since, until = (_begins(day, zone) for day in (first_day, last_day + timedelta(days=1)))
    return Wanted(found, _accounts(found, account), first_day, last_day, Window(since, min(until, clock.now())), names)


def backfill(asked: Wanted, *, refresh_id: str, say: Callable[[str], None] = print) -> Backfilled:
    """Read it, account by account. The caller holds the refresh lock. Never raises for a vendor's fault or a setting's: the outcome
    says so, and what was landed before it stays. Raises Impossible for an account that was never read."""
    done = Backfilled()
    for account in asked.accounts:
        try:
            _Account(asked, account, refresh_id, say).read(done)
        except (VendorError, SettingError) as error:
            done.errors.append(str(error))
        except PipelineStepFailed as failed:
            if (cause := vendor_error(failed)) is None:
                raise
            done.errors.append(str(cause))
    return done


def backfilled_loads(vendor: Vendor) -> frozenset[str]:
    """The loads of a vendor that a backfill brought, or was about to."""
    notes = (json.loads(path.read_text(encoding="utf-8")) for path in (lake.root() / "backfills").glob("[!.]*.json"))
    return frozenset(load_id for note in notes if note["source_system"] == vendor.name for load_id in note["load_ids"])


def documents_of(vendor: Vendor, refresh_id: str) -> int:
    """How many documents the finished loads of one backfill brought."""
    notes = (json.loads(path.read_text(encoding="utf-8")) for path in (lake.root() / "backfills").glob("[!.]*.json"))
    own = [note for note in notes if (note["source_system"], note["refresh_id"]) == (vendor.name, refresh_id)]
    files = (lake.root() / vendor.dataset / "_dlt_loads").glob("[!.]*.jsonl") if own else ()
    loads = [json.loads(line) for path in files for line in path.read_text(encoding="utf-8").splitlines() if line]
    finished = {load["load_id"] for load in loads if load["status"] == 0}
    return sum(sum(note["documents"].values()) for note in own if finished.issuperset(note["load_ids"]))


class _Account:
    """One account's windows."""

    def __init__(self, asked: Wanted, account: Account, refresh_id: str, say: Callable[[str], None]) -> None:
        self.asked, self.account, self.refresh_id, self.say = asked, account, refresh_id, say
        self.who = f"{asked.vendor.name}/{account.name}"
        self.pipeline = lake.pipeline_for(asked.vendor, account, keeps_place=False)

    def read(self, done: Backfilled) -> None:
        if refused := self.asked.vendor.refused(self.account):
            raise SettingError(refused)
        self._fetch_state()
        if not progress_of(self.pipeline, self.asked.vendor):
            raise Impossible(f"{self.who} was never read: its first refresh reads all of its history, so there is nothing to read again.")
        for window in self._windows():
            self._fetch_state()  # a source may have written into it
            counts = self._load(window, done)
            self.say(f"{self.who}: {window.since:%Y-%m-%d %H:%M} … {window.until:%Y-%m-%d %H:%M} UTC again: {brought(counts)}")
            for name, count in counts.items():
                done.documents[name] = done.documents.get(name, 0) + count

    def _windows(self) -> Iterator[Window]:
        """The days, newest first, in windows that cost about a minute each, from a month to a year; nothing before start_date."""
        start, window = self.account.moment("start_date", zone=ZoneInfo("UTC")), self.asked.window
        since, until, length = max(window.since, start or window.since), window.until, FIRST_WINDOW
        if since > window.since:
            self.say(f"{self.who}: nothing before {self.account.variable('start_date')} is read.")
        while until > since:
            begun = time.monotonic()
            yield Window(max(since, until - length), until)
            until, length = until - length, longer(length, time.monotonic() - begun)

    def _load(self, window: Window, done: Backfilled) -> dict[str, int]:
        contact = Contact(now=clock.now(), window=window, is_backfill=True)
        source = self.asked.vendor.source(self.account, contact).with_resources(*self.asked.resources)
        self.pipeline.extract(source)
        self.pipeline.normalize()
        load_ids = self.pipeline.list_normalized_load_packages()
        if not load_ids:
            return {}
        rows = self.pipeline.last_trace.last_normalize_info.row_counts
        counts = {name: count for name, count in rows.items() if not name.startswith("_dlt")}
        self._note(window, load_ids, counts)
        self.pipeline.load()
        for load_id in load_ids:
            lake.assert_load_ids(self.asked.vendor, load_id)
        done.load_ids += load_ids
        return counts

    def _fetch_state(self) -> None:
        """The state as the last finished contact left it, whatever a dead run or a source made of it."""
        self.pipeline.drop()
        self.pipeline.sync_destination()

    def _note(self, window: Window, load_ids: list[str], documents: dict[str, int]) -> None:
        folder, now = lake.root() / "backfills", datetime.now(UTC)
        row = {"source_system": self.asked.vendor.name, "source_account": self.account.name, "refresh_id": self.refresh_id,
               "noted_at": now.isoformat(), "since": window.since.isoformat(), "until": window.until.isoformat(),
               "resources": list(self.asked.resources), "documents": documents, "load_ids": load_ids}
        half = folder / HALVES / uuid.uuid4().hex
        half.parent.mkdir(parents=True, exist_ok=True)
        half.write_text(json.dumps(row, ensure_ascii=False) + "\n", encoding="utf-8")
        settle(half, folder / f"{now:%Y%m%dT%H%M%S%f}-{self.asked.vendor.name}-{self.account.name}.json")


def _resources(vendor: Vendor, asked: tuple[str, ...]) -> tuple[str, ...]:
    """The resources to read, with those that are read together with them. Raises Impossible."""
    has_windows = {one.name: one for one in vendor.resources if one.window}
    if not has_windows:
        raise Impossible(f"{vendor.title} has no windows: every refresh reads it whole and lands what differs, so no day of it can be "
                         "asked for alone. Nothing was read; `make refresh` reads it.")
    known = {one.name: one for one in vendor.resources}
    if unknown := [name for name in asked if name not in known]:
        raise Impossible(f"{vendor.title} has no resource {unknown[0]!r}; with windows it has {', '.join(has_windows)}. Nothing was read.")
    if whole := [known[name] for name in asked if name not in has_windows]:
        raise Impossible(f"{vendor.name} {whole[0].name} {_has_none(whole[0])} Nothing was read; with windows there are "
                         f"{', '.join(has_windows)}.")
    chosen = asked or tuple(has_windows)
    groups = {has_windows[name].together for name in chosen} - {""}
    return tuple(name for name, one in has_windows.items() if name in chosen or one.together in groups)


def _has_none(resource: Resource) -> str:
    if resource.kind == "snapshot":
        return "has no windows: the vendor tells today's alone, and what was not landed on its day is not told any more."
    return "has no windows: every refresh reads it whole and lands what differs."


def _accounts(vendor: Vendor, name: str) -> tuple[Account, ...]:
    accounts = vendor.accounts()
    if not accounts:
        raise Impossible(f"{vendor.title} is switched off: its settings (.env.example) are not there. Nothing was read.")
    if name and name not in [one.name for one in accounts]:
        raise Impossible(f"{vendor.title} has no account {name!r}; there is {', '.join(one.name for one in accounts)}. Nothing was read.")
    return tuple(one for one in accounts if name in ("", one.name))


def _begins(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, clock_time(), zone).astimezone(UTC)
