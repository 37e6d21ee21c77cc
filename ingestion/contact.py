"""One night's contact with one account: what changed, then what is left of its history, newest first.

vendor.source(account, contact) -> dlt load (all resources or none) -> lake; each contact leaves a line in lake/contacts, since a night
without news leaves no load. The first load reads the newest month, then older windows whose length follows the measured speed, until
the budget is spent; where it stopped is kept with the load, so the next run goes on from there.
"""

import json
import sys
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import dlt
from dlt.pipeline.exceptions import PipelineStepFailed

from ingestion import clock, lake, lock
from ingestion.accounts import Account, SettingError, read_env_file
from ingestion.http import VendorError
from ingestion.redaction import printable, redact
from ingestion.shelves import HALVES, settle
from ingestion.vendor import Contact, Vendor, Window

FIRST_WINDOW = timedelta(days=30)
LONGEST_WINDOW = timedelta(days=366)
# A window should cost about this long: short enough to lose little when a run dies, long enough that a load's own cost is small.
WINDOW_SECONDS = 60.0
_PROGRESS = "contact"


@dataclass(frozen=True)
class AccountReport:
    """What a night's contact brought. documents: by resource. history_left_days: 0 when all of the history is in the lake."""

    source_system: str
    source_account: str
    refresh_id: str
    contacted_at: datetime
    finished_at: datetime
    status: str
    error: str
    documents: dict[str, int]
    load_ids: tuple[str, ...]
    data_through_at: datetime | None
    loaded_from_at: datetime | None
    history_left_days: float
    history_eta_seconds: float

    @property
    def succeeded(self) -> bool:
        """True when the vendor was read to the end of what was asked."""
        return self.status == "success"


def refresh_account(vendor: Vendor, account: Account, *, refresh_id: str, budget: timedelta,
                    say: Callable[[str], None] = print) -> AccountReport:
    """Read an account as far as the budget allows; at least one contact is made, and a first one in full.

    Never raises for a vendor's fault or a setting's: the report says so, and whatever loads were finished stay. Programming errors and a
    full disk are raised.
    """
    night = _Night(vendor, account, refresh_id, say)
    try:
        night.run(budget)
    except (VendorError, SettingError) as error:
        night.error = str(error)
    except PipelineStepFailed as failed:
        cause = vendor_error(failed)
        if cause is None:
            raise
        night.error = str(cause)
    report = night.report()
    _record(report)
    return report


def report_fault(vendor: Vendor, account: Account, *, refresh_id: str, error: str) -> AccountReport:
    """Put a contact on record as failed that `refresh_account` raised out of, so that the account counts as stale."""
    night = _Night(vendor, account, refresh_id, lambda line: None)
    night.error = error
    report = night.report()
    _record(report)
    return report


def load_alone(vendor: Vendor) -> int:
    """Load every account of one vendor once, the whole of its history; what `python -m ingestion.<vendor>` does. The exit status. A refresh
    that is running is waited for: one pipeline must never run twice at once, and it would sweep away what is half written here."""
    read_env_file()
    try:
        lake.data_root()
        accounts = vendor.accounts()
    except SettingError as error:
        print(printable(redact(str(error))), file=sys.stderr)
        return 2
    if not accounts:
        wanted = ", ".join(Account(vendor.name).variable(key if isinstance(key, str) else key[0]) for key in vendor.required_settings)
        print(f"{vendor.title} is switched off: set {wanted}.", file=sys.stderr)
        return 2
    refresh_id = f"alone-{datetime.now(UTC):%Y%m%dT%H%M%S}"
    with lock.refresh_lock(holder=f"{lock.LOAD} of {vendor.name}", waits_for=lock.anybody, say=_say):
        lake.prepare()
        reports = [refresh_account(vendor, account, refresh_id=refresh_id, budget=timedelta.max) for account in accounts]
    for failed in (report for report in reports if not report.succeeded):
        print(printable(redact(failed.error)), file=sys.stderr)
    return 0 if all(report.succeeded for report in reports) else 1


def longer(length: timedelta, cost: float) -> timedelta:
    """How long the next window should be after one that took so many seconds."""
    return min(LONGEST_WINDOW, max(FIRST_WINDOW, length * min(12.0, WINDOW_SECONDS / max(cost, 0.05))))


def brought(counts: Mapping[str, int]) -> str:
    """What a load brought, by resource, in words."""
    return ", ".join(f"{name} {count:,}".replace(",", " ") for name, count in sorted(counts.items()) if count) or "no news"


def progress_of(pipeline: dlt.Pipeline, vendor: Vendor) -> dict[str, Any]:
    """loaded_from, oldest, through: ISO texts; empty before the first finished contact."""
    return pipeline.state.get("sources", {}).get(vendor.name, {}).get(_PROGRESS, {})


def vendor_error(failed: BaseException) -> VendorError | SettingError | None:
    """The vendor's or the setting's own sentence inside dlt's wrappers, if that is what went wrong."""
    seen: BaseException | None = failed
    while seen is not None:
        if isinstance(seen, VendorError | SettingError):
            return seen
        seen = seen.__cause__ or seen.__context__
    return None


class _Night:
    """The walk of one account through one refresh."""

    def __init__(self, vendor: Vendor, account: Account, refresh_id: str, say: Callable[[str], None]) -> None:
        self.vendor, self.account, self.refresh_id, self.say = vendor, account, refresh_id, say
        self.now, self.started = clock.now(), time.monotonic()
        self.documents: dict[str, int] = {}
        self.load_ids: list[str] = []
        self.error, self.eta = "", 0.0
        self.pipeline = lake.pipeline_for(vendor, account)
        # Whatever a dead run left in the working folder is dropped; the state comes back with the last finished load.
        self.pipeline.drop()
        self.pipeline.sync_destination()

    def run(self, budget: timedelta) -> None:
        if refused := self.vendor.refused(self.account):
            raise SettingError(refused)
        progress = self.progress()
        if not progress:
            oldest = self.vendor.oldest(self.account)
            first = Window(max(self.now - FIRST_WINDOW, oldest) if oldest else self.now - FIRST_WINDOW, self.now)
            self.load(Contact(now=self.now, window=first, is_first=True), oldest=oldest or first.since)
        else:
            self.load(Contact(now=self.now, window=None))
        first_cost = 0.0 if progress else time.monotonic() - self.started
        for window in self._history(budget, first_cost):
            self.load(Contact(now=self.now, window=window))

    def _history(self, budget: timedelta, cost: float) -> Iterator[Window]:
        length = FIRST_WINDOW
        while (progress := self.progress())["loaded_from"] > progress["oldest"]:
            until, oldest = _moment(progress["loaded_from"]), _moment(progress["oldest"])
            left = until - oldest
            self.eta = cost / length.total_seconds() * left.total_seconds() if cost else 0.0
            if time.monotonic() - self.started >= budget.total_seconds():
                self.say(f"{self._who()}: {left.days} days of history are left"
                         + (f", about {_minutes(self.eta)} at this speed" if cost else "") + "; the next run goes on.")
                return
            if cost:
                length = longer(length, cost)
            before = time.monotonic()
            yield Window(max(oldest, until - length), until)
            cost = time.monotonic() - before
        self.eta = 0.0

    def load(self, contact: Contact, *, oldest: datetime | None = None) -> None:
        """One dlt load: the vendor's resources and, committed with them, how far the history is read."""
        source = self.vendor.source(self.account, contact)
        source.resources.add(_progress_resource(contact, oldest, self.progress()))
        info = self.pipeline.run(source)
        counts = {name: n for name, n in self.pipeline.last_trace.last_normalize_info.row_counts.items() if not name.startswith("_dlt")}
        for load_id in info.loads_ids:
            lake.assert_load_ids(self.vendor, load_id)
        self.load_ids += info.loads_ids
        for name, count in counts.items():
            self.documents[name] = self.documents.get(name, 0) + count
        what = "changes" if contact.window is None else f"{contact.window.since:%Y-%m-%d} … {contact.window.until:%Y-%m-%d}"
        self.say(f"{self._who()}: {what}: {brought(counts)}")

    def progress(self) -> dict[str, Any]:
        """loaded_from, oldest, through: ISO texts; empty before the first finished contact."""
        return progress_of(self.pipeline, self.vendor)

    def report(self) -> AccountReport:
        progress = self.progress()
        left = (_moment(progress["loaded_from"]) - _moment(progress["oldest"])).total_seconds() / 86400 if progress else 0.0
        return AccountReport(
            source_system=self.vendor.name, source_account=self.account.name, refresh_id=self.refresh_id, contacted_at=self.now,
            finished_at=datetime.now(UTC), status="failed" if self.error else "success", error=redact(self.error), documents=self.documents,
            load_ids=tuple(self.load_ids), data_through_at=_moment(progress["through"]) if progress else None,
            loaded_from_at=_moment(progress["loaded_from"]) if progress else None,
            history_left_days=max(0.0, left), history_eta_seconds=round(self.eta, 1))

    def _who(self) -> str:
        return f"{self.vendor.name}/{self.account.name}"


def _progress_resource(contact: Contact, oldest: datetime | None, before: dict[str, Any]) -> Any:
    @dlt.resource(name="_progress", selected=True)
    def progress() -> Iterator[Any]:
        state = dlt.current.source_state()
        kept = dict(state.get(_PROGRESS, before))
        if contact.is_first:
            kept = {"loaded_from": _text(contact.window.since), "oldest": _text(oldest), "through": _text(contact.now)}
        elif contact.window is None:
            kept["through"] = _text(contact.now)
        elif contact.window.since < _moment(kept["loaded_from"]) <= contact.window.until:
            kept["loaded_from"] = _text(contact.window.since)
        state[_PROGRESS] = kept
        yield from ()

    return progress


def _record(report: AccountReport) -> None:
    folder = lake.root() / "contacts"
    row = {**asdict(report), "documents": sum(report.documents.values())}
    for name, value in row.items():
        row[name] = value.isoformat() if isinstance(value, datetime) else value
    del row["load_ids"]
    half = folder / HALVES / uuid.uuid4().hex
    half.parent.mkdir(parents=True, exist_ok=True)
    half.write_text(json.dumps(row, ensure_ascii=False) + "\n", encoding="utf-8")
    stamp = report.finished_at.strftime("%Y%m%dT%H%M%S%f")
    settle(half, folder / f"{stamp}-{report.source_system}-{report.source_account}.jsonl")


def _say(line: str) -> None:
    print(printable(redact(line)), flush=True)


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _text(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat()


def _minutes(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 90 else f"{seconds / 60:.0f} min"
