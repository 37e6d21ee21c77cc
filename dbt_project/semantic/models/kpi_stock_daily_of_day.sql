{{ config(database='relations') }}
-- Generated. What the published table tells of every day alone.
select
    day,
    max(active_skus) as active_skus,
    max(cross_channel_skus) as cross_channel_skus
from omnimart.marts.kpi_stock_daily
group by all
