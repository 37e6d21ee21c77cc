select
    counts.count_id,
    counts.source_system,
    counts.source_account,
    {{ referenced_id('store') }} as store_id,
    counts.counted_at,
    {{ business_date('counts.counted_at') }} as counted_on,
    counts.entrants
from {{ ref('int_store_traffic__united') }} as counts
{{ referenced('store', 'counts.source_system', 'counts.store_reference') }}
where counts.entrants is not null
