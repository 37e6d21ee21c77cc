"""Mindbox v3 as the sandbox speaks it: operations, export jobs and signed file links.

    World frames ──► records.py (one JSON object per record) ──► exports.py (job ► poll ► links) ──► routes (HTTP)

Marks of the sources: [D] the vendor's pages `export-mailing-statuses`, `export-mailings`, `export-customer-merges`, [C] public
clients of the exports, [A] assumed by us because no source says it. Spoken here:

- `POST /mindbox/v3/operations/sync?endpointId=…&operation=…` [D]; both forms of the secret key header [D]. Only JSON: the vendor also
  speaks XML, which the warehouse never asks for.
- `status` Success, ValidationError, ProtocolError, InternalServerError [D]. A ValidationError and an unknown operation come with HTTP
  200, a malformed request with 400, a wrong key with 401 [C for "may be 200"; the exact split A].
- export jobs: create, poll the same operation with `exportId` alone (NotReady first), then many links [D, C]; the same request while a
  job is forming answers that job with isDuplicate [D]; at most two jobs form at once, further ones wait their turn [C; that they wait A].
- links: plain GET without any authorisation, signed, they expire, every second part is gzip [C; a 400 for a surplus header A].
- customer merges by page, `till` at least five minutes in the past [D].
- 429 with Retry-After in seconds [C]; the figure of ten requests a second is assumed [A].

Run it with the rest: `python -m sandbox serve`.
"""

from __future__ import annotations

import json
import re
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sandbox.faults import Fault
from sandbox.mindbox.exports import ExportDesk, options_from
from sandbox.mindbox.moments import Unreadable, moment
from sandbox.mindbox.records import Records

if TYPE_CHECKING:
    from sandbox.server import Sandbox

SECRET_KEY = "sandbox-mindbox-secret"
ENDPOINT_ID = "Omnimart.Warehouse"
REQUESTS_PER_SECOND = 10
POLITE_SHARE = 0.5
MERGES_OPERATION = "Omnimart.GetCustomerMerges"
EXPORT_OPERATIONS = {
    "Omnimart.ExportCustomers": "customers",
    "Omnimart.ExportMailings": "mailings",
    "Omnimart.ExportMailingStatuses": "mailing_statuses",
    "Omnimart.ExportCustomerActions": "customer_actions",
}
AUTHORIZATION = re.compile(r'^(?:SecretKey\s+(?P<plain>\S+)|Mindbox\s+secretKey="(?P<quoted>[^"]+)")$')
MERGES_ITEMS_LIMIT = 10_000
MERGES_PAGE_LIMIT = 2_147_484
MERGES_DELAY = timedelta(minutes=5)

# Faults of its own that pass; a storm brings them too.
FAULTS = (
    Fault("mindbox", path="/operations/", status=200, body='{"status":"InternalServerError","errorMessage":"later"}'),
    Fault("mindbox", path="/files/", status=403, body="<Error><Code>AccessDenied</Code><Message>Request has expired</Message></Error>"),
)


class Refusal(Exception):
    """A business answer that is not Success: the status, the HTTP code and the body's further members."""

    def __init__(self, status: str, http: int, **members: Any) -> None:
        super().__init__(status)
        self.http, self.body = http, {"status": status, **members}


def settings(base_url: str, *, rate: float = 1.0) -> dict[str, str]:
    """The environment that points the warehouse at this stand-in, which is served under `base_url`."""
    return {
        "SOURCES__MINDBOX__BASE_URL": base_url.rstrip("/"),
        "SOURCES__MINDBOX__SECRET_KEY": SECRET_KEY,
        "SOURCES__MINDBOX__ENDPOINT_ID": ENDPOINT_ID,
        "SOURCES__MINDBOX__REQUESTS_PER_SECOND": f"{REQUESTS_PER_SECOND * rate * POLITE_SHARE:g}",
        "SOURCES__MINDBOX__POLL_SECONDS": f"{0.1 / rate:g}",
    }


def routes(sandbox: Sandbox) -> list[Route]:
    """The routes to mount under `/mindbox`. The sandbox's options `mindbox.<name>` are those of MindboxOptions."""
    choice = options_from(sandbox.options)
    records = Records(sandbox, with_customer=choice.statuses_with_customer)
    desk = ExportDesk(records, choice)

    def answer(request: Request, body: bytes) -> Response:
        _demand_key(request)
        _demand_pace(sandbox)
        operation, asked = _operation(request), _decoded(body)
        if operation == MERGES_OPERATION:
            return _merges(records, asked, sandbox.now())
        exported = EXPORT_OPERATIONS.get(operation)
        if exported is None:
            raise Refusal("ProtocolError", 200, errorMessage=f"Операция {operation} не найдена.", errorId="c2b1", httpStatusCode=400)
        try:
            return JSONResponse(desk.answer(exported, operation, asked, sandbox.now(), str(request.url).split("/v3/", 1)[0]))
        except Unreadable as error:
            raise _invalid(str(error), error.member) from error

    async def sync(request: Request) -> Response:
        # Starlette gives the body to async functions only; the work itself runs in a thread, as every vendor's does.
        return await run_in_threadpool(operations, request, await request.body())

    def operations(request: Request, body: bytes) -> Response:
        try:
            return answer(request, body)
        except Refusal as refusal:
            headers = {"Retry-After": "1"} if refusal.http == 429 else {}
            return JSONResponse(refusal.body, status_code=refusal.http, headers=headers)

    def other_mode(request: Request) -> Response:
        return JSONResponse({"status": "ProtocolError", "errorMessage": "Операция доступна только в режиме sync.", "errorId": "c2b2",
                             "httpStatusCode": 400}, status_code=400)

    return [
        Route("/v3/operations/sync", sync, methods=["POST"]),
        Route("/v3/operations/{mode:path}", other_mode, methods=["POST"]),
        Route("/files/{export_id}/{part}", desk.file, methods=["GET"]),
    ]


def _demand_key(request: Request) -> None:
    found = AUTHORIZATION.match(request.headers.get("authorization", ""))
    if not found or SECRET_KEY not in (found["plain"], found["quoted"]):
        raise Refusal("ProtocolError", 401, errorMessage="Неверный секретный ключ.", errorId="c2b3", httpStatusCode=401)
    if request.query_params.get("endpointId") != ENDPOINT_ID:
        raise Refusal("ProtocolError", 403, errorMessage="Неизвестная точка интеграции.", errorId="c2b4", httpStatusCode=403)


def _demand_pace(sandbox: Sandbox) -> None:
    allowed, _, _ = sandbox.limiter("mindbox", units=REQUESTS_PER_SECOND, per_seconds=1.0).take()
    if not allowed:
        raise Refusal("ProtocolError", 429, errorMessage="Слишком много запросов.", errorId="c2b5", httpStatusCode=429)


def _operation(request: Request) -> str:
    operation = request.query_params.get("operation")
    if not operation:
        raise Refusal("ProtocolError", 400, errorMessage="Не указана операция.", errorId="c2b6", httpStatusCode=400)
    return operation


def _decoded(body: bytes) -> dict[str, Any]:
    try:
        asked = json.loads(body or b"{}")
    except ValueError:
        asked = None
    if not isinstance(asked, dict):
        raise Refusal("ProtocolError", 400, errorMessage="Тело запроса не является JSON-объектом.", errorId="c2b7", httpStatusCode=400)
    return asked


def _merges(records: Records, asked: dict[str, Any], now: datetime) -> Response:
    page = asked.get("customerMergesPage")
    if not isinstance(page, dict):
        raise _invalid("Не указана страница.", "/customerMergesPage")
    number, size = page.get("pageNumber"), page.get("itemsPerPage")
    if not isinstance(number, int) or not 1 <= number <= MERGES_PAGE_LIMIT:
        raise _invalid(f"Номер страницы от 1 до {MERGES_PAGE_LIMIT}.", "/customerMergesPage/pageNumber")
    if not isinstance(size, int) or not 1 <= size <= MERGES_ITEMS_LIMIT:
        raise _invalid(f"На странице от 1 до {MERGES_ITEMS_LIMIT} элементов.", "/customerMergesPage/itemsPerPage")
    try:
        since, till = moment(page.get("sinceDateTimeUtc"), "sinceDateTimeUtc"), moment(page.get("tillDateTimeUtc"), "tillDateTimeUtc")
    except Unreadable as error:
        raise _invalid(str(error), f"/customerMergesPage/{error.member}") from error
    if till is None or till > now - MERGES_DELAY:
        raise _invalid("Правая граница должна быть как минимум на пять минут меньше текущего времени.",
                       "/customerMergesPage/tillDateTimeUtc")
    rows = list(records.merges(since, till, now))[(number - 1) * size:number * size]
    return Response(b'{"status":"Success","customerMerges":[' + b",".join(rows) + b"]}", media_type="application/json")


def _invalid(message: str, location: str) -> Refusal:
    return Refusal("ValidationError", 200, validationMessages=[{"message": message, "location": location}])
