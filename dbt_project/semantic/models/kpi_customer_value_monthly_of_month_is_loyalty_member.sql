{{ config(database='relations') }}
-- Generated. What the published table tells of every month, is_loyalty_member alone.
select
    month,
    is_loyalty_member
from omnimart.marts.kpi_customer_value_monthly
group by all
