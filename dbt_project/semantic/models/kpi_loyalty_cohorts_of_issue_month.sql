{{ config(database='relations') }}
-- Generated. What the published table tells of every issue_month alone.
select
    issue_month,
    max(points_credited) as points_credited
from omnimart.marts.kpi_loyalty_cohorts
group by all
