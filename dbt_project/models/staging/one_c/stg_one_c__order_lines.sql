-- Lines of receipts and orders, and the products of what reports of shifts tell of receipts that are gone. One row per line.
with

positions as (
    select * from {{ ref('stg_one_c__positions') }}
),

remainders as (
    select * from {{ ref('stg_one_c__shift_remainders') }}
),

items as (
    {{ live_documents('one_c', 'items') }}
),

together as (
    select
        source_system,
        source_account,
        source_record_id,
        order_record_id,
        line_number,
        product_record_id,
        quantity,
        unit_price,
        discount_amount,
        points_discount_amount,
        net_amount,
        is_cancelled
    from positions

    union all

    select
        source_system,
        source_account,
        source_record_id,
        order_record_id,
        line_number,
        product_record_id,
        quantity,
        cast(gross_amount / quantity as decimal(18, 2)) as unit_price,
        cast(gross_amount - net_amount as decimal(18, 2)) as discount_amount,
        cast(0 as decimal(18, 2)) as points_discount_amount,
        net_amount,
        false as is_cancelled
    from remainders
),

final as (
    select
        together.source_system,
        together.source_account,
        together.source_record_id,
        together.order_record_id,
        together.line_number,
        together.product_record_id,
        items.article,
        items.name as product_name,
        together.quantity,
        together.unit_price,
        together.discount_amount,
        together.points_discount_amount,
        together.net_amount,
        together.is_cancelled
    from together
    left join items
        on together.source_account = items.source_account
            and together.product_record_id = items.item_id
)

select * from final
