-- received = staged + superseded + quarantined, for every list of every vendor in this refresh.
select *
from {{ ref('load_reconciliation') }}
where refresh_id = {{ refresh_id() }}
    and received <> staged + superseded + quarantined
