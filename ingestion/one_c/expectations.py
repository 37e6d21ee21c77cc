"""What 1C promises about one night's rows; the form and its meaning stand in ingestion/expectations.py.

Errors are what the marts of sales, stock and cost read: documents with an amount that is no debt, lines, their shop; what a register's row
counts. Warnings are what a retailer should look at: receipts without a shift, orders without the shop's number, people without a contact,
goods without a brand. Which words a configuration uses is for the seeds to say, and what no seed knows is told by `unmapped_values`.
"""

import great_expectations.expectations as gxe

from ingestion.expectations import Suite

MOST_AT_A_TILL, MOST_IN_AN_ORDER = 10_000_000, 100_000_000


def _keyed(resource: str, key: str, *known: object) -> Suite:
    """A catalogue, of which every element has its reference; `known`: what else is worth a look."""
    key_is_there = gxe.ExpectColumnValuesToNotBeNull(column=key)
    return Suite(resource=resource, error=(key_is_there,), warn=known, rows_per_day=(0, 5_000_000))


def _paper(resource: str, *, amount: str, most: int, rows: str = "", warn: tuple[object, ...] = ()) -> Suite:
    """Documents: an amount between nothing and `most`, and rows in nearly all of them."""
    error = [gxe.ExpectColumnValuesToBeBetween(column=amount, min_value=0, max_value=most, mostly=0.999)]
    error += [gxe.ExpectColumnValuesToNotBeNull(column=rows, mostly=0.99)] if rows else []
    return Suite(resource=resource, error=tuple(error), warn=warn, rows_per_day=(0, 500_000))


SUITES: dict[str, Suite] = {suite.resource: suite for suite in (
    Suite(
        resource="settings",
        error=(gxe.ExpectColumnValuesToNotBeNull(column="time_zone"),),
        # What is not read for want of its fields, told once when it begins.
        warn=(gxe.ExpectColumnValuesToBeNull(column="unread"),),
    ),
    _keyed("items", "item_id", gxe.ExpectColumnValuesToNotBeNull(column="brand_id", mostly=0.2)),
    _keyed("item_keys", "item_key_id"),
    _keyed("brands", "brand_id"),
    _keyed("barcodes", "item_id"),
    _keyed("price_types", "name"),
    Suite(
        resource="prices",
        error=(gxe.ExpectColumnValuesToBeBetween(column="price", min_value=0, max_value=MOST_IN_AN_ORDER),),
        rows_per_day=(0, 5_000_000),
    ),
    _keyed("stores", "store_id", gxe.ExpectColumnValuesToNotBeNull(column="code", mostly=0.9)),
    _keyed("tills", "till_id", gxe.ExpectColumnValuesToNotBeNull(column="store_id", mostly=0.9)),
    _keyed("cashiers", "cashier_id", gxe.ExpectColumnValuesToNotBeNull(column="name", mostly=0.99)),
    _keyed("partners", "partner_id", gxe.ExpectColumnValuesToNotBeNull(column="contacts", mostly=0.3)),
    _keyed("cards", "card_id", gxe.ExpectColumnValuesToNotBeNull(column="card_number", mostly=0.99)),
    _paper("receipts", amount="net_amount", most=MOST_AT_A_TILL, rows="goods",
           warn=(gxe.ExpectColumnValuesToNotBeNull(column="shift_number", mostly=0.95),
                 gxe.ExpectColumnValuesToNotBeNull(column="store_id", mostly=0.99))),
    _paper("receipt_returns", amount="amount", most=MOST_AT_A_TILL,
           warn=(gxe.ExpectColumnValuesToNotBeNull(column="receipt_id", mostly=0.5),)),
    Suite(
        resource="shift_reports",
        error=(gxe.ExpectColumnValuesToBeBetween(column="receipts_told", min_value=0, max_value=100_000),),
        warn=(gxe.ExpectColumnValuesToNotBeNull(column="store_id", mostly=0.99),),
        rows_per_day=(0, 100_000),
    ),
    _paper("customer_orders", amount="net_amount", most=MOST_IN_AN_ORDER, rows="goods",
           warn=(gxe.ExpectColumnValuesToNotBeNull(column="shop_number", mostly=0.3),)),
    _paper("customer_returns", amount="amount", most=MOST_IN_AN_ORDER,
           warn=(gxe.ExpectColumnValuesToNotBeNull(column="customer_order_id", mostly=0.5),)),
    Suite(
        resource="gift_card_sales",
        error=(gxe.ExpectColumnValuesToNotBeNull(column="gift_cards", mostly=0.99),),
        rows_per_day=(0, 100_000),
    ),
    Suite(
        resource="stock",
        # A till may sell what was not booked in yet, so less than nothing is possible; that much less is a slip of the keyboard.
        error=(gxe.ExpectColumnValuesToBeBetween(column="quantity", min_value=-100_000, max_value=10_000_000, mostly=0.999),),
        warn=(gxe.ExpectColumnValuesToBeBetween(column="quantity", min_value=0, mostly=0.95),),
        rows_per_day=(0, 5_000_000),
    ),
    Suite(
        resource="sale_costs",
        error=(gxe.ExpectColumnValuesToNotBeNull(column="records", mostly=0.9),),
        warn=(gxe.ExpectColumnValuesToNotBeNull(column="recorder_type", mostly=0.99),),
        rows_per_day=(0, 500_000),
    ),
)}
