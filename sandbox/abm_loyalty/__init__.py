"""ABM Loyalty's stand-in: one member at a time, over the simulated retailer's programme.

    World.loyalty_accounts, World.loyalty_operations, cards as they were replaced  ->  user-info and history  ->  JSON

What it answers: `GET /partner/operation/user/{type}/{token}/user-info` and `…/bonus-history`. It is part of `python -m sandbox serve`,
under /abm_loyalty.

Documented by the vendor (D), assumed (A):
- D user-info by card or phone, JSON over https; D that there is a history of accruals and write-offs.
- A everything else: the history's path and its `dateFrom`, the key in a header of its own (X-Api-Key), the members of both bodies, a 404
  with `{"code", "message"}` for who is no member, 401 and 429 in the same form, times by the installation's clock without an offset, points
  that are written without a sign but in corrections. A card that was replaced still finds its account and stands there as BLOCKED.
- Options: `abm_loyalty.without_ids` (operations tell none), `abm_loyalty.failing` (cards and phones, comma-separated, that answer 500).
"""

from starlette.routing import Route

from sandbox.abm_loyalty.methods import API_KEY, AUTH_HEADER, Methods
from sandbox.faults import Fault
from sandbox.server import Sandbox

# Faults of its own that pass; a storm brings them too.
FAULTS = (Fault("abm_loyalty", status=200, body='{"data":null}'),)


def routes(sandbox: Sandbox) -> list[Route]:
    """The vendor's methods for this sandbox."""
    return Methods(sandbox).routes()


def settings(base_url: str, *, rate: float = 1.0) -> dict[str, str]:
    """The environment that points the pipeline here."""
    return {
        "SOURCES__ABM_LOYALTY__BASE_URL": base_url,
        "SOURCES__ABM_LOYALTY__API_KEY": API_KEY,
        "SOURCES__ABM_LOYALTY__AUTH_HEADER": AUTH_HEADER,
        "SOURCES__ABM_LOYALTY__REQUESTS_PER_SECOND": str(20 * rate),
    }
