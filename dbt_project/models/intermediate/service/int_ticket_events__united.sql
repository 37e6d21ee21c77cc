-- What was said and decided in tickets; one row per comment or change of status.
{{ config(materialized='view') }}

with united as (
    {{ canonical_union('ticket_events', [
        'stg_usedesk__ticket_events',
    ]) }}
),

final as (
    select
        united.*,
        source_system || ':' || source_account || ':' || source_record_id as ticket_event_id,
        case
            when ticket_record_id is not null
                then source_system || ':' || source_account || ':' || ticket_record_id
        end as ticket_id
    from united
)

select * from final
