"""Export jobs: asked for, forming, ready, downloaded.

request ──► `ExportDesk.answer` (the job's state) ──► `ExportDesk.file` (a part of the file). A job sees the retailer as it stood when it
was asked for. Two jobs form at once, later ones wait for a place; a job is ready after a number of polls, not of seconds, since the
sandbox's clock stands still.
"""

import gzip
import secrets
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field, fields
from datetime import datetime
from itertools import islice
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from sandbox.mindbox.moments import Unreadable, moment
from sandbox.mindbox.records import Records

ROWS_MEMBER = {
    "customers": "customers",
    "mailings": "mailings",
    "mailing_statuses": "customerMessageStatuses",
    "customer_actions": "customerActions",
}
FORMING_AT_ONCE = 2
# A client that died leaves its job behind; after this it no longer takes a place.
FORGOTTEN_AFTER_SECONDS = 30.0
# A finished job's files lie in memory until so many newer jobs were asked for.
KEPT_JOBS = 12


@dataclass(frozen=True)
class MindboxOptions:
    """What a project's administrator, or a test, sets up.

    polls_until_ready: answers NotReady before Ready; negative: never ready. statuses_with_customer: the status export was told to add the
    customer. cancelled: every export of this resource is cancelled. links_live_seconds: wall-clock life of a signed link.
    dead_links: so many first downloads find an expired link.
    """

    polls_until_ready: int = 2
    statuses_with_customer: bool = False
    rows_per_file: int = 20_000
    gzip_every: int = 2
    links_live_seconds: float = 3600.0
    dead_links: int = 0
    cancelled: str = ""


def options_from(options: dict[str, str]) -> MindboxOptions:
    """The sandbox's `mindbox.<name>=<text>` options. Raises ValueError for an unknown name."""
    kinds = {option.name: type(option.default) for option in fields(MindboxOptions)}
    chosen: dict[str, Any] = {}
    for name, text in options.items():
        vendor, _, option = name.partition(".")
        if vendor != "mindbox":
            continue
        if option not in kinds:
            raise ValueError(f"The sandbox's Mindbox has no option {option!r}; it has {sorted(kinds)}.")
        chosen[option] = text.lower() in ("1", "true", "yes") if kinds[option] is bool else kinds[option](text)
    return MindboxOptions(**chosen)


@dataclass
class Job:
    """One export job of one operation."""

    export_id: str
    resource: str
    asked: tuple[str, str | None, str | None]
    since: datetime | None
    till: datetime | None
    seen_at: datetime
    polls: int = 0
    is_started: bool = False
    is_ready: bool = False
    touched: float = field(default_factory=time.monotonic)
    parts: list[bytes] = field(default_factory=list)


class ExportDesk:
    """The export jobs of one project. Thread-safe."""

    def __init__(self, records: Records, options: MindboxOptions) -> None:
        self._records, self._options = records, options
        self._jobs: dict[str, Job] = {}
        self._links: dict[str, tuple[str, float]] = {}
        self._dead_links = options.dead_links
        self._lock = threading.Lock()

    def answer(self, resource: str, operation: str, asked: dict[str, Any], now: datetime, base_url: str) -> dict[str, Any]:
        """The answer to an export operation: a new job, or the state of one. Raises Unreadable for a member that makes no sense."""
        with self._lock:
            if "exportId" in asked:
                return self._poll(resource, str(asked["exportId"]), base_url)
            return self._create(resource, operation, asked, now)

    def file(self, request: Request) -> Response:
        """A part of a finished export, for whoever holds the signed link, and only without further credentials."""
        if "authorization" in request.headers:
            return _refused(400, "InvalidArgument", "Only one auth mechanism allowed")
        job = self._jobs.get(request.path_params["export_id"])
        part, signature = request.path_params["part"].split(".")[0], request.query_params.get("signature", "")
        signed, until = self._links.get(signature, ("", 0.0))
        if job is None or not part.isdigit() or int(part) >= len(job.parts) or signed != f"{job.export_id}/{part}":
            return _refused(403, "SignatureDoesNotMatch", "The request signature does not match")
        with self._lock:
            expired = time.monotonic() > until
            if self._dead_links > 0:
                self._dead_links, expired = self._dead_links - 1, True
        if expired:
            return _refused(403, "AccessDenied", "Request has expired")
        body = job.parts[int(part)]
        return Response(body, media_type="application/octet-stream")

    def _create(self, resource: str, operation: str, asked: dict[str, Any], now: datetime) -> dict[str, Any]:
        since, till = moment(asked.get("sinceDateTimeUtc"), "/sinceDateTimeUtc"), moment(asked.get("tillDateTimeUtc"), "/tillDateTimeUtc")
        if since is not None and till is not None and since > till:
            raise Unreadable("Начало периода позже его конца.", "/sinceDateTimeUtc")
        settings = (operation, asked.get("sinceDateTimeUtc"), asked.get("tillDateTimeUtc"))
        for job in self._jobs.values():
            if job.asked == settings and not job.is_ready and time.monotonic() - job.touched < FORGOTTEN_AFTER_SECONDS:
                return {"status": "Success", "exportId": job.export_id, "isDuplicate": True}
        job = Job(secrets.token_hex(8), resource, settings, since, till, now)
        self._jobs[job.export_id] = job
        while len(self._jobs) > KEPT_JOBS:
            self._jobs.pop(next(iter(self._jobs)))
        return {"status": "Success", "exportId": job.export_id, "isDuplicate": False}

    def _poll(self, resource: str, export_id: str, base_url: str) -> dict[str, Any]:
        job = self._jobs.get(export_id)
        if job is None or job.resource != resource:
            raise Unreadable("Экспорт не найден.", "/exportId")
        job.touched = time.monotonic()
        answer = {"status": "Success", "exportId": export_id, "isDuplicate": False}
        if resource == self._options.cancelled:
            job.is_ready = True
            return {**answer, "exportResult": {"processingStatus": "Cancelled", "cancellationReason": "Экспорт отменён администратором."}}
        if not self._may_be_ready(job):
            return {**answer, "exportResult": {"processingStatus": "NotReady"}}
        if not job.is_ready:
            job.parts = list(self._parts(job))
            job.is_ready = True
        return {**answer, "exportResult": {"processingStatus": "Ready", "urls": self._urls(job, base_url)}}

    def _may_be_ready(self, job: Job) -> bool:
        if job.is_ready:
            return True
        if not job.is_started:
            now = time.monotonic()
            forming = sum(other.is_started and not other.is_ready and now - other.touched < FORGOTTEN_AFTER_SECONDS
                          for other in self._jobs.values())
            job.is_started = forming < FORMING_AT_ONCE
        job.polls += job.is_started
        return 0 <= self._options.polls_until_ready < job.polls

    def _parts(self, job: Job) -> Iterator[bytes]:
        member = ROWS_MEMBER[job.resource].encode()
        records = self._records.export(job.resource, job.since, job.till, job.seen_at)
        number = 0
        while chunk := list(islice(records, self._options.rows_per_file)):
            number += 1
            body = b'{"' + member + b'":[' + b",".join(chunk) + b"]}"
            zipped = self._options.gzip_every and number % self._options.gzip_every == 0
            yield gzip.compress(body, compresslevel=1) if zipped else body
        if number == 0:
            yield b'{"' + member + b'":[]}'

    def _urls(self, job: Job, base_url: str) -> list[str]:
        until = time.monotonic() + self._options.links_live_seconds
        urls = []
        for part in range(len(job.parts)):
            signature = secrets.token_urlsafe(24)
            self._links[signature] = (f"{job.export_id}/{part}", until)
            urls.append(f"{base_url.rstrip('/')}/files/{job.export_id}/{part}.json?signature={signature}")
        return urls


def _refused(status: int, code: str, message: str) -> Response:
    """As an object store says no: XML."""
    body = f'<?xml version="1.0" encoding="UTF-8"?><Error><Code>{code}</Code><Message>{message}</Message></Error>'
    return Response(body, status_code=status, media_type="application/xml")
