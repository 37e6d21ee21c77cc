"""The gate in front of every Telphin method: tokens that die early, the hour's budget, one statistics request at a time.

    request  ->  admitted, or 401 / 429 with the vendor's own body and headers
"""

import hashlib
import json
import math
import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.responses import Response

if TYPE_CHECKING:
    from sandbox.server import Sandbox

CLIENT_ID = hashlib.md5(b"the sandbox's application", usedforsecurity=False).hexdigest()
CLIENT_SECRET = hashlib.md5(b"the secret of the sandbox's application", usedforsecurity=False).hexdigest()
EXPIRES_IN, TOKEN_REQUESTS = 3600, "300"
REQUESTS_AN_HOUR, OAUTH_A_SECOND = "1000", 20
BUDGET_SPENT = {"status": "rate_limit_exceeded", "message": "Rate limit exceeded"}
CONCURRENT = {"message": "Stats request already exists, concurrent request not allowed"}


def answer(body: Any, status: int = 200) -> Response:
    """A JSON answer."""
    return Response(json.dumps(body, ensure_ascii=False), status, media_type="application/json")


class Gate:
    """The state behind the gate: the tokens in force with what they may still ask, and whether statistics are under way."""

    def __init__(self, sandbox: "Sandbox") -> None:
        self._sandbox = sandbox
        self._lock, self._statistics = threading.Lock(), threading.Lock()
        self._issued, self._left = 0, {}

    async def token(self, request: Request) -> Response:
        """POST /oauth/token, the fields in a form or, as a client sends them, in the query."""
        allowed, _, _ = self._sandbox.limiter("telphin oauth", units=OAUTH_A_SECOND, per_seconds=1.0).take()
        if not allowed:
            return answer({"message": "Too many requests"}, 429)
        given = {**request.query_params, **dict(parse_qsl((await request.body()).decode("utf-8", "replace")))}
        if given.get("grant_type") != "client_credentials":
            return answer({"error": "unsupported_grant_type"}, 400)
        if (given.get("client_id"), given.get("client_secret")) != (CLIENT_ID, CLIENT_SECRET):
            return answer({"error": "invalid_client"}, 401)
        with self._lock:
            self._issued += 1
            token = hashlib.sha256(f"token {self._issued}".encode()).hexdigest()[:32]
            self._left[token] = int(self._sandbox.options.get("telphin.token_requests", TOKEN_REQUESTS))
            tells_life = self._issued % 2 == 1
        return answer({"access_token": token, "token_type": "Bearer", **({"expires_in": EXPIRES_IN} if tells_life else {})})

    def admit(self, request: Request, method: Callable[[Request], Response], *, is_statistics: bool = False) -> Response:
        """The method's answer, or the gate's refusal; every answer tells what is left of the hour."""
        if not self._takes(request.headers.get("authorization", "")):
            return answer({"message": "Unauthorized"}, 401)
        units = float(self._sandbox.options.get("telphin.requests_an_hour", REQUESTS_AN_HOUR))
        limiter = self._sandbox.limiter("telphin", units=units, per_seconds=3600)
        allowed, left, wait = limiter.take()
        response = self._asked(request, method, is_statistics) if allowed else answer(BUDGET_SPENT, 429)
        response.headers["X-RateLimit-Limit"] = str(int(limiter.units))
        response.headers["X-RateLimit-Remaining"] = str(int(left))
        response.headers["X-RateLimit-Reset"] = str(math.ceil(wait) if not allowed else 3600)
        return response

    def _asked(self, request: Request, method: Callable[[Request], Response], is_statistics: bool) -> Response:
        if not is_statistics:
            return method(request)
        if not self._statistics.acquire(blocking=False):
            return answer(CONCURRENT, 429)
        try:
            time.sleep(float(self._sandbox.options.get("telphin.stats_seconds", "0")))
            return method(request)
        finally:
            self._statistics.release()

    def _takes(self, authorization: str) -> bool:
        scheme, _, token = authorization.partition(" ")
        with self._lock:
            if scheme.lower() != "bearer" or self._left.get(token, 0) <= 0:
                return False
            self._left[token] -= 1
            return True
