-- Visits to stores as their Wi-Fi saw them; a table, since hashing the devices is slow and several models read it. One row per
-- device and visit.
with united as (
    {{ canonical_union('wifi_visits', [
        'stg_file_drop__wifi_visits',
    ]) }}
),

final as (
    select
        united.*,
        source_system || ':' || source_account || ':' || source_record_id as wifi_visit_id
    from united
)

select * from final
