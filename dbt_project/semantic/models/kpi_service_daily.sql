{{ config(database='relations') }}
-- Generated. The published table with every channel, priority beside every day;
-- orders_of_day, which belongs to the latter, is told also where the table has no row.
select
    keys.day,
    others.channel,
    others.priority,
    keys.orders_of_day,
    told.* exclude (day, channel, priority, orders_of_day)
from (select day, max(orders_of_day) as orders_of_day from omnimart.marts.kpi_service_daily group by all) as keys
cross join (select distinct channel, priority from omnimart.marts.kpi_service_daily) as others
left join omnimart.marts.kpi_service_daily as told
    on told.day is not distinct from keys.day and told.channel is not distinct from others.channel and told.priority is not distinct from others.priority
