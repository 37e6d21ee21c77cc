with

customers as (
    {{ live_documents('mindbox', 'customers') }}
)

select
    source_system,
    source_account,
    customer_id as source_record_id,
    'person' as kind,
    first_name,
    last_name,
    middle_name,
    case when lower(sex) in ('male', 'female') then lower(sex) end as sex,
    birth_date,
    {{ json_text('custom_fields', 'city') }} as city,
    region,
    changed_at,
    custom_fields
from customers
