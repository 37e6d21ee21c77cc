"""The gate in front of every request: who asks, and whether a licence is free.

    request  ->  admitted, or 401 / 500

Documented: HTTP Basic with a user of the infobase; credentials are UTF-8, and this one's name is Cyrillic. There is no rate limit, but
every request holds a session and its licence. How the platform says that there is none left is not documented: chosen is its answer to
everything that goes wrong inside, 500 with code -1. Option `one_c.sessions`: how many at once (4, times the sandbox's rate).
"""

import base64
import binascii
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

from starlette.requests import Request
from starlette.responses import Response

from sandbox.one_c.refusals import Refusal

if TYPE_CHECKING:
    from sandbox.server import Sandbox

USERNAME, PASSWORD = "Выгрузка", "sandbox-password"
SESSIONS = "4"
NO_LICENCE = "Не обнаружено свободной лицензии!"


class Gate:
    """Counts the sessions under way."""

    def __init__(self, sandbox: "Sandbox") -> None:
        self._most = max(1, int(float(sandbox.options.get("one_c.sessions", SESSIONS)) * sandbox.rate))
        self._under_way, self._lock = 0, threading.Lock()

    def admit(self, request: Request, method: Callable[[Request], Response]) -> Response:
        """The method's answer. Raises Refusal when no session is free."""
        if not _is_known(request.headers.get("authorization", "")):
            return Response(status_code=401, headers={"WWW-Authenticate": 'Basic realm="1C:Enterprise 8.3"'})
        with self._lock:
            if self._under_way >= self._most:
                raise Refusal(500, -1, NO_LICENCE)
            self._under_way += 1
        try:
            return method(request)
        finally:
            with self._lock:
                self._under_way -= 1


def _is_known(authorization: str) -> bool:
    scheme, _, credentials = authorization.partition(" ")
    try:
        told = base64.b64decode(credentials, validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        return False
    return scheme.lower() == "basic" and told == f"{USERNAME}:{PASSWORD}"
