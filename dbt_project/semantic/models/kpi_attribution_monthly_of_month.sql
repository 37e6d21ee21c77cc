{{ config(database='relations') }}
-- Generated. What the published table tells of every month alone.
select
    month,
    max(fit_conversions) as fit_conversions,
    max(identified_orders) as identified_orders,
    max(itemised_orders) as itemised_orders,
    max(orders_with_source) as orders_with_source
from omnimart.marts.kpi_attribution_monthly
group by all
