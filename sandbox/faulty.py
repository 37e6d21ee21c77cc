"""The layer between the wire and the vendors that spoils answers on demand.

planted Fault -> this middleware -> a connection that breaks the way real ones do: whole status, half bodies, resets, wrong pages.
"""

import asyncio
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

from sandbox import spoiled_pages
from sandbox.asked import Asked
from sandbox.faults import Fault

HTML = b"<!DOCTYPE html><html><head><title>Maintenance</title></head><body><h1>We will be back soon</h1></body></html>"
Answer = tuple[int, list[tuple[bytes, bytes]], bytes]


class FaultyTransport:
    """ASGI middleware: counts requests by vendor and lets the planted faults happen."""

    def __init__(self, inner: Any, sandbox: Any) -> None:
        self._inner, self._sandbox = inner, sandbox
        self._last: dict[tuple[str, str], tuple[Asked, Answer]] = {}
        self._by_path: dict[str, Answer] = {}

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            await self._inner(scope, receive, send)
            return
        path = scope["path"]
        vendor = path.strip("/").split("/", 1)[0]
        self._sandbox.requests[vendor] += 1
        body = await _read(receive) if scope["method"] == "POST" else b""
        asked = Asked(vendor, scope["method"], path, scope["query_string"].decode(), body)
        fault = self._sandbox.faults.meet(asked)
        if fault is None:
            await self._pass(asked, scope, send)
            return
        if fault.kind in ("repeat", "last_page", "no_rows", "doubled", "marked"):
            await self._other_page(asked, fault, scope, send)
            return
        self._sandbox.faults.note(asked, fault)
        await self._spoiled(asked, fault, scope, send)

    async def _spoiled(self, asked: Asked, fault: Fault, scope: dict[str, Any], send: Any) -> None:
        """Answer as the fault says."""
        if fault.kind == "status":
            dated = {} if fault.until is None else {"Retry-After": format_datetime(datetime.now(UTC) + timedelta(seconds=fault.until))}
            await _answer(send, fault.status, {"content-type": "application/json", **fault.headers, **dated}, fault.body.encode())
        elif fault.kind == "html":
            await _answer(send, 200, {"content-type": "text/html; charset=utf-8"}, HTML)
        elif fault.kind == "empty":
            await _answer(send, 200, {"content-type": "application/json"}, b"")
        elif fault.kind == "reset":
            await self._whole(asked, scope)
            # The server answers an exception with a 500 unless the answer has begun; so it begins and breaks before its first byte.
            await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"1000")]})
            raise ConnectionResetError("planted: the connection was reset")
        elif fault.kind == "slow":
            await asyncio.sleep(fault.seconds)
            await self._pass(asked, scope, send)
        elif fault.kind == "shift":
            self._sandbox.advance(seconds=fault.seconds)
            await self._pass(asked, scope, send)
        elif fault.kind == "drip":
            await _drip(send, await self._whole(asked, scope), fault.seconds)
        else:
            await self._cut(asked, scope, send, keep_length=fault.kind == "truncated")

    async def _other_page(self, asked: Asked, fault: Fault, scope: dict[str, Any], send: Any) -> None:
        """Another page than the one that was asked for; as it is where it has no records, or no page of its list came before it."""
        last, before = self._last.get((asked.vendor, asked.stage), (asked, None))
        if fault.kind == "repeat":
            before = self._by_path.get(asked.path)
        elif last == asked or last.list_ != asked.list_:
            before = None
        answer = await self._whole(asked, scope)
        other = None
        if fault.kind in ("repeat", "last_page"):
            other = before
        elif answer[0] == 200 and fault.kind == "no_rows":
            other = _with(answer, spoiled_pages.without_rows(answer[2]))
        elif answer[0] == 200 and fault.kind == "marked":
            other = _with(answer, spoiled_pages.marked(answer[2]))
        elif answer[0] == 200 and before is not None:
            other = _with(answer, spoiled_pages.with_row_of(answer[2], before[2]))
        if other is None or fault.kind == "marked":
            self._keep(asked, answer)
        if other is not None:
            self._sandbox.faults.note(asked, fault)
        await _send(send, other or answer)

    async def _pass(self, asked: Asked, scope: dict[str, Any], send: Any) -> None:
        answer = await self._whole(asked, scope)
        self._keep(asked, answer)
        await _send(send, answer)

    def _keep(self, asked: Asked, answer: Answer) -> None:
        self._last[asked.vendor, asked.stage] = asked, answer
        if "/files/" not in asked.path:
            # Export files are large and each has its own address: nobody asks for one of them twice.
            self._by_path[asked.path] = answer

    async def _cut(self, asked: Asked, scope: dict[str, Any], send: Any, *, keep_length: bool) -> None:
        status, headers, body = await self._whole(asked, scope)
        headers = [(name, value) for name, value in headers if name.lower() != b"content-length"]
        if keep_length:
            headers.append((b"content-length", str(len(body)).encode()))
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body[: len(body) // 2], "more_body": keep_length})
        if keep_length:
            raise ConnectionResetError("planted: the body was cut short")

    async def _whole(self, asked: Asked, scope: dict[str, Any]) -> Answer:
        start, body = {}, bytearray()

        async def tell() -> dict[str, Any]:
            return {"type": "http.request", "body": asked.body, "more_body": False}

        async def keep(message: dict[str, Any]) -> None:
            if message["type"] == "http.response.start":
                start.update(message)
            else:
                body.extend(message.get("body", b""))

        await self._inner(scope, tell, keep)
        return start["status"], list(start["headers"]), bytes(body)


def _with(answer: Answer, body: bytes | None) -> Answer | None:
    return None if body is None else (answer[0], answer[1], body)


async def _read(receive: Any) -> bytes:
    body, more = bytearray(), True
    while more:
        message = await receive()
        body.extend(message.get("body", b""))
        more = message.get("more_body", False)
    return bytes(body)


async def _send(send: Any, answer: Answer) -> None:
    """The whole answer, its length as it is now."""
    status, headers, body = answer
    told = [(name, str(len(body)).encode() if name.lower() == b"content-length" and body else value) for name, value in headers]
    await send({"type": "http.response.start", "status": status, "headers": told})
    await send({"type": "http.response.body", "body": body})


async def _drip(send: Any, answer: Answer, seconds: float) -> None:
    status, headers, body = answer
    await send({"type": "http.response.start", "status": status, "headers": headers})
    for place in range(len(body)):
        await send({"type": "http.response.body", "body": body[place:place + 1], "more_body": True})
        await asyncio.sleep(seconds)
    await send({"type": "http.response.body", "body": b""})


async def _answer(send: Any, status: int, headers: dict[str, str], body: bytes) -> None:
    raw = [(name.lower().encode(), value.encode("latin-1")) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": status, "headers": [*raw, (b"content-length", str(len(body)).encode())]})
    await send({"type": "http.response.body", "body": body})
