"""The gateway in front of every Wildberries method: the token, its categories, the limit of each method.

    request  ->  admitted, or 401 / 403 / 429 in the gateway's envelope
"""

import base64
import hashlib
import json
import math
import uuid
from typing import TYPE_CHECKING, Any

from starlette.requests import Request
from starlette.responses import Response

if TYPE_CHECKING:
    from sandbox.server import Sandbox

REQUESTS_PER_MINUTE = 600


def _part(told: dict[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(told).encode()).decode().rstrip("=")


# Tokens are JWTs; nobody reads this one's inside.
TOKEN = ".".join((_part({"alg": "ES256", "typ": "JWT"}), _part({"sid": "the sandbox's seller", "s": 0}),
                  hashlib.sha256(b"the sandbox's signature").hexdigest()[:40]))


def answer(body: Any, status: int = 200) -> Response:
    """A JSON answer."""
    return Response(json.dumps(body, ensure_ascii=False), status, media_type="application/json")


def no_content() -> Response:
    """204: the end of a report."""
    return Response(status_code=204)


class Gate:
    """Admits a request to a method of a category, or says why not."""

    def __init__(self, sandbox: "Sandbox") -> None:
        self._sandbox = sandbox

    def refusal(self, request: Request, method: str, category: str, *, per_minute: float = 1.0) -> Response | None:
        """The gateway's answer when the request does not pass; None when it does."""
        token = request.headers.get("authorization", "")
        if token != TOKEN:
            detail = "empty Authorization header" if not token else "token problem; token is malformed: could not base64 decode header"
            return self._refuse(401, "unauthorized", detail, "s2s-api-auth-catalog")
        if category not in self._sandbox.options.get("wildberries.categories", "statistics,analytics,finance").split(","):
            return self._refuse(403, "access denied", f"token scope not allowed for {category}", f"s2s-api-auth-{category}")
        a_minute = float(self._sandbox.options.get("wildberries.requests_per_minute", REQUESTS_PER_MINUTE)) * per_minute
        limiter = self._sandbox.limiter(f"wildberries {method}", units=a_minute, per_seconds=60.0)
        allowed, left, wait = limiter.take()
        if allowed:
            request.state.left = int(left)
            return None
        refused = self._refuse(429, "too many requests", f"limited by {uuid.uuid5(uuid.NAMESPACE_URL, method)}", f"s2s-api-auth-{category}")
        seconds = str(max(1, math.ceil(wait)))
        refused.headers.update({"X-Ratelimit-Retry": seconds, "X-Ratelimit-Reset": seconds, "X-Ratelimit-Limit": str(int(limiter.units))})
        return refused

    def admitted(self, request: Request, response: Response) -> Response:
        """The method's answer with what is left of its minute."""
        response.headers["X-Ratelimit-Remaining"] = str(request.state.left)
        return response

    def _refuse(self, status: int, title: str, detail: str, origin: str) -> Response:
        words = {401: "Unauthorized", 403: "Forbidden", 429: "Too Many Requests"}
        now = self._sandbox.now()
        return answer({
            "title": title,
            "detail": detail,
            "code": "07e4668e-ac2242c5c8c5-[UK-4dx7JUskGZ]",
            "requestId": uuid.uuid4().hex,
            "origin": origin,
            "status": status,
            "statusText": words[status],
            "timestamp": f"{now:%Y-%m-%dT%H:%M:%SZ}",
        }, status)
