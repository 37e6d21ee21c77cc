-- Everything that is known to have happened to a message; one row per event as its system tells it.
{{ config(materialized='view') }}

with united as (
    {{ canonical_union('message_events', [
        'stg_mindbox__message_events',
        'stg_file_drop__message_events',
    ]) }}
),

final as (
    select
        united.*,
        source_system || ':' || source_account || ':' || message_record_id as message_id,
        case
            when campaign_record_id is not null
                then source_system || ':' || source_account || ':' || campaign_record_id
        end as campaign_id,
        case
            when profile_record_id is not null
                then source_system || ':' || source_account || ':' || profile_record_id
        end as profile_id
    from united
)

select * from final
