-- One product, of each attribute what the best ranked record says; one row per product.
with records as (
    select
        *,
        row_number() over (
            partition by product_id
            order by case when record_key = product_id then 0 else 1 end, record_key
        ) as record_place
    from {{ ref('int_product_records') }}
),

final as (
    select
        product_id,
        {{ preferred('external_id', 'record') }} as external_id,
        {{ preferred('article', 'record') }} as article,
        {{ preferred('barcode', 'record') }} as barcode,
        {{ preferred('name', 'record') }} as name,
        {{ preferred('brand', 'record') }} as brand,
        {{ preferred('category', 'record') }} as category,
        {{ preferred('subcategory', 'record') }} as subcategory,
        {{ preferred('price', 'record') }} as price,
        {{ preferred('cost', 'record') }} as cost,
        {{ preferred('is_exclusive', 'record') }} as is_exclusive,
        {{ preferred('is_archived', 'record') }} as is_archived,
        count(distinct source_system) as systems_count
    from records
    group by product_id
)

select * from final
