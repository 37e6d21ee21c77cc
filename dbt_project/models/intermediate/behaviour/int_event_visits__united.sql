-- Who came to an event; one row per person and event.
{{ config(materialized='view') }}

with united as (
    {{ canonical_union('event_visits', [
        'stg_file_drop__event_visits',
    ]) }}
),

final as (
    select
        united.*,
        source_system || ':' || source_account || ':' || source_record_id as event_visit_id,
        case
            when profile_record_id is not null
                then source_system || ':' || source_account || ':' || profile_record_id
        end as profile_id
    from united
)

select * from final
