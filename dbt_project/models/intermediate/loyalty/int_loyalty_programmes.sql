-- Every loyalty programme as each system tells it; one row per system's programme.
{{ config(materialized='view') }}

with united as (
    {{ canonical_union('loyalty_programmes', [
        'stg_retailcrm__loyalty_programmes',
    ]) }}
),

final as (
    select
        united.*,
        source_system || ':' || source_account || ':' || source_record_id as programme_key
    from united
)

select * from final
