"""What ABM Loyalty promises about one night's rows; the form and its meaning stand in ingestion/expectations.py.

Errors are what the marts of loyalty read: whose points, how many. Warnings are what a retailer should look at: members without a card,
questions that were not answered. A round may be spent and bring no news, so no volume is too small.
"""

import great_expectations.expectations as gxe

from ingestion.expectations import Suite

SUITES: dict[str, Suite] = {
    "settings": Suite(
        resource="settings",
        error=(gxe.ExpectColumnValuesToBeInSet(column="document_key", value_set=["settings"]),),
    ),
    "accounts": Suite(
        resource="accounts",
        error=(gxe.ExpectColumnValuesToNotBeNull(column="raw_status", mostly=0.9),),
        warn=(
            gxe.ExpectColumnValuesToNotBeNull(column="card_number", mostly=0.9),
            gxe.ExpectColumnValuesToNotBeNull(column="balance", mostly=0.99),
        ),
        rows_per_day=(0, 1_000_000),
    ),
    "operations": Suite(
        resource="operations",
        error=(gxe.ExpectColumnValuesToBeBetween(column="amount", min_value=-10_000_000, max_value=10_000_000, mostly=0.99),),
        warn=(gxe.ExpectColumnValuesToNotBeNull(column="raw_type", mostly=0.99),),
        rows_per_day=(0, 50_000_000),
    ),
    "answers": Suite(
        resource="answers",
        error=(gxe.ExpectColumnValuesToBeInSet(column="result", value_set=["member", "not_a_member", "failed"]),),
        warn=(gxe.ExpectColumnValuesToBeInSet(column="result", value_set=["member", "not_a_member"], mostly=0.98),),
        rows_per_day=(0, 1_000_000),
    ),
}
