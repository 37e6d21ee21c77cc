-- Every key of the lake stands in staging, in a version as new as the lake's.
select *
from {{ ref('load_reconciliation') }}
where refresh_id = {{ refresh_id() }}
    and (lost_keys <> 0 or stale_keys <> 0)
