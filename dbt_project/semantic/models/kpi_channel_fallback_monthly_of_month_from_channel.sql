{{ config(database='relations') }}
-- Generated. What the published table tells of every month, from_channel alone.
select
    month,
    from_channel,
    max(ignored) as ignored
from omnimart.marts.kpi_channel_fallback_monthly
group by all
