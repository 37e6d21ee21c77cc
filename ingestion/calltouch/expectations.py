"""What Calltouch promises about one night's rows; the form and its meaning stand in ingestion/expectations.py.

Errors are what the marts of calls read: whether a call was answered, talk and wait that fit into a day, callers, what brought them.
Warnings are what a retailer should look at: calls whose visit nobody knows, leads that leave no number.
"""

import great_expectations.expectations as gxe

from ingestion.expectations import Suite

A_DAY = 86_400

SUITES: dict[str, Suite] = {
    "settings": Suite(
        resource="settings",
        error=(gxe.ExpectColumnValuesToBeInSet(column="document_key", value_set=["settings"]),),
    ),
    "calls": Suite(
        resource="calls",
        error=(
            gxe.ExpectColumnValuesToNotBeNull(column="is_successful", mostly=0.99),
            gxe.ExpectColumnValuesToBeBetween(column="talk_seconds", min_value=0, max_value=A_DAY, mostly=0.99),
            gxe.ExpectColumnValuesToBeBetween(column="waited_seconds", min_value=0, max_value=A_DAY, mostly=0.99),
            gxe.ExpectColumnValuesToNotBeNull(column="caller_number", mostly=0.9),
            gxe.ExpectColumnValuesToNotBeNull(column="medium", mostly=0.9),
        ),
        warn=(gxe.ExpectColumnValuesToNotBeNull(column="client_id", mostly=0.1),),
        rows_per_day=(0, 200_000),
    ),
    "leads": Suite(
        resource="leads",
        error=(gxe.ExpectColumnValuesToNotBeNull(column="client_record_id", mostly=0.9),),
        warn=(gxe.ExpectColumnValuesToNotBeNull(column="phones", mostly=0.9),),
        rows_per_day=(0, 100_000),
    ),
}
