-- The fields that vendors' documents have, as the lake remembers them. One row per vendor, list, path and type.
{{ config(materialized='view') }}

select
    source_system,
    resource,
    field_path,
    field_type,
    documents,
    documents_before,
    documents_missed,
    cast(first_seen_at as timestamp) as first_seen_at,
    cast(last_seen_at as timestamp) as last_seen_at,
    first_load_id
from {{ lake_fields() }} as fields
