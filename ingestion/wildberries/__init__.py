"""Wildberries: the marketplace. Orders, sales and returns, settlement reports and stock of one seller, through the seller API.

    supplier/orders, supplier/sales, sales-reports/detailed, stocks-report  ──►  raw_wildberries  ──►  staging/wildberries
    run alone: python -m ingestion.wildberries

| resource | asked by | key |
|---|---|---|
| orders | lastChangeDate (flag=0); one row a unit | srid |
| sales | lastChangeDate; sales S… and returns R… | saleID |
| settlements | days of operations (rrDate), whole reports | rrdId |
| reports | the same days: the list of reports with their totals | reportId |
| stock | today's list, a snapshot a day | nmId:chrtId:warehouseId:day |

Orders and sales are kept by the vendor for 90 days from the order. The first load reads all of them; what was ordered before is told by the
settlement reports alone, which begin on 29 January 2024 (their list, and with it the check of completeness, on 1 January 2025); the log
says from which day on there are orders, and which reports nothing could be held against. The cursor includes its own moment, so what comes
twice is landed once; a moment with more rows than one answer holds is read day by day (`feeds.py`).

Settlement reports come on Mondays for the week before. Each night reads the reports of the last four weeks again (__REREAD_DAYS), lands
those that are new or differ, deletes what is told no more (`settlements.py`), and checks their rows against the list of reports and its
totals, so that a reading cut short is no short report (`reports.py`). These are the vendor's final figures; orders and sales are
preliminary.

One request a minute and method (three of the stock) is all that the vendor allows, so a night takes about four minutes, most of it waiting,
and a month of older reports three.
A basic token may ask once in hours and is refused here with a sentence: make a personal one. A 429 is waited out when it says at most
two minutes (X-Ratelimit-Retry).

Left out, with reasons: the older settlement report (reportDetailByPeriod, snake_case, amounts as numbers), which the vendor replaced and
took out of its specification; the stock's task (warehouse_remains), which tells the same amounts in three calls, by warehouses that the
newer method no longer tells apart (what it has besides, article and barcode, orders and reports tell as well); the order feed (orders tell
the amounts, the feed one price); incomes, which the vendor removed; cards and prices, since the house's own catalogue has them; buyers,
whom the marketplace does not tell.

Settings: SOURCES__WILDBERRIES__TOKEN (categories statistics, analytics, finance); optional __REQUESTS_PER_MINUTE (1), __START_DATE
(29 January 2024, where settlements begin), __REPORT_PERIOD (weekly, or daily), __REREAD_DAYS (28), __STOCK (off: not read),
__ROWS_PER_ANSWER (80000, how many rows the vendor gives at once), __STATISTICS_URL, __ANALYTICS_URL, __FINANCE_URL, or one __BASE_URL for
all three.
"""

from datetime import datetime
from typing import Any

from ingestion.accounts import Account
from ingestion.settings import KEY, Address, Moment, Number, OneOf
from ingestion.vendor import Contact, Resource, Vendor


def _source(account: Account, contact: Contact) -> Any:
    from ingestion.wildberries.source import wildberries

    return wildberries(account, contact)


def _oldest(account: Account) -> datetime | None:
    """Where the history begins: the setting start_date, else the first day of which settlements are told."""
    from ingestion.wildberries.source import history_begins

    return history_begins(account)


VENDOR = Vendor(
    name="wildberries",
    title="Wildberries",
    role="marketplace",
    url="https://dev.wildberries.ru/",
    resources=(
        Resource("orders", "changes", "Ordered units with their prices, by srid.",
                 window="last change, 90 days back"),
        Resource("sales", "changes", "Units bought out and returned, by saleID.",
                 window="last change, 90 days back"),
        Resource("settlements", "changes", "Rows of settlement reports: sales, returns and what the marketplace charges, by rrdId.",
                 window="week of the report", together="settlements"),
        Resource("reports", "changes", "What the list of settlement reports tells of each, with what it pays, by reportId.",
                 window="week of the report", together="settlements"),
        Resource("stock", "snapshot", "What lies in the marketplace's warehouses, one row per card, size, warehouse and day."),
    ),
    source=_source,
    required_settings=("token",),
    oldest=_oldest,
    settings={
        "token": KEY, "base_url": Address(), "statistics_url": Address(), "analytics_url": Address(), "finance_url": Address(),
        "start_date": Moment(), "requests_per_minute": Number(0.001, 1_000_000), "report_period": OneOf(("weekly", "daily")),
        "reread_days": Number(0, 3_660), "rows_per_answer": Number(1, 10_000_000, is_whole=True), "stock": OneOf(("on", "off")),
    },
)
