{{ config(database='relations') }}
-- Generated. What the published table tells of every day alone.
select
    day,
    max(age_days) as age_days
from omnimart.marts.kpi_messaging_daily
group by all
