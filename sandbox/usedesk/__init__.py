"""UseDesk as the sandbox speaks it: its methods, and the folder into which somebody collects its webhooks.

    World frames ──► desk.py (tickets and clients as of the clock) ──► wire.py (HTTP) ;  ratings.py (webhooks, monthly files)

Marks of the sources: [D] the vendor's pages (api.usedocs.com 51376, 51377, 51383, 51384, 51405, 51414 and their older editions),
[C] public scripts, [A] assumed. Spoken here:

- POST {method}, form or JSON, `api_token` in the body [D, C]; GET with a query works too [C]. Multipart bodies are not spoken here.
- lists are bare arrays of at most 100 rows, `offset` counts pages and may not be null, no totals [D]. Newest change first [A];
  `usedesk.order=oldest` turns it round.
- tickets' numbers are strings, the clients' are not; `email` is "0" when there is none [D].
- the date filters are inclusive to the minute and read as UTC [D, the English page]; `usedesk.filters=local` reads them in the account's
  zone. Times in answers have no zone [D]; that they are Moscow's is [A], `usedesk.timezone=<IANA name>` moves the account.
- /ticket gives ticket, comments, tags and `changes`; with properties ["sla"] the timers first_reply and close, absent without an SLA
  [D for the names]. That a timer is the moment it runs out is [A]; `usedesk.sla=seconds` gives the seconds that are left.
- comments: `from` client, user, trigger [C] or bot [A]; type public or private [D of create/comment]. `type` and `priority` of a ticket
  [A: only their filters are documented].
- errors are {"error", "code"} [C] under the same HTTP status; `usedesk.errors=200` sends them all with 200 [A].
- 150 requests a minute [D, an older edition], then 429 with Retry-After [A].
- ratings: a webhook is all there is [D]; its body is [A]. The monthly files of JSON lines are what a collector makes of them.

Reading only. Run it with the rest: `python -m sandbox serve`.
"""

from typing import TYPE_CHECKING

from starlette.routing import Route

from sandbox.faults import Fault
from sandbox.usedesk import ratings
from sandbox.usedesk.desk import CHANNELS, Desk
from sandbox.usedesk.methods import methods
from sandbox.usedesk.wire import API_TOKENS, REQUESTS_PER_MINUTE, endpoint

if TYPE_CHECKING:
    from sandbox.server import Sandbox

# Faults of its own that pass; a storm brings them too.
FAULTS = (Fault("usedesk", path="^/usedesk/(?!ratings)", status=200, body='{"error":"Service is busy","code":500}'),)


def settings(base_url: str, *, rate: float = 1.0) -> dict[str, str]:
    """The environment that points the warehouse at this stand-in served under `base_url`."""
    return {
        "SOURCES__USEDESK__BASE_URL": base_url,
        "SOURCES__USEDESK__API_TOKEN": API_TOKENS[0],
        "SOURCES__USEDESK__REQUESTS_PER_SECOND": f"{0.8 * REQUESTS_PER_MINUTE / 60 * rate:g}",
        "SOURCES__USEDESK__RATINGS_FOLDER": f"{base_url}/ratings",
        "SOURCES__USEDESK__RATING_FIELD": "Оценка",
        "SOURCES__USEDESK__ORDER_FIELD": "501",
        "SOURCES__USEDESK__CHANNELS": ",".join(f"{number}:{kind}" for kind, number in CHANNELS.items()),
    }


def routes(sandbox: "Sandbox") -> list[Route]:
    """Every method, and the folder of ratings."""
    desk = Desk(sandbox.world)
    spoken = [Route(f"/{name}", endpoint(sandbox, view), methods=["GET", "POST"]) for name, view in methods(desk).items()]
    return [*spoken, *ratings.routes(sandbox)]
