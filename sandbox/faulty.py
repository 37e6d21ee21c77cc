"""The layer between the wire and the vendors that spoils answers on demand.

planted Fault -> this middleware -> a connection that breaks the way real ones do: whole status, half bodies, resets.
"""

import asyncio
from typing import Any

HTML = b"<!DOCTYPE html><html><head><title>Maintenance</title></head><body><h1>We will be back soon</h1></body></html>"


class FaultyTransport:
    """ASGI middleware: counts requests by vendor and lets the planted faults happen."""

    def __init__(self, inner: Any, sandbox: Any) -> None:
        self._inner, self._sandbox, self._last = inner, sandbox, {}

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            await self._inner(scope, receive, send)
            return
        path = scope["path"]
        vendor = path.strip("/").split("/", 1)[0]
        self._sandbox.requests[vendor] += 1
        fault = self._sandbox.faults.meet(vendor, f"{path}?{scope['query_string'].decode()}")
        if fault is None:
            await self._pass(scope, receive, send, path)
        elif fault.kind == "status":
            await _answer(send, fault.status, {"content-type": "application/json", **fault.headers}, fault.body.encode())
        elif fault.kind == "html":
            await _answer(send, 200, {"content-type": "text/html; charset=utf-8"}, HTML)
        elif fault.kind == "empty":
            await _answer(send, 200, {"content-type": "application/json"}, b"")
        elif fault.kind == "reset":
            # The server answers an exception with a 500 unless the answer has begun; so it begins and breaks before its first byte.
            await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"1000")]})
            raise ConnectionResetError("planted: the connection was reset")
        elif fault.kind == "slow":
            await asyncio.sleep(fault.seconds)
            await self._pass(scope, receive, send, path)
        elif fault.kind == "repeat":
            status, headers, body = self._last[path]
            await send({"type": "http.response.start", "status": status, "headers": headers})
            await send({"type": "http.response.body", "body": body})
        else:
            await self._cut(scope, receive, send, keep_length=fault.kind == "truncated")

    async def _pass(self, scope: dict[str, Any], receive: Any, send: Any, path: str) -> None:
        start, body = await self._whole(scope, receive)
        if "/files/" not in path:
            # Export files are large and each has its own address: nobody asks for one of them twice.
            self._last[path] = (start["status"], start["headers"], body)
        await send(start)
        await send({"type": "http.response.body", "body": body})

    async def _cut(self, scope: dict[str, Any], receive: Any, send: Any, *, keep_length: bool) -> None:
        start, body = await self._whole(scope, receive)
        headers = [(name, value) for name, value in start["headers"] if name.lower() != b"content-length"]
        if keep_length:
            headers.append((b"content-length", str(len(body)).encode()))
        await send({**start, "headers": headers})
        await send({"type": "http.response.body", "body": body[: len(body) // 2], "more_body": keep_length})
        if keep_length:
            raise ConnectionResetError("planted: the body was cut short")

    async def _whole(self, scope: dict[str, Any], receive: Any) -> tuple[dict[str, Any], bytes]:
        start, body = {}, bytearray()

        async def keep(message: dict[str, Any]) -> None:
            if message["type"] == "http.response.start":
                start.update(message)
            else:
                body.extend(message.get("body", b""))

        await self._inner(scope, receive, keep)
        return start, bytes(body)


async def _answer(send: Any, status: int, headers: dict[str, str], body: bytes) -> None:
    raw = [(name.lower().encode(), value.encode()) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": status, "headers": [*raw, (b"content-length", str(len(body)).encode())]})
    await send({"type": "http.response.body", "body": body})
