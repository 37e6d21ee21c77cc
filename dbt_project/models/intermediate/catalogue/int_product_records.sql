-- Every product record that any system tells of or only mentions, and the product that it is; one row per record.
-- A product that stands on order lines or stock rows only (its system has no catalogue of its own) is a record too.
with told as (
    select * from {{ ref('int_products__united') }}
),

mentioned as (
    select
        product_key as record_key,
        source_system,
        source_account,
        min(coalesce(
            product_record_id, 'barcode ' || barcode, 'article ' || article, 'name ' || product_name
        )) as source_record_id,
        min(article) as article,
        min(barcode) as barcode,
        min(product_name) as name
    from {{ ref('int_order_lines__united') }}
    where product_key is not null
    group by product_key, source_system, source_account

    union all

    select distinct
        stock.product_key as record_key,
        stock.source_system,
        stock.source_account,
        stock.product_record_id as source_record_id,
        cast(null as {{ dbt.type_string() }}) as article,
        cast(null as {{ dbt.type_string() }}) as barcode,
        cast(null as {{ dbt.type_string() }}) as name
    from {{ ref('int_stock_levels__united') }} as stock
    left join {{ ref('int_order_lines__united') }} as lines on stock.product_key = lines.product_key
    where lines.product_key is null
),

final as (
    {{ records_of('products', 'product_id', [
        ('external id', ['external_id', 'source_record_id']),
        ('barcode', ['barcode']),
        ('article', ['article']),
    ], mentions=['article', 'barcode', 'name']) }}
)

select * from final
