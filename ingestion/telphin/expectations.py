"""What Telphin promises about one night's rows; the form and its meaning stand in ingestion/expectations.py.

Errors are what the marts of calls read: a direction, an outcome of the six that are documented, legs, talk that fits into a day.
Warnings are what a retailer should look at: calls whose number of ours is not told, sets that are not named after anybody.
"""

import great_expectations.expectations as gxe

from ingestion.expectations import Suite

RESULTS = ["busy", "answered", "not answered", "failed", "rejected", "bridged"]
A_DAY = 86_400

SUITES: dict[str, Suite] = {
    "calls": Suite(
        resource="calls",
        error=(
            gxe.ExpectColumnValuesToBeInSet(column="flow", value_set=["in", "out"]),
            gxe.ExpectColumnValuesToBeInSet(column="result", value_set=RESULTS, mostly=0.99),
            gxe.ExpectColumnValuesToNotBeNull(column="legs", mostly=0.9),
            gxe.ExpectColumnValuesToBeBetween(column="bridged_duration", min_value=0, max_value=A_DAY, mostly=0.99),
        ),
        warn=(
            gxe.ExpectColumnValuesToNotBeNull(column="hung_up_at", mostly=0.99),
            gxe.ExpectColumnValuesToNotBeNull(column="from_username", mostly=0.99),
        ),
        rows_per_day=(0, 200_000),
    ),
    "extensions": Suite(
        resource="extensions",
        error=(gxe.ExpectColumnValuesToNotBeNull(column="kind", mostly=0.9),),
        warn=(gxe.ExpectColumnValuesToNotBeNull(column="label", mostly=0.5),),
    ),
}
