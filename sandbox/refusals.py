"""How a stand-in says no: a refusal raised anywhere in a method becomes its vendor's own error body.

    method, error body  ->  `answering`: a handler for a route
"""

from collections.abc import Callable
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from sandbox.faults import encode


class Refusal(Exception):
    """A request that gets no records."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


def answering(method: Callable[[Request], bytes], error: Callable[[Refusal], dict[str, Any]]) -> Callable[[Request], Response]:
    """The method's JSON, or the refusal's status with the body that `error` makes of it."""

    def answered(request: Request) -> Response:
        try:
            return Response(method(request), media_type="application/json")
        except Refusal as refusal:
            return Response(encode(error(refusal)), refusal.status, media_type="application/json")

    return answered
