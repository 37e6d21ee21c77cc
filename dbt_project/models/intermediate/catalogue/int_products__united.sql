-- Every product card as each system tells it; one row per system's product.
with united as (
    {{ canonical_union('products', [
        'stg_moysklad__products',
        'stg_one_c__products',
        'stg_retailcrm__products',
        'stg_wildberries__products',
    ]) }}
),

final as (
    select
        united.*,
        source_system || ':' || source_account || ':' || source_record_id as record_key
    from united
)

select * from final
