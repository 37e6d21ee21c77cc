-- Lines of receipts and orders, and the products of what reports of shifts tell of receipts that are gone. Where prices are without
-- VAT the document's sum exceeds its lines: these are raised to it by their share, since what was paid is what counts. One row per line.
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

documents as (
    select source_account, source_record_id, net_revenue from {{ ref('stg_one_c__orders') }}
),

raised as (
    select
        positions.source_account,
        positions.order_record_id,
        cast(max(documents.net_revenue) as double) / cast(sum(positions.net_amount) as double) as times
    from positions
    inner join documents
        on positions.source_account = documents.source_account
            and positions.order_record_id = documents.source_record_id
    where not positions.is_cancelled
    group by positions.source_account, positions.order_record_id
    having max(documents.net_revenue) > sum(positions.net_amount) and sum(positions.net_amount) > 0
),

told as (
    select
        positions.*,
        case when positions.is_cancelled then 1 else coalesce(raised.times, 1) end as times
    from positions
    left join raised
        on positions.source_account = raised.source_account
            and positions.order_record_id = raised.order_record_id
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
        cast(unit_price * times as decimal(18, 2)) as unit_price,
        cast(case when times > 1 then greatest(discount_amount - net_amount * (times - 1), 0) else discount_amount end as decimal(18, 2))
            as discount_amount,
        points_discount_amount,
        cast(net_amount * times as decimal(18, 2)) as net_amount,
        is_cancelled
    from told

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
