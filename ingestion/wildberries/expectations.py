"""What Wildberries promises about one night's rows; the form and its meaning stand in ingestion/expectations.py.

Errors are what the marts of orders and settlements read: prices that are no less than nothing, reports whose operations carry a word.
Warnings are what a retailer should look at: units without a basket or an article, words for charges that no seed knows yet.
"""

import great_expectations.expectations as gxe

from ingestion.expectations import Suite

DOCUMENTS = ["Продажа", "Возврат"]

SUITES: dict[str, Suite] = {
    "orders": Suite(
        resource="orders",
        error=(
            gxe.ExpectColumnValuesToBeBetween(column="total_price", min_value=0, mostly=0.99),
            gxe.ExpectColumnValuesToBeBetween(column="price_with_discount", min_value=0, mostly=0.99),
            gxe.ExpectColumnValuesToNotBeNull(column="nm_id", mostly=0.99),
        ),
        warn=(
            gxe.ExpectColumnValuesToNotBeNull(column="supplier_article", mostly=0.99),
            gxe.ExpectColumnValuesToNotBeNull(column="barcode", mostly=0.95),
        ),
        rows_per_day=(0, 1_000_000),
    ),
    "sales": Suite(
        resource="sales",
        error=(gxe.ExpectColumnValuesToMatchRegex(column="sale_id", regex="^[A-Z]", mostly=0.99),),
        warn=(gxe.ExpectColumnValuesToNotBeNull(column="basket_number", mostly=0.99),),
        rows_per_day=(0, 1_000_000),
    ),
    "settlements": Suite(
        resource="settlements",
        error=(
            gxe.ExpectColumnValuesToNotBeNull(column="reason", mostly=0.99),
            gxe.ExpectColumnValuesToBeInSet(column="document_type", value_set=DOCUMENTS, mostly=0.99),
        ),
        warn=(gxe.ExpectColumnValuesToNotBeNull(column="currency", mostly=0.99),),
    ),
    "reports": Suite(
        resource="reports",
        warn=(gxe.ExpectColumnValuesToNotBeNull(column="bank_payment", mostly=0.99),),
    ),
    "stock": Suite(
        resource="stock",
        error=(gxe.ExpectColumnValuesToBeBetween(column="quantity", min_value=0, mostly=0.99),),
        warn=(gxe.ExpectColumnValuesToNotBeNull(column="warehouse_name", mostly=0.99),),
    ),
}
