{{ config(database='relations') }}
-- Generated. What the published table tells of every month, channel alone.
select
    month,
    channel,
    max(cost) as cost,
    max(impressions) as impressions,
    max(clicks) as clicks
from omnimart.marts.kpi_attribution_monthly
group by all
