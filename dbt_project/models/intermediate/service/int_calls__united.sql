-- Every call as each system tells it; one row per system's call.
{{ config(materialized='view') }}

with united as (
    {{ canonical_union('calls', [
        'stg_telphin__calls',
        'stg_calltouch__calls',
    ]) }}
),

final as (
    select
        united.*,
        source_system || ':' || source_account || ':' || source_record_id as call_key
    from united
)

select * from final
