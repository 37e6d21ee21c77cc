"""The stand-in of Wildberries: the marketplace's seller API in its own wire format, over the simulated retailer's sales there.

    World.market_orders, .market_units, .market_settlements, the clock  ->  rows as told by now  ->  JSON

What it answers, the paths of several hosts on one: statistics `GET /api/v1/supplier/orders` and `…/sales`, analytics
`POST /api/analytics/v1/stocks-report/wb-warehouses`, finance `POST /api/finance/v1/sales-reports/list` and `…/detailed`, `GET /ping`.

Documented by the vendor (D: its OpenAPI, by way of the models of PyPI `wildberries-sdk` 0.1.177), seen in clients (C), assumed (A):
- D the raw token in Authorization, without Bearer; refusals of the gateway (401, 403, 429) as title, detail, code, requestId, origin,
  status, statusText, timestamp; 400 of the statistics as `{"errors": [...]}` or `{"errors": "..."}` (A which is which); 400 elsewhere as
  title, detail, requestId, origin. C X-Ratelimit-Retry (seconds), A -Limit, -Remaining and -Reset beside it.
- D orders and sales: a bare array, one row a unit; flag=0 rows changed at dateFrom or later (A: at it as well), about 80 000 at most
  (option `wildberries.row_cap`), by lastChangeDate; flag=1 all rows of a day. Moscow time without an offset; amounts are numbers; kept
  for 90 days from the order; `cancelDate` 0001-01-01 while not cancelled; the prices of a sale may be 0 for its first 24 hours (A: of
  every fourth, for 12). A rows change in batches at each half hour, so several share one lastChangeDate; amounts of a return (saleID R…)
  are negative.
- D stock: one pooled warehouse -999999 "Склад WB"; at most 250 000 rows by limit and offset. A the amounts, since the world tells none.
- D settlement report: camelCase, money as text, `rrdId` pages, 204 at the end. Before it `GET …/api/v5/supplier/reportDetailByPeriod`
  told the same in snake_case with numbers; it is gone from the newest specification and is not answered. C amounts of a return
  (docTypeName "Возврат") are positive. D its rows go back to 29 January 2024, the list of reports to 1 January 2025 (option
  `wildberries.list_begins`). bankPaymentSum: what forPaySum leaves after every other sum but that of cashbackDiscount (C a published
  report; A the signs of additionalPaymentSum and paymentSchedule). A dateFrom and dateTo bound rrDate; a report is there from the Monday
  after its week.
- D one request a minute and method, three of the stock: here 600 times as many (option `wildberries.requests_per_minute`).
"""

from starlette.routing import Route

from sandbox.faults import Fault
from sandbox.server import Sandbox
from sandbox.wildberries.gate import REQUESTS_PER_MINUTE, TOKEN
from sandbox.wildberries.methods import Methods

# Faults of its own that pass; a storm brings them too.
FAULTS = (
    Fault("wildberries", status=429, body="{}", headers={"X-Ratelimit-Retry": "1"}),
    Fault("wildberries", status=429, body="{}", headers={"X-Ratelimit-Retry": "1000000000"}),
)


def routes(sandbox: Sandbox) -> list[Route]:
    """The vendor's methods for this sandbox."""
    return Methods(sandbox).routes()


def settings(base_url: str, *, rate: float = 1.0) -> dict[str, str]:
    """The environment that points the pipeline here."""
    return {
        "SOURCES__WILDBERRIES__BASE_URL": base_url,
        "SOURCES__WILDBERRIES__TOKEN": TOKEN,
        "SOURCES__WILDBERRIES__REQUESTS_PER_MINUTE": str(REQUESTS_PER_MINUTE * rate),
    }
