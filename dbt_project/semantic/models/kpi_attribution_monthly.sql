{{ config(database='relations') }}
-- Generated. The published table with every model beside every month, channel;
-- cost, which belongs to the latter, is told also where the table has no row.
select
    keys.month,
    keys.channel,
    others.model,
    keys.cost,
    told.* exclude (month, channel, model, cost)
from (select month, channel, max(cost) as cost from omnimart.marts.kpi_attribution_monthly group by all) as keys
cross join (select distinct model from omnimart.marts.kpi_attribution_monthly) as others
left join omnimart.marts.kpi_attribution_monthly as told
    on told.month is not distinct from keys.month and told.channel is not distinct from keys.channel and told.model is not distinct from others.model
