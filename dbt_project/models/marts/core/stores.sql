select
    store_id,
    coalesce(name, store_id) as name,
    coalesce(kind, 'store') as kind,
    region,
    city,
    format,
    time_zone,
    coalesce(is_franchise, false) as is_franchise,
    opened_on,
    closed_on,
    systems_count
from {{ ref('int_stores') }}
