{{ config(database='relations') }}
-- Generated. The published table with every fulfilment_method beside every day;
-- orders_to_receive_of_day, which belongs to the latter, is told also where the table has no row.
select
    keys.day,
    others.fulfilment_method,
    keys.orders_to_receive_of_day,
    told.* exclude (day, fulfilment_method, orders_to_receive_of_day)
from (select day, max(orders_to_receive_of_day) as orders_to_receive_of_day from omnimart.marts.kpi_fulfilment_daily group by all) as keys
cross join (select distinct fulfilment_method from omnimart.marts.kpi_fulfilment_daily) as others
left join omnimart.marts.kpi_fulfilment_daily as told
    on told.day is not distinct from keys.day and told.fulfilment_method is not distinct from others.fulfilment_method
