{{ config(database='relations') }}
-- Generated. What the published table tells of every day alone.
select
    day,
    max(orders_of_day) as orders_of_day
from omnimart.marts.kpi_service_daily
group by all
