"""Yandex.Metrica's Logs API as the sandbox speaks it: log requests, their parts in TSV, quotas; and the counter's own record.

    World frames ──► records.py (a list of texts per field) ──► desk.py (request ► status ► parts) ──► gate.py (token, quotas) ──► routes

Marks of the sources: [D] the vendor's documentation, [C] public clients (the vendor's own loader, two connectors, the site's tag), [A]
assumed, since no source says it. Spoken here:

- `Authorization: OAuth <token>` [D]; errors as `{"errors": [{error_type, message, location}], "code", "message"}` [D]; 401 without a token,
  403 `invalid_token` with a wrong one, 404 `not_found` for another counter [D for the types, A for which of them].
- `…/logrequests/evaluate`, `POST …/logrequests` with everything in the query, `…/logrequest/{id}` (singular), `/part/{n}/download`,
  `/clean`, `/cancel`, and the list of all logins' requests [D]. `source` in an answer is an array by the document and a text in what
  clients were answered: text here [C].
- date2 may not be today (of the counter's zone) [D]; at most a year, `fields` of at most 3 000 characters [D]; an unknown field is a 400
  `invalid_parameter` [A]. Known here are the fields of records.py, and not all three hundred of the vendor's.
- Early downloads: 400 and the very words `Only log of requests in status 'processed' can be downloaded`; a part too many: `Incorrect part
  number` [C]. Every part begins with a header [C]; lines end with a line feed, the last one too [C]; gzip when the client takes it [D].
- Quotas: 10 requests a second per address, 3 at once and 5 000 a day (UTC) per user, all as 429 with their error_type [D]. 10 GB of logs
  that are prepared and not cleaned: evaluate says how many days still fit [D]; creating more is a 400 [A].
- TSV escapes and arrays as ClickHouse writes them, quotes escaped (`[\\'a\\',\\'b\\']`) [C]; arrays with holes (`[,,,telegram]`) [D].
- `<attribution>` becomes the model's name in the header [A]; from 18 June 2026 old models give their nearest kin [D, the header A].
- A request is processed after a few looks at it, since the sandbox's clock stands still.

Options `yandex_metrica.<name>`: those of desk.MetricaOptions. Run it with the rest: `python -m sandbox serve`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.routing import Route

from sandbox.faults import Fault
from sandbox.yandex_metrica.desk import Desk, options_from
from sandbox.yandex_metrica.gate import COUNTER_ID, REQUESTS_PER_SECOND, TOKEN, Gate

if TYPE_CHECKING:
    from sandbox.server import Sandbox

# Faults of its own that pass; a storm brings them too.
FAULTS = (
    Fault("yandex_metrica", status=429, body='{"errors":[{"error_type":"quota_requests_by_ip","message":"Quota exceeded"}],"code":429}'),
)


def settings(base_url: str, *, rate: float = 1.0) -> dict[str, str]:
    """The environment that points the warehouse at this stand-in, which is served under `base_url`."""
    return {
        "SOURCES__YANDEX_METRICA__BASE_URL": base_url.rstrip("/"),
        "SOURCES__YANDEX_METRICA__TOKEN": TOKEN,
        "SOURCES__YANDEX_METRICA__COUNTER_ID": str(COUNTER_ID),
        "SOURCES__YANDEX_METRICA__REQUESTS_PER_SECOND": f"{REQUESTS_PER_SECOND * rate / 2:g}",
        "SOURCES__YANDEX_METRICA__POLL_SECONDS": "0.05",
    }


def routes(sandbox: Sandbox) -> list[Route]:
    """The routes to mount under `/yandex_metrica`."""
    choice = options_from(sandbox.options)
    gate, desk = Gate(sandbox, choice), Desk(sandbox, choice)
    counter = "/management/v1/counter/{counter:str}"
    methods = [
        ("GET", counter, desk.counter),
        ("GET", f"{counter}/goals", desk.goals),
        ("GET", f"{counter}/logrequests/evaluate", desk.evaluate),
        ("GET", f"{counter}/logrequests", desk.list),
        ("POST", f"{counter}/logrequests", desk.create),
        ("GET", f"{counter}/logrequest/{{request_id:int}}", desk.look),
        ("GET", f"{counter}/logrequest/{{request_id:int}}/part/{{part:int}}/download", desk.download),
        ("POST", f"{counter}/logrequest/{{request_id:int}}/clean", desk.clean),
        ("POST", f"{counter}/logrequest/{{request_id:int}}/cancel", desk.cancel),
    ]
    return [Route(path, gate.guarded(answer), methods=[method]) for method, path, answer in methods]
