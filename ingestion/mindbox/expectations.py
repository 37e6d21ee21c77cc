"""What Mindbox promises about one night's documents.

SUITES ──► orchestration/checks.py ──► one blocking check per table. Errors guard what marts read: who received what and what became of it.
A night may bring a handful of customers or a single mailing, so an error speaks only of what no single record can break; a table of which
most is rejected is stopped by the check itself.
"""

import great_expectations.expectations as gxe

from ingestion.expectations import Suite

STATUSES = ["Sent", "Delivered", "Opened", "OpenedByMachine", "Clicked", "Unsubscribed", "MarkedAsSpam", "NotDelivered", "NotSent"]

SUITES: dict[str, Suite] = {
    "customers": Suite(
        resource="customers",
        error=(gxe.ExpectColumnValuesToNotBeNull(column="customer_id"),),
        warn=(
            gxe.ExpectColumnValuesToMatchRegex(column="email", regex=r"^[^@\s]+@[^@\s]+$", mostly=0.9),
            gxe.ExpectColumnValuesToBeInSet(column="sex", value_set=["male", "female"], mostly=0.99),
        ),
        rows_per_day=(0, 5_000_000),
    ),
    "mailings": Suite(
        resource="mailings",
        error=(gxe.ExpectColumnValuesToNotBeNull(column="mailing_id"),),
        warn=(
            gxe.ExpectColumnValuesToBeInSet(column="mailing_type", value_set=["mass", "trigger", "transaction"]),
            gxe.ExpectColumnValuesToNotBeNull(column="channel", mostly=0.95),
        ),
        rows_per_day=(0, 50_000),
    ),
    "mailing_statuses": Suite(
        resource="mailing_statuses",
        error=(
            gxe.ExpectColumnValuesToNotBeNull(column="message_id"),
            gxe.ExpectColumnValuesToNotBeNull(column="mailing_id", mostly=0.5),
        ),
        warn=(
            gxe.ExpectColumnValuesToBeInSet(column="status", value_set=STATUSES, mostly=0.99),
            gxe.ExpectColumnValuesToNotBeNull(column="channel", mostly=0.95),
        ),
        rows_per_day=(0, 50_000_000),
    ),
    "customer_actions": Suite(
        resource="customer_actions",
        error=(gxe.ExpectColumnValuesToNotBeNull(column="customer_id"),),
        warn=(gxe.ExpectColumnValuesToNotBeNull(column="action_template", mostly=0.95),),
        rows_per_day=(0, 50_000_000),
    ),
    "customer_merges": Suite(
        resource="customer_merges",
        error=(gxe.ExpectColumnValuesToNotBeNull(column="customer_id"),),
        warn=(gxe.ExpectColumnValuesToNotBeNull(column="merged_at", mostly=0.99),),
        rows_per_day=(0, 5_000_000),
    ),
}
