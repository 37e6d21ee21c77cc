{{ config(database='relations') }}
-- Generated. What the published table tells of every month, from_channel alone.
select
    month,
    from_channel,
    max(starters) as starters,
    max(purchases) as purchases,
    max(buyers) as buyers
from omnimart.marts.kpi_channel_conversion_monthly
group by all
