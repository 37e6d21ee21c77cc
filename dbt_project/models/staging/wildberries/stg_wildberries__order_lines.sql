-- Units as lines of their basket, one piece each. One row per srid.
with

units as (
    select * from {{ ref('stg_wildberries__units') }}
),

final as (
    select
        source_system,
        source_account,
        srid as source_record_id,
        basket_number as order_record_id,
        row_number() over (partition by source_account, basket_number order by ordered_at, srid) as line_number,
        nm_id as product_record_id,
        supplier_article as article,
        barcode,
        cast(1 as {{ type_double() }}) as quantity,
        total_price as unit_price,
        cast(total_price - price_with_discount as decimal(18, 2)) as discount_amount,
        cast(0 as decimal(18, 2)) as points_discount_amount,
        price_with_discount as net_amount,
        is_cancelled
    from units
)

select * from final
