"""Mindbox's operations over HTTP: export jobs and the page of merges.

create job ──► poll until Ready ──► signed links ──► parts (plain or gzip JSON) ──► records

The vendor forms at most two exports at once, so two are asked for at once. Bases of millions take hours: a job has a budget, not a
patience. Signed links expire while a long list of them is read; then the job is asked for fresh ones.
"""

import io
import logging
import threading
import time
import zlib
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ingestion import documents
from ingestion.accounts import Account
from ingestion.http import Answer, Http, Transient, VendorError
from ingestion.unpacking import TooLarge, largest_of, unzipped

log = logging.getLogger(__name__)
FORMING_AT_ONCE = 2
GZIP = b"\x1f\x8b"
REQUESTS_PER_SECOND = 5.0  # The vendor publishes no figure; polls every few seconds need far less.
POLL_SECONDS = 15.0
BUDGET_MINUTES = 240.0
PART_ATTEMPTS = 4
DEAD_LINK_STATUSES = frozenset({401, 403, 404, 410})


class DeadLinkError(Exception):
    """A signed link is no longer honoured."""


@dataclass(frozen=True)
class Wanted:
    """One export to ask for. since None: from the beginning; both bounds aware UTC, till exclusive."""

    resource: str
    operation: str
    since: datetime | None
    till: datetime


@dataclass(frozen=True)
class Export:
    """A finished export: its job, when it was asked for (the version of its documents) and its links."""

    wanted: Wanted
    export_id: str
    asked_at: datetime
    urls: tuple[str, ...]


class Operations:
    """The operations of one account."""

    def __init__(self, account: Account) -> None:
        self._account = account
        rate = account.number("requests_per_second", REQUESTS_PER_SECOND)
        self._http = Http(account, base_url=account.setting("base_url"), headers=self._headers, requests_per_second=rate, judge=self._judge)
        # Links are foreign and already signed: a second credential makes the store refuse them.
        self._links = Http(account, base_url="", requests_per_second=rate, judge=_judge_link)

    def call(self, operation: str, body: dict[str, Any], *, resource: str) -> Answer:
        """One synchronous operation. Raises VendorError when the vendor's own status is not Success."""
        return self._http.post("/v3/operations/sync", resource=resource, json=body,
                               params={"endpointId": self._account.setting("endpoint_id"), "operation": operation})

    def download(self, url: str, *, resource: str) -> bytes:
        """One part, unpacked. Raises DeadLinkError, VendorError, TooLarge, and OSError, EOFError or zlib.error where it is damaged."""
        body = self._links.get(url, resource=resource, whole="bytes").body
        if not body.startswith(GZIP):
            return body
        return b"".join(unzipped(io.BytesIO(body), largest=min(largest_of(len(body)), self._links.largest)))

    def who(self, resource: str) -> str:
        """The beginning of a sentence about a resource."""
        return self._http.who(resource)

    def _headers(self) -> dict[str, str]:
        return {"Authorization": f"SecretKey {self._account.setting('secret_key')}", "Accept": "application/json"}

    def _judge(self, answer: Answer) -> None:
        """HTTP 200 says little here: the body's `status` decides."""
        try:
            said = documents.outline(answer.body)
        except documents.PageError:
            said = {}
        if "status" not in said:
            if answer.status >= 400:
                return
            raise Transient("the answer is no operation's result")
        if said["status"] == "Success":
            return
        if said["status"] == "InternalServerError":
            raise Transient(f"answered {said['status']} {_reason(said)}".rstrip())
        raise VendorError(f"{self._account.vendor}/{self._account.name}: the operation was refused with {said['status']} "
                          f"(HTTP {answer.status}): {_reason(said)} Nothing of this load was kept. Check the operation's name "
                          f"({self._account.variable('export_…_operation')}), endpoint_id and the rights of the key in Mindbox.")


class Exports:
    """The exports of one contact, formed two at a time while the first ones are already read."""

    def __init__(self, account: Account, operations: Operations) -> None:
        self._operations = operations
        self._poll_seconds = account.number("poll_seconds", POLL_SECONDS)
        self._budget_seconds = account.number("export_budget_minutes", BUDGET_MINUTES) * 60
        self._budget_variable = account.variable("export_budget_minutes")
        self._pause = account.number("retry_pause_seconds", 1.0)
        self._pool: ThreadPoolExecutor | None = None
        self._stopped = threading.Event()
        self._asked: dict[str, Future[Export]] = {}

    def start(self, wanted: list[Wanted]) -> None:
        """Ask for all of them, in order; at the first call only."""
        if self._pool is None:
            self._pool = ThreadPoolExecutor(max_workers=FORMING_AT_ONCE, thread_name_prefix="mindbox-export")
            self._asked = {each.resource: self._pool.submit(self._form, each) for each in wanted}

    def stop(self) -> None:
        """Give up the waiting ones; when this returns, nothing of this contact speaks to the vendor any more."""
        self._stopped.set()
        if self._pool is not None:
            self._pool.shutdown(wait=True, cancel_futures=True)

    def pages(self, resource: str, *, rows: str, key: tuple[str, ...], cursor: str) -> Iterator[tuple[datetime, list[documents.Record]]]:
        """(asked_at, records) of each part of a resource's export, once it is ready. Raises VendorError."""
        export = self._asked[resource].result()
        for number in range(len(export.urls)):
            export, records = self._part(export, number, rows=rows, key=key, cursor=cursor)
            yield export.asked_at, records

    def _form(self, wanted: Wanted) -> Export:
        if self._stopped.is_set():
            raise VendorError(f"{self._operations.who(wanted.resource)}: not asked for, because another resource failed.")
        bounds = {"tillDateTimeUtc": spelled(wanted.till)}
        if wanted.since is not None:
            bounds = {"sinceDateTimeUtc": spelled(wanted.since), **bounds}
        asked = self._operations.call(wanted.operation, bounds, resource=wanted.resource)
        export_id = asked.json().get("exportId")
        if not export_id:
            raise VendorError(f"{self._operations.who(wanted.resource)}: the operation {wanted.operation} answered Success without "
                              "an exportId. It is not an export operation: give it an export step in Mindbox, or name the right one.")
        return Export(wanted, str(export_id), asked.asked_at, self._wait(wanted, str(export_id)))

    def _wait(self, wanted: Wanted, export_id: str) -> tuple[str, ...]:
        """The links of a job, when it is ready. Raises VendorError when it is cancelled or its budget is spent."""
        deadline, who = time.monotonic() + self._budget_seconds, self._operations.who(wanted.resource)
        while True:
            said = self._operations.call(wanted.operation, {"exportId": export_id}, resource=wanted.resource).json()
            result = said.get("exportResult") or {}
            state = result.get("processingStatus")
            if state == "Ready":
                if not isinstance(result.get("urls"), list) or not all(isinstance(url, str) for url in result["urls"]):
                    raise VendorError(f"{who}: the export {export_id} is Ready and names no files. Nothing of this load was kept; "
                                      "set the operation's output to links in Mindbox.")
                return tuple(result["urls"])
            if state == "Cancelled":
                reason = result.get("cancellationReason") or "no reason given."
                raise VendorError(f"{who}: Mindbox cancelled the export {export_id}: {reason} "
                                  "Nothing of this load was kept; the next run asks again.")
            if time.monotonic() > deadline:
                raise VendorError(f"{who}: the export {export_id} was not ready after {self._budget_seconds / 60:g} minutes (last state "
                                  f"{state}). Nothing of this load was kept; the next run asks again. For a big base raise "
                                  f"{self._budget_variable}.")
            if self._stopped.wait(self._poll_seconds):
                raise VendorError(f"{who}: the wait for the export {export_id} was given up because another resource failed.")

    def _part(self, export: Export, number: int, *, rows: str, key: tuple[str, ...], cursor: str) -> tuple[Export, list[documents.Record]]:
        """The records of one part, asking again for a broken file or a dead link."""
        said, who, is_empty = "", self._operations.who(export.wanted.resource), False
        for attempt in range(PART_ATTEMPTS):
            if attempt:
                log.warning("%s: part %d of %d %s; asked again.", who, number + 1, len(export.urls), said)
                time.sleep(self._pause * 2 ** (attempt - 1))
            try:
                body = self._operations.download(export.urls[number], resource=export.wanted.resource)
                records = documents.split(body, rows=rows, key=key, cursor=cursor).records
                if records or is_empty:
                    return export, records
                said, is_empty = "holds no record", True
            except DeadLinkError:
                said = "has a link that is no longer honoured"
                export = self._with_fresh_links(export)
            except (OSError, EOFError, zlib.error) as error:
                said = f"is a broken gzip file ({error})"
            except TooLarge as error:
                raise VendorError(f"{who}: part {number + 1} of {len(export.urls)} of the export {export.export_id} was refused: {error}, "
                                  "as no export does. Nothing of this load was kept.") from None
            except documents.PageError as error:
                said = f"is not the file it should be ({error})"
        raise VendorError(f"{who}: part {number + 1} of {len(export.urls)} of the export {export.export_id} {said}, "
                          f"{PART_ATTEMPTS} times in a row. Nothing of this load was kept; the data of the last finished "
                          "load stays, and the next run asks for a new export.")

    def _with_fresh_links(self, export: Export) -> Export:
        urls = self._wait(export.wanted, export.export_id)
        if len(urls) != len(export.urls):
            raise VendorError(f"{self._operations.who(export.wanted.resource)}: the export {export.export_id} had {len(export.urls)} "
                              f"files and has {len(urls)} now. Nothing of this load was kept; the next run asks for a new export.")
        return Export(export.wanted, export.export_id, export.asked_at, urls)


def spelled(moment: datetime) -> str:
    """The documented spelling of a bound, to the minute: `YYYY-MM-DD hh:mm`."""
    return moment.strftime("%Y-%m-%d %H:%M")


def _judge_link(answer: Answer) -> None:
    if answer.status in DEAD_LINK_STATUSES:
        raise DeadLinkError


def _reason(said: dict[str, Any]) -> str:
    """The vendor's words: errorMessage, or the validation messages with their places."""
    messages = said.get("validationMessages")
    if isinstance(messages, list) and messages:
        return "; ".join(f"{each.get('message', '')} ({each.get('location', '')})" for each in messages if isinstance(each, dict))
    return str(said.get("errorMessage") or "")
