-- Every payment as each system tells it; one row per system's payment.
{{ config(materialized='view') }}

with united as (
    {{ canonical_union('payments', [
        'stg_moysklad__payments',
        'stg_one_c__payments',
        'stg_retailcrm__payments',
    ]) }}
),

final as (
    select
        united.*,
        source_system || ':' || source_account || ':' || source_record_id as payment_id,
        source_system || ':' || source_account || ':' || order_record_id as order_key
    from united
)

select * from final
