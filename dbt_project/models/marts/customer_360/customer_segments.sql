select
    owners.customer_id,
    kept.source_system,
    kept.source_account,
    kept.segment_code,
    max(kept.segment_name) as segment_name
from {{ ref('int_segments') }} as kept
inner join {{ ref('int_customer_of_profile') }} as owners on kept.profile_id = owners.profile_id
where kept.segment_code is not null
group by owners.customer_id, kept.source_system, kept.source_account, kept.segment_code
