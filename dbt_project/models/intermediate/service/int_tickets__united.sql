-- Every ticket of every help desk; one row per ticket.
{{ config(materialized='view') }}

with united as (
    {{ canonical_union('tickets', [
        'stg_usedesk__tickets',
    ]) }}
),

final as (
    select
        united.*,
        source_system || ':' || source_account || ':' || source_record_id as ticket_id,
        case
            when profile_record_id is not null
                then source_system || ':' || source_account || ':' || profile_record_id
        end as profile_id
    from united
)

select * from final
