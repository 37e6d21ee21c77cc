"""MoySklad's stand-in: JSON API 1.2 in its own wire format, over the simulated retailer.

    World  ->  shelves as of the clock  ->  filter, order, page, expand  ->  JSON, gzip

What it answers (GET unless said): `POST /security/token`; `/entity/{type}`, `/entity/{type}/{id}`, a document's `/positions` and
`POST …/trash`, `/entity/customerorder/metadata`, `/context/employee`, `/report/stock/{bystore,all}` and their `/current`.
It is part of `python -m sandbox serve`; the account's API stands under /moysklad/api/remap/1.2.

Traps it keeps: gzip or 415; `expand` and `fields` ignored in silence above a limit of 100; positions of a document cut at 100 when
expanded (the inner limit is not documented, so this is chosen); Moscow times; `moment` to the minute; archived and binned records
hidden unless asked for; a href of the stock report carries a query. That going to the bin changes `updated`, and coming back, is assumed,
for the documentation does not say. Option `moysklad.bin=<type>/<id>@<ISO time>[..<ISO time>],…`: what somebody puts there, and takes out.
With the option `moysklad.late_tills` (numbers of stores) their tills are here since the loyalty programme began; what was sold at them
before is in 1C alone. A few returns and bonus operations lie there as drafts that nobody posted (`applicable` false), which the
retailer's own books know nothing of. The app's orders are not posted either and are real: what became of them stands in their state.
"""

from starlette.routing import Route

from sandbox.faults import Fault
from sandbox.moysklad.gate import SOLUTION_TOKEN
from sandbox.moysklad.methods import Methods
from sandbox.server import Sandbox

PATH = "/api/remap/1.2"

# Faults of its own that pass; a storm brings them too.
FAULTS = (
    Fault("moysklad", status=429, headers={"X-Lognex-Retry-After": "40"}),
    Fault("moysklad", status=429, headers={"X-Lognex-Retry-After": "-1000000000000"}),
)


def routes(sandbox: Sandbox) -> list[Route]:
    """The vendor's methods for this sandbox."""
    return Methods(sandbox).routes(PATH)


def settings(base_url: str, *, rate: float = 1.0) -> dict[str, str]:
    """The environment that points the pipeline here; the client learns the rate from the answers' headers."""
    return {"SOURCES__MOYSKLAD__BASE_URL": f"{base_url}{PATH}", "SOURCES__MOYSKLAD__TOKEN": SOLUTION_TOKEN}
