"""The gate in front of every MoySklad method: compression, credentials, the weighted limit, the parallel limit, the switch-off.

    request  ->  admitted, or 415 / 401 / 403 / 429 with the vendor's own body and headers

Documented (md/_restrictions.md, md/_general.md): gzip is mandatory, else 415 with an empty body; 45 units in 3 s per user; a
request costs 1 unit with a solution's token, and with a password or a user's token 2 from 12 May 2026, 3 from 1 September, 4 from 1
December; two stock reports cost 5; more than 5 requests at once are refused with code 1073; X-Lognex-Retry-After counts
milliseconds; more than 200 refusals or 200 identical failures in a minute switch the API off for that user. Chosen: X-RateLimit-
Limit counts requests of one unit weight for the caller (45 divided by the weight), and a switched-off user gets 403.
"""

import base64
import hashlib
import threading
import time
from collections import defaultdict, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from sandbox.moysklad.wire import error

UNITS, SECONDS, PARALLEL, FAILURES_A_MINUTE = 45, 3, 5, 200
LOGIN, PASSWORD = "admin@sandbox", "sandbox-password"
SOLUTION_TOKEN = hashlib.sha1(b"the sandbox's solution", usedforsecurity=False).hexdigest()
# From when a request by password or user token costs how many units.
WEIGHTS = ((datetime(2026, 12, 1, tzinfo=UTC), 4), (datetime(2026, 9, 1, tzinfo=UTC), 3), (datetime(2026, 5, 12, tzinfo=UTC), 2))
HEAVY = ("/report/stock/all", "/report/stock/bystore")


@dataclass
class Gate:
    """The state behind the gate: tokens in force, requests under way, failures of the last minute."""

    sandbox: Any
    user_token: str = ""
    _issued: int = 0
    _under_way: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    _failures: dict[str, deque[float]] = field(default_factory=lambda: defaultdict(deque))
    _switched_off: set[str] = field(default_factory=set)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def issue(self) -> str:
        """A new token of the user; the one before is revoked."""
        with self._lock:
            self._issued += 1
            self.user_token = hashlib.sha1(f"user token {self._issued}".encode(), usedforsecurity=False).hexdigest()
            return self.user_token

    def admit(self, request: Request, answer: Callable[[Request], Response]) -> Response:
        """The answer of the method, or the gate's refusal; every answer carries the limit's headers."""
        if "gzip" not in request.headers.get("accept-encoding", ""):
            return Response(status_code=415)
        user, is_solution = self._who(request)
        if user is None:
            text = "Ошибка аутентификации: Неправильный пароль или имя пользователя или ключ авторизации"
            return Response(
                error(1056, text),
                401,
                {"X-Lognex-Auth": "1", "X-Lognex-Auth-Message": "Unauthorized", "WWW-Authenticate": 'Basic realm="MoySklad"'},
                media_type="application/json;charset=utf-8",
            )
        if user in self._switched_off:
            return Response(error(1016, "Доступ запрещен: доступ к API отключен"), 403, media_type="application/json;charset=utf-8")
        with self._lock:
            self._under_way[user] += 1
            crowd = self._under_way[user]
        try:
            if crowd > PARALLEL:
                return self._failed(user, "429", self._refusal(1073, "Превышено ограничение на одновременное количество запросов", {}))
            return self._metered(request, answer, user, is_solution)
        finally:
            with self._lock:
                self._under_way[user] -= 1

    def _metered(self, request: Request, answer: Callable[[Request], Response], user: str, is_solution: bool) -> Response:
        common = 1 if is_solution else next((weight for since, weight in WEIGHTS if self.sandbox.now() >= since), 1)
        weight = 5 if request.url.path.endswith(HEAVY) else common
        limiter = self.sandbox.limiter(f"moysklad {user}", units=UNITS, per_seconds=SECONDS)
        allowed, left, wait = limiter.take(weight)
        milliseconds = str(0 if allowed else max(1, round(wait * 1000)))
        headers = {
            "X-RateLimit-Limit": str(int(limiter.units // common)),
            "X-RateLimit-Remaining": str(int(left // common)),
            "X-Lognex-Retry-TimeInterval": str(SECONDS * 1000),
            "X-Lognex-Reset": milliseconds,
            "X-Lognex-Retry-After": milliseconds,
        }
        if not allowed:
            return self._failed(user, "429", self._refusal(1049, "Превышено ограничение на количество запросов в единицу времени", headers))
        response = answer(request)
        response.headers.update(headers)
        return self._failed(user, str(request.url), response) if response.status_code >= 400 else response

    def _who(self, request: Request) -> tuple[str | None, bool]:
        """The caller and whether it is a solution; None when the credentials are wrong."""
        scheme, _, credentials = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() == "bearer" and credentials == SOLUTION_TOKEN:
            return "solution", True
        if scheme.lower() == "bearer" and self.user_token and credentials == self.user_token:
            return LOGIN, False
        if scheme.lower() == "basic" and credentials == base64.b64encode(f"{LOGIN}:{PASSWORD}".encode()).decode():
            return LOGIN, False
        return None, False

    @staticmethod
    def _refusal(code: int, text: str, headers: dict[str, str]) -> Response:
        return Response(error(code, text), 429, headers, media_type="application/json;charset=utf-8")

    def _failed(self, user: str, what: str, response: Response) -> Response:
        """The response, counted among the failures that switch a user off."""
        with self._lock:
            times = self._failures[f"{user} {what}"]
            times.append(time.monotonic())
            while times[0] < times[-1] - 60:
                times.popleft()
            if len(times) > FAILURES_A_MINUTE:
                self._switched_off.add(user)
        return response
