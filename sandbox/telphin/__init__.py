"""Telphin's stand-in: API 1.0 of the exchange in its own wire format, over the simulated retailer's calls.

    World.calls, World.call_legs  ->  calls that have ended by the clock  ->  page, order  ->  JSON

What it answers: `POST /oauth/token`; under /api/ver1.0 `GET /user`, `/client/{id or @me}/call_history/`, `…/call_history/{uuid}`,
`…/extension/`, `…/extension/{id}`. It is part of `python -m sandbox serve`, under /telphin.

Documented by the vendor (D), seen in clients (C: xdimedrolx/telphin-go-sdk with its recorded answers, SalesMan CRM, Azz0k/TelphinParser),
assumed (A):
- D a token dies before its `expires_in`: here after 300 requests (option `telphin.token_requests`). C an answer without `expires_in`:
  every second one.
- D the hourly budget with X-RateLimit-* headers (A: 1000 requests, option `telphin.requests_an_hour`, and a window that slides).
  C one statistics request at a time (option `telphin.stats_seconds`: how long one takes).
- C no totals, newest first unless order=asc; times in UTC, those of legs with fractions of a second; the newest leg comes first; internal
  numbers `01111*0541`, extension names with `@sipproxy.…`; bridged means talked, answered may be a menu.
- A a call appears when it has ended; both ends of the window count and mean `init_time_gmt`; per_page is 20 unless asked for, at most 100;
  a message left out of hours is a leg of its own, at a mailbox. Calls to a number outside the exchange (`is_external`) are not here.
"""

from starlette.routing import Route

from sandbox.faults import Fault
from sandbox.server import Sandbox
from sandbox.telphin.gate import CLIENT_ID, CLIENT_SECRET
from sandbox.telphin.methods import Methods

# Faults of its own that pass; a storm brings them too.
FAULTS = (
    Fault("telphin", path="/api/", status=401, body='{"message":"Unauthorized"}'),
    Fault("telphin", path="call_history", status=429, body='{"message":"Stats request already exists, concurrent request not allowed"}'),
    Fault("telphin", path="/api/", status=429, body='{"status":"rate_limit_exceeded"}', headers={"X-RateLimit-Reset": "-1"}),
)


def routes(sandbox: Sandbox) -> list[Route]:
    """The vendor's methods for this sandbox."""
    return Methods(sandbox).routes()


def settings(base_url: str, *, rate: float = 1.0) -> dict[str, str]:
    """The environment that points the pipeline here."""
    return {
        "SOURCES__TELPHIN__BASE_URL": base_url,
        "SOURCES__TELPHIN__CLIENT_ID": CLIENT_ID,
        "SOURCES__TELPHIN__CLIENT_SECRET": CLIENT_SECRET,
        "SOURCES__TELPHIN__REQUESTS_PER_SECOND": str(5 * rate),
    }
