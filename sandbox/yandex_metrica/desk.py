"""Log requests: asked for, created, processed, downloaded, cleaned.

request ──► `Desk.create` ──► looks at it (`Desk.look`) ──► parts ──► `Desk.clean`. A log shows the counter as it stood when it was
asked for. Storage counts the bytes of logs that are prepared, by their estimate until then.
"""

from __future__ import annotations

import gzip
import threading
from dataclasses import dataclass, field, fields
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from sandbox.yandex_metrica.attribution import MODELS, kin, named
from sandbox.yandex_metrica.gate import COUNTER_ID, Refusal
from sandbox.yandex_metrica.records import Records

if TYPE_CHECKING:
    from sandbox.server import Sandbox

NOT_PROCESSED = "Only log of requests in status 'processed' can be downloaded"
TSV = "text/tab-separated-values"
LONGEST_PERIOD = timedelta(days=366)
FIELDS_LIMIT = 3000
BYTES_PER_FIELD = 14
HELD = ("created", "awaiting_retry", "processed")


@dataclass(frozen=True)
class MetricaOptions:
    """What a test sets up.

    looks_until_processed: answers `created` before `processed`; negative: never processed. retried: so many of those answers say
    `awaiting_retry`. ends_as: the status in which every request ends. storage_bytes: the quota of prepared logs.
    """

    looks_until_processed: int = 2
    retried: int = 0
    ends_as: str = "processed"
    rows_per_part: int = 100_000
    storage_bytes: int = 10_000_000_000
    requests_per_day: int = 5000
    requests_at_once: int = 3
    time_zone: str = ""


def options_from(options: dict[str, str]) -> MetricaOptions:
    """The sandbox's `yandex_metrica.<name>=<text>` options. Raises ValueError for an unknown name."""
    kinds = {option.name: type(option.default) for option in fields(MetricaOptions)}
    chosen: dict[str, Any] = {}
    for name, text in options.items():
        vendor, _, option = name.partition(".")
        if vendor == "yandex_metrica":
            if option not in kinds:
                raise ValueError(f"The sandbox's Metrica has no option {option!r}; it has {sorted(kinds)}.")
            chosen[option] = kinds[option](text)
    return MetricaOptions(**chosen)


@dataclass
class LogRequest:
    """One log request."""

    request_id: int
    source: str
    since: date
    until: date
    fields: list[str]
    model: str
    seen_at: datetime
    size: int
    status: str = "created"
    looks: int = 0
    parts: list[bytes] = field(default_factory=list)

    def told(self) -> dict[str, Any]:
        """As the vendor tells it."""
        body = {"request_id": self.request_id, "counter_id": COUNTER_ID, "source": self.source, "date1": self.since.isoformat(),
                "date2": self.until.isoformat(), "fields": self.fields, "status": self.status, "attribution": self.model.upper()}
        if self.status == "processed":
            parts = [{"part_number": number, "size": len(part)} for number, part in enumerate(self.parts)]
            body |= {"size": self.size, "parts": parts}
        return body


class Desk:
    """The log requests of one counter, everybody's. Thread-safe."""

    def __init__(self, sandbox: Sandbox, choice: MetricaOptions) -> None:
        self._sandbox, self._choice = sandbox, choice
        self._records = Records(sandbox, choice.time_zone or sandbox.world.time_zone)
        self._requests: dict[int, LogRequest] = {}
        self._lock = threading.Lock()

    def counter(self, request: Request) -> Response:
        """The counter's own record; goals only when they are asked for."""
        told = self._records.counter(COUNTER_ID)
        if "goals" in request.query_params.get("field", "").split(","):
            told["goals"] = self._records.goals()
        return JSONResponse({"counter": told})

    def goals(self, request: Request) -> Response:
        """The counter's goals."""
        return JSONResponse({"goals": self._records.goals()})

    def evaluate(self, request: Request) -> Response:
        """Whether a log of these days would fit, and how many days would."""
        source, since, until, names = self._asked(request)
        days = (until - since).days + 1
        with self._lock:
            free = self._free()
        fitting = 0
        while fitting < days and self._estimate(source, since, since + timedelta(days=fitting), names) <= free:
            fitting += 1
        return JSONResponse({"log_request_evaluation": {"possible": fitting >= days, "max_possible_day_quantity": fitting}})

    def create(self, request: Request) -> Response:
        """A new request; the same asked twice is two requests."""
        source, since, until, names = self._asked(request)
        asked = request.query_params.get("attribution", "lastsign").lower()
        if asked not in MODELS:
            raise Refusal(400, "invalid_parameter", f"Неверное значение параметра: attribution, значение: {asked}", "attribution")
        size = self._estimate(source, since, until, names)
        with self._lock:
            if size > self._free():
                raise Refusal(400, "invalid_parameter", "Превышена квота на хранение логов.")
            number = 1_000_001 + len(self._requests)
            made = LogRequest(number, source, since, until, names, kin(asked, self._sandbox.now()), self._sandbox.now(), size)
            self._requests[number] = made
            return JSONResponse({"log_request": made.told()})

    def look(self, request: Request) -> Response:
        """One request; looking at it moves it on."""
        with self._lock:
            found = self._found(request)
            if found.status in ("created", "awaiting_retry"):
                found.looks += 1
                if 0 <= self._choice.looks_until_processed < found.looks:
                    self._end(found)
                elif found.looks <= self._choice.retried:
                    found.status = "awaiting_retry"
            return JSONResponse({"log_request": found.told()})

    def list(self, request: Request) -> Response:
        """All requests, whoever made them."""
        with self._lock:
            return JSONResponse({"requests": [one.told() for one in self._requests.values()]})

    def download(self, request: Request) -> Response:
        """A part of a processed log."""
        with self._lock:
            found, part = self._found(request), request.path_params["part"]
            if found.status != "processed":
                raise Refusal(400, "invalid_parameter", NOT_PROCESSED)
            if part >= len(found.parts):
                raise Refusal(400, "invalid_parameter", "Incorrect part number")
            body = found.parts[part]
        if "gzip" in request.headers.get("accept-encoding", ""):
            return Response(gzip.compress(body, compresslevel=1), media_type=TSV, headers={"Content-Encoding": "gzip"})
        return Response(body, media_type=TSV)

    def clean(self, request: Request) -> Response:
        """Drop a prepared log."""
        return self._dropped(request, ("processed",), "cleaned_by_user")

    def cancel(self, request: Request) -> Response:
        """Take back a request that is not processed yet."""
        return self._dropped(request, ("created", "awaiting_retry"), "canceled")

    def _dropped(self, request: Request, while_: tuple[str, ...], status: str) -> Response:
        with self._lock:
            found = self._found(request)
            if found.status not in while_:
                raise Refusal(400, "invalid_parameter", f"Log request is in status '{found.status}'")
            found.status, found.parts = status, []
            return JSONResponse({"log_request": found.told()})

    def _end(self, one: LogRequest) -> None:
        one.status = self._choice.ends_as
        if one.status == "processed":
            header = [named(name, one.model) for name in one.fields]
            rows = self._records.log(one.source, one.since, one.until, one.fields, one.seen_at)
            one.parts = _parts("\t".join(header).encode() + b"\n", rows, self._choice.rows_per_part)
            one.size = sum(map(len, one.parts))

    def _asked(self, request: Request) -> tuple[str, date, date, list[str]]:
        told = request.query_params
        for name in ("date1", "date2", "fields", "source"):
            if not told.get(name):
                raise Refusal(400, "missing_parameter", f"Не указан обязательный параметр: {name}", name)
        try:
            since, until = date.fromisoformat(told["date1"]), date.fromisoformat(told["date2"])
        except ValueError:
            raise Refusal(400, "invalid_parameter", "Неверный формат даты.", "date1") from None
        today = self._records.day_of(self._sandbox.now())
        if until >= today or since > until:
            raise Refusal(400, "invalid_parameter", f"Неверное значение параметра: date2, значение: {until}", "date2")
        if until - since >= LONGEST_PERIOD:
            raise Refusal(400, "invalid_parameter", "Период не может быть больше одного года.", "date1")
        if told["source"] not in ("visits", "hits"):
            raise Refusal(400, "invalid_parameter", f"Неверное значение параметра: source, значение: {told['source']}", "source")
        if len(told["fields"]) > FIELDS_LIMIT:
            raise Refusal(400, "invalid_parameter", "Слишком длинный список полей.", "fields")
        names = told["fields"].split(",")
        for name in names:
            if not self._records.knows(told["source"], name):
                raise Refusal(400, "invalid_parameter", f"Неверное значение параметра: fields, значение: {name}", "fields")
        return told["source"], since, until, names

    def _estimate(self, source: str, since: date, until: date, names: list[str]) -> int:
        return self._records.count(source, since, until) * len(names) * BYTES_PER_FIELD

    def _free(self) -> int:
        return self._choice.storage_bytes - sum(one.size for one in self._requests.values() if one.status in HELD)

    def _found(self, request: Request) -> LogRequest:
        if request.path_params["request_id"] not in self._requests:
            raise Refusal(404, "not_found", "Entity not found")
        return self._requests[request.path_params["request_id"]]


def _parts(header: bytes, rows: list[bytes], size: int) -> list[bytes]:
    """Whole files, each with the header. A log without rows has one part with the header alone [A]."""
    return [header + b"".join(rows[start:start + size]) for start in range(0, max(len(rows), 1), size)]
