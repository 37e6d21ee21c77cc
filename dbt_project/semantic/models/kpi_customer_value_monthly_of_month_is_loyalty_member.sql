{{ config(database='relations') }}
-- Generated. What the published table tells of every month, is_loyalty_member alone.
select
    month,
    is_loyalty_member,
    sum(customers_at_start) as customers_at_start,
    sum(customers_at_start_known) as customers_at_start_known,
    sum(churned_customers) as churned_customers
from omnimart.marts.kpi_customer_value_monthly
group by all
