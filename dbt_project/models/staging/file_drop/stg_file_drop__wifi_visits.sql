{{ config(materialized='table') }}  -- Spark keeps no view of a function that is lent to it
with

visits as (
    select
        *,
        -- House form of an address, so that every vendor's hash of one device is the same.
        translate(lower(mac), ':-. ', '') as address
    from ({{ live_documents('file_drop', 'wifi_visits') }}) as documents
),

visits_ranked as (
    select
        *,
        row_number() over (
            partition by source_account, store_code, address, entered_at
            order by file_modified_at desc, file_name desc, line_number desc
        ) as visit_age
    from visits
)

select
    source_system,
    source_account,
    document_key as source_record_id,
    store_code as store_reference,
    {{ keyed_hash('address') }} as device_key,
    entered_at,
    left_at,
    phone
from visits_ranked
where visit_age = 1
