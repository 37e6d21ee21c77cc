{{{{ config(database='relations') }}}}
-- Generated. What the published table tells of every {keys} alone.
select
    {selected}
from omnimart.marts.{name}
group by all
