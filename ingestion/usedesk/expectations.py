"""What UseDesk promises about a night's rows; checked before anything is published.

Error where a mart reads the column, warn for the rest. Bands are wide on purpose: they catch an API that suddenly sends nothing or sends
everything, not a good or bad day at the desk.
"""

import great_expectations.expectations as gxe

from ingestion.expectations import Suite

STATUSES = [str(number) for number in range(1, 11)]

SUITES: dict[str, Suite] = {
    "settings": Suite(resource="settings", error=(gxe.ExpectColumnValuesToNotBeNull(column="time_zone"),)),
    "agents": Suite(
        resource="agents",
        error=(gxe.ExpectColumnValuesToNotBeNull(column="agent_id"),),
        warn=(gxe.ExpectColumnValuesToNotBeNull(column="email", mostly=0.9),),
    ),
    "tickets": Suite(
        resource="tickets",
        error=(
            gxe.ExpectColumnValuesToBeInSet(column="status_id", value_set=STATUSES, mostly=0.99),
            gxe.ExpectColumnValuesToNotBeNull(column="changed_at", mostly=0.95),
        ),
        warn=(
            gxe.ExpectColumnValuesToNotBeNull(column="client_id", mostly=0.9),
            gxe.ExpectColumnValuesToNotBeNull(column="channel_id", mostly=0.95),
            gxe.ExpectColumnValuesToNotBeNull(column="subject", mostly=0.5),
        ),
        rows_per_day=(0, 200_000),
    ),
    "ticket_details": Suite(
        resource="ticket_details",
        error=(
            gxe.ExpectColumnValuesToNotBeNull(column="comments", mostly=0.9),
            gxe.ExpectColumnValuesToNotBeNull(column="changes", mostly=0.5),
        ),
        rows_per_day=(0, 200_000),
    ),
    "clients": Suite(resource="clients", warn=(gxe.ExpectColumnValuesToNotBeNull(column="name", mostly=0.5),), rows_per_day=(0, 1_000_000)),
    "client_details": Suite(resource="client_details", warn=(gxe.ExpectColumnValuesToNotBeNull(column="name", mostly=0.5),)),
    "ratings": Suite(
        resource="ratings",
        error=(gxe.ExpectColumnValuesToBeBetween(column="score", min_value=1, max_value=5, mostly=0.95),),
        warn=(gxe.ExpectColumnValuesToNotBeNull(column="rated_at", mostly=0.9),),
        rows_per_day=(0, 100_000),
    ),
}
