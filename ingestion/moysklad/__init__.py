"""MoySklad: tills, stock, product catalogue and the mirror of online orders, through JSON API 1.2.

    /entity/* by `updated`, /report/stock/bystore  ->  raw_moysklad in the lake         run alone: python -m ingestion.moysklad

Resources and keys: documents and the bonus ledger by `id` (retail_demands, customer_orders, demands, retail_sales_returns,
sales_returns, bonus_transactions), counterparties and products by `id`, the short dictionaries as full lists, stock by product and
Moscow day.

Change capture: `updated` from the last contact on, with an overlap, oldest first. A document in the recycle bin becomes a tombstone: the
bin is asked for by `updated` and, since the vendor does not say whether going to the bin changes that, by `deleted` too. Lines come with
their document by expand (100 documents a page); a document with more positions than came is completed by its own positions call, and
that is the one place where a payload is put together from two answers. Buyers whose points moved are asked for by id, since it is not
documented that their `updated` tells it.

Left out, with reasons: records deleted past the bin show only in the audit log, whose reading needs an administrator; shifts, cash drawer
papers and positions of shipments carry no fact that a mart reads (a shipment tells the order behind it); variants and bundles
arrive with the first retailer who has them; counterparty metrics need a paid option, and we count them ourselves.
"""

from datetime import datetime, timedelta
from typing import Any

from ingestion.accounts import Account
from ingestion.settings import KEY, RATE, SECRET, Address
from ingestion.vendor import Contact, Resource, Vendor


def _source(account: Account, contact: Contact) -> Any:
    from ingestion.moysklad.source import moysklad

    return moysklad(account, contact)


def _oldest(account: Account) -> datetime | None:
    from ingestion.moysklad.source import oldest

    return oldest(account)


VENDOR = Vendor(
    name="moysklad",
    title="MoySklad",
    role="tills, stock and catalogue",
    url="https://dev.moysklad.ru/doc/api/remap/1.2/",
    resources=(
        Resource("counterparties", "changes", "Buyers: people, companies and the till's placeholder, by id.",
                 window="last change"),
        Resource("products", "changes", "Products with prices, barcodes and group path, by id.",
                 window="last change"),
        Resource("retail_demands", "changes", "Receipts of the tills with their positions and cost, by id; the bin as tombstones.",
                 window="last change"),
        Resource("customer_orders", "changes", "Orders of the shop as mirrored here, with positions, by id; the bin as tombstones.",
                 window="last change"),
        Resource("demands", "changes", "Shipments without positions, by id, for the order behind each; the bin as tombstones.",
                 window="last change"),
        Resource("retail_sales_returns", "changes", "Returns at a till with positions, by id; the bin as tombstones.",
                 window="last change"),
        Resource("sales_returns", "changes", "Returns of shipped orders with positions and shipment, by id; the bin as tombstones.",
                 window="last change"),
        Resource("bonus_transactions", "changes", "The bonus ledger's operations, by id.",
                 window="last change"),
        Resource("product_folders", "full_list", "Groups of products."),
        Resource("retail_stores", "full_list", "Points of sale."),
        Resource("stores", "full_list", "Stock places."),
        Resource("employees", "full_list", "Staff, those who left included."),
        Resource("bonus_programs", "full_list", "Loyalty programmes."),
        Resource("currencies", "full_list", "Currencies, with the account's own."),
        Resource("stock", "snapshot", "Stock and reserve of a product at every stock place, by product and Moscow day."),
    ),
    source=_source,
    required_settings=("base_url", ("token", "login")),
    oldest=_oldest,
    settings={"base_url": Address(), "token": KEY, "login": SECRET, "password": SECRET, "requests_per_second": RATE},
    cadence="nightly",
    freshness=timedelta(hours=36),
)
