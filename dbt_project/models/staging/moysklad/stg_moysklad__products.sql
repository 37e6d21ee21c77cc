-- Products with today's prices; category levels come from the path of their group. One row per product.
with

products as (
    {{ live_documents('moysklad', 'products') }}
),

custom_fields as (
    select
        source_account,
        source_record_id,
        max(case when meaning = 'brand' then value end) as brand,
        max(case when meaning = 'is_exclusive' then value end) as is_exclusive
    from {{ ref('stg_moysklad__custom_fields') }}
    where resource = 'products'
    group by source_account, source_record_id
),

final as (
    select
        products.source_system,
        products.source_account,
        products.product_id as source_record_id,
        products.external_code as external_id,
        products.article,
        {{ first_number('products.barcodes') }} as barcode,
        products.name,
        custom_fields.brand,
        nullif(split_part(products.path_name, '/', 1), '') as category,
        nullif(split_part(products.path_name, '/', 2), '') as subcategory,
        products.sale_price as price,
        products.buy_price as cost,
        {{ as_boolean('custom_fields.is_exclusive') }} as is_exclusive,
        coalesce(products.is_archived, false) as is_archived
    from products
    left join custom_fields
        on products.source_account = custom_fields.source_account
            and products.product_id = custom_fields.source_record_id
)

select * from final
