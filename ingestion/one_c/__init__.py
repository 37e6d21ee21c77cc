"""1C:ERP (also UT 11 and Retail): the back office, through the platform's standard OData interface.

    GET Document_…, Catalog_…, …Register_… by windows, keys and versions  ->  raw_one_c in the lake     run alone: python -m ingestion.one_c

| resource | read by | key |
|---|---|---|
| settings | this account's own: zone of the server, price types, names in force | `settings` |
| receipts, receipt_returns, shift_reports, customer_orders, customer_returns, gift_card_sales | windows on Date, then changes | Ref_Key |
| items, item_keys, partners, cards | whole at first, then changes | Ref_Key |
| brands, price_types, stores, tills, cashiers | whole, landed when they differ | Ref_Key |
| barcodes, prices, stock | registers, whole; rows that differ, stock by day | their dimensions |
| sale_costs | the register by months that may still change, once a week as far as __SCAN_DAYS, and as the plan tells | Recorder |

Change capture: 1C tells no time of change. `DataVersion` can be compared and not ordered, so a night reads the documents dated since the
last contact in full, and of those before (__SCAN_DAYS, 400) only keys and versions; what the lake does not hold in that version is asked
for by key. A document dated further back than that is seen when the exchange plan tells of it, or by a backfill. With an __EXCHANGE_PLAN
the plan names what changed, deleted objects too, and the scan goes back only __OVERLAP_DAYS, and once a week as far as ever, since a plan
may not contain every object. `exchange.py` says why no change is lost.

Deletions: unposting and the mark for deletion are states of a document, and land as such. What is not there any more is a tombstone, after
it was asked for by its key once more, with these exceptions. Receipts and returns at a till stay: 1C archives them into the shift's report
and purges them; but one that an exchange plan reports as deleted, and that no report explains, was deleted (`removals.py`). Items stay,
since receipts that were landed name them. A marked document stays as marked. And more than a few unmarked ones at once are what a user
looks like whose rights were cut: they stay, and it is told.

Names differ per configuration: the object behind each resource is a setting, checked against `$metadata` at each first and nightly contact.
The names of fields are the documented defaults; where a configuration has others, the base models' contracts are edited. A register that
lacks what it needs stays empty while the rest is read; the log says so each night, and the document `settings` as long as it lasts.

Dates: a document dated before 1990 was mistyped; it lands and is told, and history does not begin with it. What is dated from then on and
before __START_DATE does not land, whoever tells of it.

Settings: SOURCES__ONE_C__BASE_URL (…/odata/standard.odata), __USERNAME, __PASSWORD, __TIMEZONE (the server's; it writes its times without
an offset, so there is no default); optional __START_DATE (where the history begins), __PAGE_SIZE (1000), __OVERLAP_DAYS (7), __SCAN_DAYS
(400), __EXCHANGE_PLAN (a node, e.g. ExchangePlan_X(guid'…')), __OBJECT_<RESOURCE> (`none` where the configuration has no such object),
__COST_FIELD (Стоимость or Себестоимость, whichever there is; СтоимостьБезНДС), __COST_MONTHS (2: how many months before this one costs are
read again each night), __PURCHASE_PRICE_TYPE (Закупочная), __RETAIL_PRICE_TYPE (Розничная), __REQUESTS_PER_SECOND (5). Each request holds
a licence, so they are made one at a time.
"""

from datetime import datetime
from typing import Any

from ingestion.accounts import Account
from ingestion.one_c.names import COST_FIELD, NEEDS, cost_field
from ingestion.settings import DAYS, RATE, SECRET, Address, Moment, Number, Text, Told, Zone
from ingestion.vendor import Contact, Resource, Vendor


def _source(account: Account, contact: Contact) -> Any:
    from ingestion.one_c.source import one_c

    return one_c(account, contact)


def _oldest(account: Account) -> datetime | None:
    from ingestion.one_c.source import oldest

    return oldest(account)


VENDOR = Vendor(
    name="one_c",
    title="1C:ERP",
    role="back office: catalogue, receipts, stock and cost",
    url="https://its.1c.ru/db/v8327doc",
    resources=(
        Resource("settings", "full_list", "What the account's own settings say: the server's zone, the price types, the objects in force."),
        Resource("items", "changes", "Goods and their groups, by Ref_Key."),
        Resource("item_keys", "changes", "Keys of analytics by which the register of costs names an item at a place, by Ref_Key."),
        Resource("brands", "full_list", "Brands; the retailer's own are said to be so."),
        Resource("barcodes", "changes", "Barcodes of items; a row that is gone as a tombstone."),
        Resource("price_types", "full_list", "Kinds of prices."),
        Resource("prices", "changes", "The prices in force of the purchase and the retail kind; a row that is gone as a tombstone."),
        Resource("stores", "full_list", "Shops and warehouses with their groups."),
        Resource("tills", "full_list", "Tills and the shops they stand in."),
        Resource("cashiers", "full_list", "Users of the infobase: cashiers and managers."),
        Resource("partners", "changes", "Buyers: people and companies with their contacts, by Ref_Key."),
        Resource("cards", "changes", "Loyalty cards, by Ref_Key."),
        Resource("receipts", "changes", "Receipts of the tills with lines and payments, by Ref_Key; unposted and marked ones as states.",
                 window="Date"),
        Resource("receipt_returns", "changes", "Returns at a till with lines, by Ref_Key; unposted and marked ones as states.",
                 window="Date"),
        Resource("shift_reports", "changes", "Retail reports at shift close, into which receipts are archived, by Ref_Key.",
                 window="Date"),
        Resource("customer_orders", "changes", "Customers' orders with lines, by Ref_Key.",
                 window="Date"),
        Resource("customer_returns", "changes", "Returns of orders with lines, by Ref_Key.",
                 window="Date"),
        Resource("gift_card_sales", "changes", "Sales of gift cards, by Ref_Key.",
                 window="Date"),
        Resource("stock", "snapshot", "Stock and reserve by item, store and day of the server."),
        Resource("sale_costs", "changes", "Revenue and cost of sales, one record set per recorder; one that is gone as a tombstone.",
                 window="Period"),
    ),
    source=_source,
    required_settings=("base_url", "username", "password", "timezone"),
    oldest=_oldest,
    settings={
        "base_url": Address(), "username": SECRET, "password": SECRET, "timezone": Zone(), "start_date": Moment(),
        "page_size": Number(1, 100_000, is_whole=True), "overlap_days": DAYS, "scan_days": DAYS,
        "cost_months": Number(0, 600, is_whole=True), "requests_per_second": RATE,
        "exchange_plan": Text(), "purchase_price_type": Text(), "retail_price_type": Text(),
        COST_FIELD: Told(cost_field), **{f"object_{needs.resource}": Text() for needs in NEEDS},
    },
)
