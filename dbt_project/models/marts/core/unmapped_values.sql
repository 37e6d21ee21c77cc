select
    source_system,
    source_account,
    resource,
    field,
    raw_value as value,
    records
from {{ ref('int_values__mapped') }}
where mapped_to is null
