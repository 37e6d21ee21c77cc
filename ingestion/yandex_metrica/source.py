"""What one contact with Yandex.Metrica reads.

contact ──► whole days in the counter's zone ──► log requests of visits and hits ──► Arrow tables of documents

A window of history is read by the days that begin in it, so that windows which meet neither overlap nor leave a gap; the day that is still
running belongs to none. A night reads the last four complete days again, and more after an outage: from the first day that was not settled
when we asked last. All rows of a contact carry one version, so that a day's newest export can be told from its older ones.
"""

import json
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from functools import cached_property
from typing import Any
from zoneinfo import ZoneInfo

import dlt
import msgspec
import pyarrow as pa

from ingestion import clock, documents, whole_lists
from ingestion.accounts import Account, SettingError
from ingestion.http import VendorError
from ingestion.vendor import Contact
from ingestion.yandex_metrica.api import Api
from ingestion.yandex_metrica.logs import Logs
from ingestion.yandex_metrica.tsv import PLACEHOLDER, NotALog, Shape, documents_of

REREAD_DAYS = 4
CLOCKS_DIFFER = timedelta(minutes=10)
FIELDS_LIMIT = 3000
VISITS = ("ym:s:visitID", "ym:s:counterID", "ym:s:date", "ym:s:dateTime", "ym:s:clientID", "ym:s:watchIDs", "ym:s:isNewUser",
          "ym:s:startURL", "ym:s:pageViews", "ym:s:visitDuration", "ym:s:regionCity", "ym:s:deviceCategory",
          f"ym:s:{PLACEHOLDER}TrafficSource", f"ym:s:{PLACEHOLDER}UTMSource", f"ym:s:{PLACEHOLDER}UTMMedium",
          f"ym:s:{PLACEHOLDER}UTMCampaign", "ym:s:goalsID", "ym:s:goalsDateTime", "ym:s:goalsPrice", "ym:s:purchaseID",
          "ym:s:purchaseDateTime", "ym:s:purchaseRevenue")
# Three times as many as visits, so only what is read.
HITS = ("ym:pv:watchID", "ym:pv:clientID", "ym:pv:date", "ym:pv:dateTime", "ym:pv:isPageView", "ym:pv:ecommerce", "ym:pv:params")


def yandex_metrica(account: Account, contact: Contact) -> Any:
    """The dlt source for one contact: a resource for each that the vendor declares."""

    @dlt.source(name="yandex_metrica", max_table_nesting=0)
    def yandex_metrica_source() -> Any:
        plan = Plan(account, contact)
        return [
            *(dlt.resource(_rows, name=source, write_disposition="append")(plan, source) for source in plan.shapes),
            dlt.resource(_exported_days, name="exported_days", write_disposition="append")(plan),
            dlt.resource(_counters, name="counters", write_disposition="append")(plan),
        ]

    return yandex_metrica_source()


class Plan:
    """What the resources of one contact share: the counter, the days and the log requests; looked up when first needed."""

    def __init__(self, account: Account, contact: Contact) -> None:
        self.account, self.contact, self.asked_at = account, contact, clock.now()
        self.shapes = shapes_of(account)
        self.api = Api(account)
        self.logs = Logs(self.api, account, {source: shape.fields for source, shape in self.shapes.items()})

    @cached_property
    def counter(self) -> str:
        """The counter's own record as JSON text."""
        return self.api.counter()

    @cached_property
    def yesterday(self) -> date:
        """The last complete day of the counter."""
        return yesterday_of(self.contact, zone_of(self.counter, self.account))

    @cached_property
    def days(self) -> tuple[date, date] | None:
        """First and last day to read; None when no complete day lies in the contact's window."""
        reread = max(2, int(self.account.number("reread_days", REREAD_DAYS)))
        return days_of(self.contact, zone_of(self.counter, self.account), dlt.current.source_state().get("read_through"), reread)


def history_begins(account: Account) -> datetime:
    """The setting start_date (ISO date or time), else when the counter was made. Raises SettingError and VendorError."""
    if start := account.moment("start_date"):
        return start
    told = str(json.loads(Api(account).counter()).get("create_time") or "")
    try:
        moment = datetime.fromisoformat(told)
    except ValueError:
        raise VendorError(f"yandex_metrica/{account.name} counters: the counter was made at {told!r}, which is no time. "
                          f"Nothing was loaded; set {account.variable('start_date')}.") from None
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def shapes_of(account: Account) -> dict[str, Shape]:
    """What is asked of each source: our fields and those of the setting extra_fields (ym:s:… for visits, ym:pv:… for hits)."""
    extra = [name.strip() for name in account.setting("extra_fields", "").split(",") if name.strip()]
    visits = tuple(dict.fromkeys([*VISITS, *(name for name in extra if name.startswith("ym:s:"))]))
    hits = tuple(dict.fromkeys([*HITS, *(name for name in extra if name.startswith("ym:pv:"))]))
    if strange := [name for name in extra if not name.startswith(("ym:s:", "ym:pv:"))]:
        raise SettingError(f"yandex_metrica/{account.name}: {account.variable('extra_fields')} names {', '.join(strange)}; a field of "
                           "visits begins with ym:s: and one of hits with ym:pv:.")
    for fields in (visits, hits):
        if len(",".join(fields)) > FIELDS_LIMIT:
            raise SettingError(f"yandex_metrica/{account.name}: with {account.variable('extra_fields')} the list of fields is longer than "
                               f"the {FIELDS_LIMIT} characters that the vendor takes. Name fewer.")
    return {
        "visits": Shape(visits, ("ym:s:counterID", "ym:s:date", "ym:s:visitID"), "ym:s:date", frozenset({"ym:s:date"})),
        "hits": Shape(hits, ("ym:pv:watchID",), "ym:pv:date"),
    }


def zone_of(counter: str, account: Account) -> ZoneInfo:
    """The zone in which the counter counts its days. Raises VendorError."""
    name = json.loads(counter).get("time_zone_name") or ""
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise VendorError(f"yandex_metrica/{account.name} counters: the counter's time zone is {name!r}, which is none. Nothing was "
                          "loaded, since no day could be told; correct it in the counter's settings.") from None


def days_of(contact: Contact, zone: ZoneInfo, read_through: str | None, reread: int) -> tuple[date, date] | None:
    """First and last day to read at a contact; None when no complete day lies in it."""
    yesterday = yesterday_of(contact, zone)
    if contact.window is None:
        # A day is settled `reread` days after it; those that were not when we asked last are read again, at least the last four.
        first = yesterday - timedelta(days=reread - 1)
        return (min(first, date.fromisoformat(read_through) - timedelta(days=reread - 2)) if read_through else first), yesterday
    first = _first_day(contact.window.since, zone)
    last = yesterday if contact.is_first else min(yesterday, _first_day(contact.window.until, zone) - timedelta(days=1))
    return (first, last) if first <= last else None


def yesterday_of(contact: Contact, zone: ZoneInfo) -> date:
    """The last day that is complete at a contact by the counter's clock too: a day that it still counts it refuses to tell."""
    return (contact.now - CLOCKS_DIFFER).astimezone(zone).date() - timedelta(days=1)


def _first_day(moment: datetime, zone: ZoneInfo) -> date:
    """The day to which a moment belongs: a window begins with the whole of it, and the window before ends with the day before."""
    return moment.astimezone(zone).date()


def _rows(plan: Plan, source: str) -> Iterator[pa.Table]:
    if plan.days is None:
        return
    try:
        plan.logs.begin(*plan.days)
        for request, body in plan.logs.parts(source):
            try:
                table = documents_of(body, plan.shapes[source], account=plan.account.name, asked_at=plan.asked_at,
                                     attribution=request.attribution)
            except NotALog as error:
                raise VendorError(f"{plan.api.who(source)}: a part of log request {request.request_id} is no log: {error}. Nothing of this "
                                  "load was kept; the next run asks again.") from error
            if table.num_rows:
                yield table
    except BaseException:
        plan.logs.close()
        raise


def _exported_days(plan: Plan) -> Iterator[pa.Table]:
    """Our note of what this load replaces. It is committed with the load or not at all, so it may be written before the rows are there."""
    days = plan.days  # looked up by the state as it was
    if not plan.contact.reads_history_only:
        # Also when there was no day to read: the days from the first contact on are the nights' to read, however late the next one comes.
        dlt.current.source_state()["read_through"] = plan.yesterday.isoformat()
    if days is None:
        return
    first, last = days
    every = [(source, (first + timedelta(days=number)).isoformat()) for source in plan.shapes for number in range((last - first).days + 1)]
    records = [documents.Record(f"{source}:{day}", day, msgspec.json.encode({"source": source, "date": day}).decode())
               for source, day in every]
    yield documents.table(records, account=plan.account.name, asked_at=plan.asked_at)


def _counters(plan: Plan) -> Iterator[pa.Table]:
    if plan.contact.reads_history_only:
        return
    record = documents.Record(str(json.loads(plan.counter).get("id")), None, plan.counter)
    yield from whole_lists.when_changed(
        "counters", [record], account=plan.account, asked_at=plan.asked_at, state=dlt.current.source_state()
    )
