-- Every typed discount as each system tells it; one row per system's order and discount type (or more).
{{ config(materialized='view') }}

with united as (
    {{ canonical_union('order_discounts', [
        'stg_moysklad__order_discounts',
        'stg_one_c__order_discounts',
        'stg_retailcrm__order_discounts',
    ]) }}
),

final as (
    select
        united.*,
        source_system || ':' || source_account || ':' || order_record_id as order_key
    from united
)

select * from final
