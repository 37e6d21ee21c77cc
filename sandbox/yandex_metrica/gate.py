"""Who may ask, and how often: token, counter, quotas, and the shape of a refusal."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

if TYPE_CHECKING:
    from sandbox.server import Sandbox
    from sandbox.yandex_metrica.desk import MetricaOptions

TOKEN = "sandbox-metrica-token"
COUNTER_ID = 44147844
REQUESTS_PER_SECOND = 10


class Refusal(Exception):
    """An error answer."""

    def __init__(self, code: int, error_type: str, message: str, location: str | None = None) -> None:
        super().__init__(message)
        told = {"error_type": error_type, "message": message, **({"location": location} if location else {})}
        self.code, self.body = code, {"errors": [told], "code": code, "message": message}


class Gate:
    """Stands before every method. Its limits are the vendor's times the sandbox's rate."""

    def __init__(self, sandbox: Sandbox, choice: MetricaOptions) -> None:
        self._sandbox, self._choice = sandbox, choice
        self._lock, self._at_once, self._day, self._spent = threading.Lock(), 0, None, 0

    def guarded(self, answer: Callable[[Request], Response]) -> Callable[[Request], Response]:
        """The method behind the gate; Starlette runs it in a thread."""
        def behind(request: Request) -> Response:
            try:
                self._admit(request)
            except Refusal as refusal:
                return JSONResponse(refusal.body, status_code=refusal.code)
            try:
                return answer(request)
            except Refusal as refusal:
                return JSONResponse(refusal.body, status_code=refusal.code)
            finally:
                with self._lock:
                    self._at_once -= 1
        return behind

    def _admit(self, request: Request) -> None:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme != "OAuth" or not token:
            raise Refusal(401, "unauthorized", "Неавторизованный пользователь.")
        if token != TOKEN:
            raise Refusal(403, "invalid_token", "Неверный OAuth-токен.")
        allowed, _, _ = self._sandbox.limiter("yandex_metrica", units=REQUESTS_PER_SECOND, per_seconds=1.0).take()
        if not allowed:
            raise Refusal(429, "quota_requests_by_ip", "Превышен лимит количества запросов к API в секунду для IP адреса.")
        if request.path_params["counter"] != str(COUNTER_ID):
            raise Refusal(404, "not_found", "Entity not found")
        today = self._sandbox.now().date()
        with self._lock:
            if today != self._day:
                self._day, self._spent = today, 0
            if self._spent >= self._choice.requests_per_day * self._sandbox.rate:
                raise Refusal(429, "quota_requests_by_uid", "Превышен лимит количества запросов к API в сутки для пользователя.")
            if self._at_once >= self._choice.requests_at_once * self._sandbox.rate:
                raise Refusal(429, "quota_parallel_requests", "Превышен лимит количества параллельных запросов к API для пользователя.")
            self._spent += 1
            self._at_once += 1
