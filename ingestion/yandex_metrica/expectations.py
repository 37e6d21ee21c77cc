"""What Yandex.Metrica promises about one night's documents.

SUITES ──► orchestration/checks.py ──► one blocking check per table. Errors guard what marts read: whose browser it was and when. Ids are
checked as text of digits, since a 64-bit id that went through a float ends in zeros and joins nothing.
"""

import great_expectations.expectations as gxe

from ingestion.expectations import Suite

UNSIGNED = r"^[0-9]{1,20}$"
SOURCES = ["ad", "organic", "direct", "referral", "social", "email", "messenger", "internal", "saved", "recommend", "qrcode", "undefined"]
MODELS = ["first", "last", "lastsign", "last_yandex_direct_click", "cross_device_first", "cross_device_last",
          "cross_device_last_significant", "cross_device_last_yandex_direct_click", "automatic"]

SUITES: dict[str, Suite] = {
    "counters": Suite(
        resource="counters",
        error=(gxe.ExpectColumnValuesToNotBeNull(column="counter_id"),),
        warn=(gxe.ExpectColumnValuesToNotBeNull(column="time_zone"),),
    ),
    "visits": Suite(
        resource="visits",
        error=(
            gxe.ExpectColumnValuesToMatchRegex(column="client_id", regex=UNSIGNED, mostly=0.99),
            gxe.ExpectColumnValuesToNotBeNull(column="traffic_source", mostly=0.5),
        ),
        warn=(
            gxe.ExpectColumnValuesToBeInSet(column="traffic_source", value_set=SOURCES, mostly=0.99),
            gxe.ExpectColumnValuesToBeInSet(column="attribution_model", value_set=MODELS),
            gxe.ExpectColumnValuesToBeBetween(column="pageviews", min_value=0, max_value=10_000, mostly=0.999),
        ),
        rows_per_day=(0, 5_000_000),
    ),
    "hits": Suite(
        resource="hits",
        error=(gxe.ExpectColumnValuesToMatchRegex(column="client_id", regex=UNSIGNED, mostly=0.99),),
        warn=(gxe.ExpectColumnValuesToNotBeNull(column="is_page_view", mostly=0.99),),
        rows_per_day=(0, 50_000_000),
    ),
    "exported_days": Suite(
        resource="exported_days",
        error=(gxe.ExpectColumnValuesToBeInSet(column="source", value_set=["visits", "hits"]),),
    ),
}
