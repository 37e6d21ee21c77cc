"""What RetailCRM promises about a night's rows; checked before anything is published.

Error where a mart reads the column, warn for the rest. Bands are wide on purpose: they catch an API that suddenly sends nothing or sends
everything, not a good or bad day of trade.
"""

import great_expectations.expectations as gxe

from ingestion.expectations import Suite

OPERATIONS = [
    "credit_for_order",
    "charge_for_order",
    "credit_manual",
    "charge_manual",
    "credit_for_event",
    "burn",
    "cancel_of_charge",
    "cancel_of_credit",
]

SUITES: dict[str, Suite] = {
    "orders": Suite(
        resource="orders",
        error=(
            gxe.ExpectColumnValuesToNotBeNull(column="order_id"),
            gxe.ExpectColumnValuesToNotBeNull(column="status", mostly=0.95),
            gxe.ExpectColumnValuesToBeBetween(column="total_amount", min_value=0, max_value=100_000_000, mostly=0.999),
            gxe.ExpectColumnValuesToNotBeNull(column="items", mostly=0.9),
        ),
        warn=(
            gxe.ExpectColumnValuesToNotBeNull(column="customer_id", mostly=0.9),
            gxe.ExpectColumnValuesToNotBeNull(column="order_method", mostly=0.9),
            gxe.ExpectColumnValuesToNotBeNull(column="external_id", mostly=0.5),
        ),
        rows_per_day=(0, 500_000),
    ),
    "customers": Suite(
        resource="customers",
        error=(gxe.ExpectColumnValuesToNotBeNull(column="customer_id"),),
        warn=(
            gxe.ExpectColumnValuesToNotBeNull(column="first_name", mostly=0.5),
            gxe.ExpectColumnValuesToBeInSet(column="sex", value_set=["male", "female"], mostly=0.99),
        ),
        rows_per_day=(0, 1_000_000),
    ),
    "loyalty_accounts": Suite(
        resource="loyalty_accounts",
        error=(gxe.ExpectColumnValuesToNotBeNull(column="customer_id", mostly=0.95),),
        warn=(
            gxe.ExpectColumnValuesToBeInSet(column="status", value_set=["activated", "deactivated", "not_confirmed"], mostly=0.99),
            gxe.ExpectColumnValuesToBeBetween(column="balance", min_value=0, mostly=0.99),
        ),
    ),
    "bonus_operations": Suite(
        resource="bonus_operations",
        error=(gxe.ExpectColumnValuesToBeInSet(column="bonus_type", value_set=OPERATIONS, mostly=0.99),),
        warn=(gxe.ExpectColumnValuesToBeBetween(column="points", min_value=-1_000_000, max_value=1_000_000),),
    ),
    "settings": Suite(
        resource="settings",
        warn=(gxe.ExpectColumnValuesToNotBeNull(column="time_zone"),),
    ),
    "references": Suite(
        resource="references",
        error=(gxe.ExpectColumnValuesToNotBeNull(column="code"),),
        warn=(gxe.ExpectColumnValuesToNotBeNull(column="name", mostly=0.9),),
    ),
    "stores": Suite(
        resource="stores",
        error=(gxe.ExpectColumnValuesToNotBeNull(column="code"),),
        warn=(gxe.ExpectColumnValuesToNotBeNull(column="name", mostly=0.9),),
    ),
    "segments": Suite(resource="segments", warn=(gxe.ExpectColumnValuesToNotBeNull(column="name", mostly=0.9),)),
    "loyalties": Suite(resource="loyalties", error=(gxe.ExpectColumnValuesToNotBeNull(column="programme_id"),)),
    "customers_corporate": Suite(
        resource="customers_corporate", warn=(gxe.ExpectColumnValuesToNotBeNull(column="company_name", mostly=0.5),)
    ),
    "customer_merges": Suite(
        resource="customer_merges",
        error=(
            gxe.ExpectColumnValuesToNotBeNull(column="merged_customer_id"),
            gxe.ExpectColumnValuesToNotBeNull(column="surviving_customer_id"),
        ),
        rows_per_day=(0, 100_000),
    ),
    "order_history": Suite(
        resource="order_history",
        error=(gxe.ExpectColumnValuesToNotBeNull(column="order_id"), gxe.ExpectColumnValuesToNotBeNull(column="status")),
        rows_per_day=(0, 5_000_000),
    ),
    "products": Suite(
        resource="products",
        error=(gxe.ExpectColumnValuesToNotBeNull(column="product_id"),),
        warn=(gxe.ExpectColumnValuesToNotBeNull(column="name", mostly=0.9),),
    ),
}
