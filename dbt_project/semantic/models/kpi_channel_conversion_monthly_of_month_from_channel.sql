{{ config(database='relations') }}
-- Generated. What the published table tells of every month, from_channel alone.
select
    month,
    from_channel,
    max(purchases) as purchases
from omnimart.marts.kpi_channel_conversion_monthly
group by all
