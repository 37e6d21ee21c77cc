"""What MoySklad promises about one night's rows; the form and its meaning stand in ingestion/expectations.py.

Errors are what a mart of sales reads: receipts and orders have an amount that is no debt, a time that has come, lines; the ledger's types
are the two that are documented. Warnings are what a retailer should look at: buyers without any identifier, receipts without a till.
Volumes are wide bands per day, there to catch a list that came back empty or ten times over, not to judge a retailer's trade.
"""

import great_expectations.expectations as gxe

from ingestion.expectations import Suite

TRANSACTION_TYPES = ["EARNING", "SPENDING"]
TRANSACTION_STATUSES = ["WAIT_PROCESSING", "COMPLETED", "CANCELED"]
COMPANY_TYPES = [f"{kind}{country}" for kind in ("legal", "entrepreneur", "individual") for country in ("", "UZ", "KZ")]

SUITES: dict[str, Suite] = {
    "counterparties": Suite(
        resource="counterparties",
        error=(gxe.ExpectColumnValuesToNotBeNull(column="counterparty_id"),),
        warn=(gxe.ExpectColumnValuesToBeInSet(column="company_type", value_set=COMPANY_TYPES),
              gxe.ExpectColumnValuesToNotBeNull(column="phone", mostly=0.3)),
        rows_per_day=(0, 500_000),
    ),
    "products": Suite(
        resource="products",
        error=(gxe.ExpectColumnValuesToNotBeNull(column="product_id"),
               gxe.ExpectColumnValuesToBeBetween(column="sale_price", min_value=0)),
        warn=(gxe.ExpectColumnValuesToNotBeNull(column="article", mostly=0.9),),
        rows_per_day=(0, 500_000),
    ),
    "retail_demands": Suite(
        resource="retail_demands",
        error=(gxe.ExpectColumnValuesToBeBetween(column="sum_amount", min_value=0, max_value=10_000_000),
               gxe.ExpectColumnValuesToNotBeNull(column="positions", mostly=0.99),
               gxe.ExpectColumnValuesToBeBetween(column="positions_count", min_value=1, mostly=0.99)),
        warn=(gxe.ExpectColumnValuesToNotBeNull(column="retail_store_href", mostly=0.99),),
        rows_per_day=(0, 500_000),
    ),
    "customer_orders": Suite(
        resource="customer_orders",
        error=(gxe.ExpectColumnValuesToBeBetween(column="sum_amount", min_value=0, max_value=100_000_000),
               gxe.ExpectColumnValuesToNotBeNull(column="positions", mostly=0.99)),
        warn=(gxe.ExpectColumnValuesToNotBeNull(column="state_name", mostly=0.95),),
        rows_per_day=(0, 500_000),
    ),
    "demands": Suite(
        resource="demands",
        error=(gxe.ExpectColumnValuesToNotBeNull(column="demand_id"),),
        rows_per_day=(0, 500_000),
    ),
    "retail_sales_returns": Suite(
        resource="retail_sales_returns",
        error=(gxe.ExpectColumnValuesToBeBetween(column="sum_amount", min_value=0, max_value=10_000_000),),
        warn=(gxe.ExpectColumnValuesToNotBeNull(column="retail_demand_href", mostly=0.5),),
        rows_per_day=(0, 100_000),
    ),
    "sales_returns": Suite(
        resource="sales_returns",
        error=(gxe.ExpectColumnValuesToBeBetween(column="sum_amount", min_value=0, max_value=100_000_000),),
        warn=(gxe.ExpectColumnValuesToNotBeNull(column="customer_order_href", mostly=0.5),),
        rows_per_day=(0, 100_000),
    ),
    "bonus_transactions": Suite(
        resource="bonus_transactions",
        error=(gxe.ExpectColumnValuesToBeInSet(column="transaction_type", value_set=TRANSACTION_TYPES),
               gxe.ExpectColumnValuesToBeBetween(column="bonus_value", min_value=0, max_value=1_000_000)),
        warn=(gxe.ExpectColumnValuesToBeInSet(column="transaction_status", value_set=TRANSACTION_STATUSES),),
        rows_per_day=(0, 1_000_000),
    ),
    "retail_stores": Suite(
        resource="retail_stores",
        error=(gxe.ExpectColumnValuesToNotBeNull(column="retail_store_id"),),
        warn=(gxe.ExpectColumnValuesToNotBeNull(column="store_href"),),
    ),
    "stock": Suite(
        resource="stock",
        error=(gxe.ExpectColumnValuesToNotBeNull(column="levels"),),
    ),
    "product_folders": Suite(resource="product_folders", error=(gxe.ExpectColumnValuesToNotBeNull(column="name"),)),
    "stores": Suite(resource="stores", error=(gxe.ExpectColumnValuesToNotBeNull(column="name"),)),
    "employees": Suite(resource="employees", warn=(gxe.ExpectColumnValuesToNotBeNull(column="name", mostly=0.9),)),
    "currencies": Suite(resource="currencies", warn=(gxe.ExpectColumnValuesToNotBeNull(column="iso_code"),)),
    "bonus_programs": Suite(resource="bonus_programs", error=(gxe.ExpectColumnValuesToNotBeNull(column="bonus_program_id"),)),
}
