"""Calltouch's stand-in: the call diary and the list of site forms in its own wire format, over the simulated retailer.

    World.calls that are tracked, World.leads, their visits and orders  ->  days of the diary  ->  JSON

What it answers: `GET /{siteId}/calls-diary/calls` and `GET /requests`. It is part of `python -m sandbox serve`, under /calltouch.

Documented by the vendor (D), seen in clients (C: mg-realcom/calltouch-sdk, hexeh/CalltouchAPI, an Airbyte source, an R package and a
ClickHouse project on GitHub), assumed (A):
- D the token stands in the query as `clientApiId`; D calls take DD/MM/YYYY and leads MM/DD/YYYY; D without paging one day and a bare
  array; C with `page` and `limit` (at most 1000) a range and `{page, pageTotal, pageSize, recordsTotal, records}`; A whoever asks for
  several days without paging gets 400.
- C the members of calls and leads, capital R of `RequestTags`, `session` null when nobody knows the visit, `<не указано>` for what is not
  known of a source, ids of visitors as text, an hour of one digit in a call's `date`; D a lead's `date` in milliseconds and `dateStr` by
  the clock; A both clocks are the site's, Moscow.
- D flags with…, …Only; A what was not asked for is null.
- A calls are listed newest first, from when they end; tags are there six hours later, an order as soon as it is placed; who sits behind a
  static number has no session. D that calls may be deleted: the option `calltouch.deleted` names some.
- A 400, 401, 403 and 429 with `{"errorCode", "message"}`; ten requests a second. None of it is told anywhere.
"""

from starlette.routing import Route

from sandbox.calltouch.methods import CLIENT_API_ID, SITE_ID, Methods
from sandbox.faults import Fault
from sandbox.server import Sandbox

# Faults of its own that pass; a storm brings them too.
FAULTS = (Fault("calltouch", status=200, body='{"data":null}'),)


def routes(sandbox: Sandbox) -> list[Route]:
    """The vendor's methods for this sandbox."""
    return Methods(sandbox).routes()


def settings(base_url: str, *, rate: float = 1.0) -> dict[str, str]:
    """The environment that points the pipeline here."""
    return {
        "SOURCES__CALLTOUCH__BASE_URL": base_url,
        "SOURCES__CALLTOUCH__CLIENT_API_ID": CLIENT_API_ID,
        "SOURCES__CALLTOUCH__SITE_ID": str(SITE_ID),
        "SOURCES__CALLTOUCH__REQUESTS_PER_SECOND": str(2 * rate),
    }
