{{ config(database='relations') }}
-- Generated. What the published table tells of every first_order_month alone.
select
    first_order_month,
    max(customers) as customers
from omnimart.marts.kpi_cohort_retention
group by all
