-- Every order line as each system tells it; a line without a product record
-- names its product by barcode, article or name. One row per line of a system's order.
with united as (
    {{ canonical_union('order_lines', [
        'stg_moysklad__order_lines',
        'stg_one_c__order_lines',
        'stg_retailcrm__order_lines',
        'stg_wildberries__order_lines',
    ]) }}
),

final as (
    select
        united.*,
        source_system || ':' || source_account || ':' || order_record_id as order_key,
        source_system || ':' || source_account || ':' || coalesce(
            product_record_id, 'barcode ' || barcode, 'article ' || article, 'name ' || product_name
        ) as product_key
    from united
)

select * from final
