-- How many people entered a store; one row per store and count.
{{ config(materialized='view') }}

with united as (
    {{ canonical_union('store_traffic', [
        'stg_file_drop__store_traffic',
    ]) }}
),

final as (
    select
        united.*,
        source_system || ':' || source_account || ':' || source_record_id as count_id
    from united
)

select * from final
