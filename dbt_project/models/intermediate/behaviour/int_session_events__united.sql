-- What was done in sessions; one row per page view, product view, step to a purchase or goal.
{{ config(materialized='view') }}

with united as (
    {{ canonical_union('session_events', [
        'stg_mindbox__session_events',
        'stg_yandex_metrica__session_events',
    ]) }}
),

final as (
    select
        united.*,
        source_system || ':' || source_account || ':' || source_record_id as session_event_id,
        case
            when session_record_id is not null
                then source_system || ':' || source_account || ':' || session_record_id
        end as session_id,
        case
            when profile_record_id is not null
                then source_system || ':' || source_account || ':' || profile_record_id
        end as profile_id
    from united
)

select * from final
