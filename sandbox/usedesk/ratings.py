"""Ratings: the webhook that UseDesk sends, and a folder of JSON lines in which somebody collects them, served over HTTP.

World.ticket_ratings that come by webhook -> `webhook` bodies [A] -> one file a month, growing with the clock -> /ratings/
"""

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.routing import Route

from sandbox.usedesk.wire import API_TOKENS, TIME_ZONE

if TYPE_CHECKING:
    from sandbox.server import Sandbox

MOSCOW = ZoneInfo(TIME_ZONE)


def webhook(row: dict[str, Any]) -> dict[str, Any]:
    """What UseDesk sends when a client rates: the names of the members are assumed, no page shows the body [A]."""
    return {
        "secret": API_TOKENS[0],
        "ticket_id": str(row["ticket_id"]),
        "rating": str(row["score"]),
        "comment": row["comment"],
        "rated_at": row["rated_at"].replace(tzinfo=UTC).astimezone(MOSCOW).strftime("%Y-%m-%d %H:%M:%S"),
    }


def routes(sandbox: "Sandbox") -> list[Route]:
    """The folder: an index page, as a plain web server makes it, and its files."""

    def lines_by_file() -> dict[str, list[bytes]]:
        now = sandbox.now().replace(tzinfo=None)
        found: dict[str, list[bytes]] = {}
        for row in sandbox.world.rows("ticket_ratings"):
            if row["comes_by"] == "webhook" and row["rated_at"] <= now:
                collected = {name: value for name, value in webhook(row).items() if name != "secret"}
                collected["received_at"] = _utc(row["rated_at"])
                line = sandbox.tampering.apply("usedesk", "ratings", str(row["rating_id"]), collected)
                found.setdefault(f"ratings-{row['rated_at']:%Y-%m}.jsonl", []).append(line)
        return found

    def index(request: Request) -> Response:
        links = "".join(f'<li><a href="{name}">{name}</a></li>' for name in sorted(lines_by_file()))
        return HTMLResponse(f"<!DOCTYPE html><html><head><title>Index of /ratings</title></head><body><ul>{links}</ul></body></html>")

    def file(request: Request) -> Response:
        lines = lines_by_file().get(request.path_params["name"])
        if lines is None:
            return PlainTextResponse("Not Found", status_code=404)
        return Response(b"".join(line + b"\n" for line in lines), media_type="application/x-ndjson")

    return [Route("/ratings/", index), Route("/ratings/{name}", file)]


def _utc(at: datetime) -> str:
    return at.replace(tzinfo=UTC).isoformat(timespec="seconds")
