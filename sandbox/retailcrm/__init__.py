"""RetailCRM v5 as the sandbox speaks it.

    World frames ──► book.py (indexes, histories) ──► customers, orders, loyalty, references ──► wire.py (HTTP)

Marks of the sources: [C] the official clients and their fixtures, [D] the vendor's pages, [R] seen with a published client, [A] assumed.
What it does as the real one:

- key in the header X-API-KEY or the parameter apiKey; without or with a wrong one 403 [C for the texts, A for the code].
- `limit` 20, 50 or 100 (histories and the catalogue also 250), `page` from 1, totals in `pagination` [C; the 400 for other values A].
- histories: filter[sinceId] is exclusive; with a page beyond the first it answers 400 and asks to move the cursor, as the vendor's page
  on histories says since May 2023 [D]. That page=1 beside sinceId passes is [A]: the official Python client always sends it.
- histories reach back about three months [A]; older rows are gone, whatever id or date is asked for.
- the bonus ledger by cursor, without ids, dates or totals [C]; the last page has no nextCursor [A].
- more than ten requests a second: 503 "Rate limit exceeded" [C].
- local times without an offset in the zone of /settings [D form, A zone]; filters are inclusive at both ends to the second [A].
- an account's `customFields` hold the day of leaving as `left_on`, for most of those who left [C the member, A a field by that code: every
  retailer makes his own]; its `amount` is a balance that the vendor keeps, and now and then not what the operations add up to [A].
- a merged customer leaves the lists, its orders show the survivor, and the history has `deleted` with `combinedTo` [C model, A values].

Reading only: the warehouse never writes to a vendor. Options: `retailcrm.timezone=<IANA name>` moves the account to another zone;
`retailcrm.deleted_orders=<id>@<ISO time>,…` and `retailcrm.deleted_customers=…` let a manager delete records; `retailcrm.history_days=<n>`
shortens the histories.
Run it with the rest: `python -m sandbox serve`.
"""

from datetime import datetime
from typing import TYPE_CHECKING

from starlette.routing import Route

from sandbox.faults import Fault
from sandbox.retailcrm import customers, loyalty, order_lists, references
from sandbox.retailcrm.book import Book
from sandbox.retailcrm.wire import API_KEYS, REQUESTS_PER_SECOND, as_naive, endpoint, respond

if TYPE_CHECKING:
    from sandbox.server import Sandbox

# Faults of its own that pass; a storm brings them too.
FAULTS = (
    Fault("retailcrm", status=503, body='{"success":false,"errorMsg":"Rate limit exceeded"}'),
    Fault("retailcrm", status=200, body='{"success":false,"errorMsg":"Internal error"}'),
)


def settings(base_url: str, *, rate: float = 1.0) -> dict[str, str]:
    """The environment that points the warehouse at this stand-in served under `base_url`."""
    return {
        "SOURCES__RETAILCRM__BASE_URL": base_url,
        "SOURCES__RETAILCRM__API_KEY": API_KEYS[0],
        "SOURCES__RETAILCRM__REQUESTS_PER_SECOND": f"{REQUESTS_PER_SECOND * rate:g}",
    }


def routes(sandbox: "Sandbox") -> list[Route]:
    """Every endpoint; the literal paths stand before those with an id in them."""
    book = Book(
        sandbox.world,
        deleted_orders=_deletions(sandbox.options.get("retailcrm.deleted_orders", "")),
        deleted_customers=_deletions(sandbox.options.get("retailcrm.deleted_customers", "")),
    )
    views = {
        "/api/api-versions": lambda call: respond({"success": True, "versions": ["3.0", "4.0", "5.0"]}),
        "/api/credentials": lambda call: respond(
            {
                "success": True,
                "scopes": ["order_read", "customer_read", "reference_read", "loyalty_read", "store_read", "segment_read"],
                "credentials": ["/api/orders", "/api/customers"],
                "siteAccess": "access_full",
            }
        ),
        "/api/system-info": lambda call: respond(
            {"success": True, "systemVersion": "8.60.1", "publicUrl": "https://sandbox.example", "technicalUrl": "https://sandbox.example"}
        ),
        "/api/v5/settings": references.settings(book),
        "/api/v5/reference/{name}": references.reference(book),
        "/api/v5/store/products": references.products(book),
        "/api/v5/segments": customers.segments(book),
        "/api/v5/customers": customers.listing(book, companies=False),
        "/api/v5/customers/history": customers.history(book, companies=False),
        "/api/v5/customers/{uid}": customers.one(book, companies=False),
        "/api/v5/customers-corporate": customers.listing(book, companies=True),
        "/api/v5/customers-corporate/history": customers.history(book, companies=True),
        "/api/v5/customers-corporate/{uid}": customers.one(book, companies=True),
        "/api/v5/orders": order_lists.listing(book),
        "/api/v5/orders/history": order_lists.history(book),
        "/api/v5/orders/statuses": order_lists.statuses(book),
        "/api/v5/orders/{uid}": order_lists.one(book),
        "/api/v5/loyalty/loyalties": loyalty.loyalties(book),
        "/api/v5/loyalty/accounts": loyalty.accounts(book),
        "/api/v5/loyalty/account/{uid}": loyalty.one_account(book),
        "/api/v5/loyalty/account/{uid}/bonus/operations": loyalty.account_operations(book),
        "/api/v5/loyalty/bonus/operations": loyalty.operations(book),
    }
    return [Route(path, endpoint(sandbox, view), methods=["GET"]) for path, view in views.items()]


def _deletions(option: str) -> dict[int, datetime]:
    """`<id>@<ISO time, UTC>` by commas -> id: naive UTC."""
    pairs = [each.split("@", 1) for each in option.split(",") if each]
    return {int(number): as_naive(datetime.fromisoformat(at)) for number, at in pairs}
