-- Every request left on a site as each system tells it; one row per system's request.
{{ config(materialized='view') }}

with united as (
    {{ canonical_union('leads', [
        'stg_calltouch__leads',
    ]) }}
),

final as (
    select
        united.*,
        source_system || ':' || source_account || ':' || source_record_id as lead_id,
        case
            when profile_record_id is not null
                then source_system || ':' || source_account || ':' || profile_record_id
        end as profile_id
    from united
)

select * from final
