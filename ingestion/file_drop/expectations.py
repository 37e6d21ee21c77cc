"""What a drop folder promises about one night's rows.

SUITES ──► orchestration/checks.py ──► one blocking check per table. A retailer uses the datasets it needs, and files come weekly or
monthly, so a night without rows is no broken promise and no volume is too small. Types and required columns were judged at the door.
"""

import great_expectations.expectations as gxe

from ingestion.expectations import Suite

SUITES: dict[str, Suite] = {
    "channel_costs": Suite(
        resource="channel_costs",
        error=(gxe.ExpectColumnValuesToBeBetween(column="cost", min_value=0, mostly=0.9),),
        warn=(
            gxe.ExpectColumnPairValuesAToBeGreaterThanB(column_A="impressions", column_B="clicks", or_equal=True,
                                                        ignore_row_if="either_value_is_missing", mostly=0.95),
            gxe.ExpectColumnValuesToBeBetween(column="cost", min_value=0),
        ),
        rows_per_day=(0, 5_000_000),
    ),
    "survey_answers": Suite(
        resource="survey_answers",
        error=(gxe.ExpectColumnValuesToBeBetween(column="score", min_value=-100, max_value=100, mostly=0.9),),
        warn=(gxe.ExpectColumnValuesToBeBetween(column="importance", min_value=1, max_value=10),),
        rows_per_day=(0, 5_000_000),
    ),
    "store_entrants": Suite(
        resource="store_entrants",
        error=(gxe.ExpectColumnValuesToBeBetween(column="entrants", min_value=0, max_value=1_000_000, mostly=0.9),),
        warn=(gxe.ExpectColumnValuesToBeBetween(column="entrants", min_value=0, max_value=100_000),),
        rows_per_day=(0, 5_000_000),
    ),
    "wifi_visits": Suite(
        resource="wifi_visits",
        warn=(gxe.ExpectColumnPairValuesAToBeGreaterThanB(column_A="left_at", column_B="entered_at", or_equal=True,
                                                          ignore_row_if="either_value_is_missing", mostly=0.99),),
        rows_per_day=(0, 50_000_000),
    ),
    "event_visits": Suite(
        resource="event_visits",
        warn=(gxe.ExpectColumnValuesToNotBeNull(column="phone", mostly=0.3),),
        rows_per_day=(0, 5_000_000),
    ),
    "app_sessions": Suite(
        resource="app_sessions",
        warn=(gxe.ExpectColumnValuesToBeInSet(column="platform", value_set=["ios", "android"], mostly=0.95),),
        rows_per_day=(0, 50_000_000),
    ),
    "messages": Suite(
        resource="messages",
        error=(gxe.ExpectColumnValuesToNotBeNull(column="recipient"),),
        warn=(gxe.ExpectColumnPairValuesAToBeGreaterThanB(column_A="delivered_at", column_B="sent_at", or_equal=True,
                                                          ignore_row_if="either_value_is_missing", mostly=0.99),),
        rows_per_day=(0, 50_000_000),
    ),
    "promotions": Suite(
        resource="promotions",
        warn=(gxe.ExpectColumnPairValuesAToBeGreaterThanB(column_A="ends_on", column_B="starts_on", or_equal=True,
                                                          ignore_row_if="either_value_is_missing", mostly=0.95),),
        rows_per_day=(0, 100_000),
    ),
    "loyalty_accounts": Suite(
        resource="loyalty_accounts",
        warn=(gxe.ExpectColumnValuesToNotBeNull(column="enrolled_at", mostly=0.9),),
        rows_per_day=(0, 50_000_000),
    ),
    "loyalty_operations": Suite(
        resource="loyalty_operations",
        error=(gxe.ExpectColumnValuesToBeBetween(column="points", min_value=-10_000_000, max_value=10_000_000, mostly=0.99),),
        rows_per_day=(0, 50_000_000),
    ),
    "strays": Suite(
        resource="strays",
        warn=(gxe.ExpectColumnValuesToBeInSet(column="is_accepted", value_set=[True]),),
        rows_per_day=(0, 5_000_000),
    ),
    "settings": Suite(
        resource="settings",
        warn=(gxe.ExpectTableRowCountToBeBetween(min_value=1),),
        rows_per_day=(0, 100),
    ),
}
