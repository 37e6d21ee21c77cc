-- Promotions and their codes; one row per promotion.
{{ config(materialized='view') }}

with united as (
    {{ canonical_union('promotions', [
        'stg_file_drop__promotions',
    ]) }}
),

final as (
    select
        united.*,
        source_system || ':' || source_account || ':' || source_record_id as promotion_id
    from united
)

select * from final
