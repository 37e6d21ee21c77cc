-- Orders count on the day they were placed, returns on the day the goods came back, in the channel, store and brand of the
-- order they belong to; a return without an order stands in the store that took it.
with orders as (
    select * from {{ ref('orders') }}
    where is_counted
),

personal as (
    select order_id, sum(amount) as amount
    from {{ ref('order_discounts') }}
    where discount_type = 'personal'
    group by order_id
),

returns as (
    select
        returns.*,
        orders.sales_channel as order_sales_channel,
        orders.store_id as order_store_id,
        orders.brand as order_brand
    from {{ ref('returns') }} as returns
    left join {{ ref('orders') }} as orders on returns.order_id = orders.order_id
    where returns.is_counted
),

facts as (
    select
        orders.ordered_on as day,
        orders.sales_channel,
        orders.store_id,
        orders.brand,
        1 as orders_count,
        case when orders.is_completed then 1 else 0 end as completed_orders,
        case when orders.customer_id is not null then 1 else 0 end as identified_orders,
        orders.units,
        orders.gross_amount,
        orders.discount_amount,
        coalesce(personal.amount, 0) as personal_discount_amount,
        orders.points_discount_amount,
        orders.delivery_amount,
        orders.net_revenue as order_revenue,
        orders.margin_amount,
        0 as returns_count,
        0 as returns_amount
    from orders
    left join personal on orders.order_id = personal.order_id

    union all

    select
        returned_on as day,
        case
            when order_id is not null then order_sales_channel
            when return_store_id is not null then 'store'
            else 'unknown'
        end as sales_channel,
        case when order_id is not null then order_store_id else return_store_id end as store_id,
        order_brand as brand,
        0 as orders_count,
        0 as completed_orders,
        0 as identified_orders,
        0 as units,
        0 as gross_amount,
        0 as discount_amount,
        0 as personal_discount_amount,
        0 as points_discount_amount,
        0 as delivery_amount,
        0 as order_revenue,
        0 as margin_amount,
        1 as returns_count,
        amount as returns_amount
    from returns
),

summed as (
    select
        day,
        sales_channel,
        store_id,
        brand,
        cast(sum(orders_count) as bigint) as orders_count,
        cast(sum(completed_orders) as bigint) as completed_orders,
        cast(sum(identified_orders) as bigint) as identified_orders,
        cast(sum(units) as double) as units,
        cast(sum(gross_amount) as decimal(18, 2)) as gross_amount,
        cast(sum(discount_amount) as decimal(18, 2)) as discount_amount,
        cast(sum(personal_discount_amount) as decimal(18, 2)) as personal_discount_amount,
        cast(sum(points_discount_amount) as decimal(18, 2)) as points_discount_amount,
        cast(sum(delivery_amount) as decimal(18, 2)) as delivery_amount,
        cast(sum(order_revenue) as decimal(18, 2)) as order_revenue,
        cast(sum(margin_amount) as decimal(18, 2)) as margin_amount,
        cast(sum(returns_count) as bigint) as returns_count,
        cast(sum(returns_amount) as decimal(18, 2)) as returns_amount
    from facts
    group by day, sales_channel, store_id, brand
),

final as (
    select
        day,
        sales_channel,
        store_id,
        brand,
        orders_count,
        completed_orders,
        order_revenue,
        {{ ratio('order_revenue', 'orders_count') }} as average_order_value,
        returns_count,
        returns_amount,
        cast(order_revenue - returns_amount as decimal(18, 2)) as net_revenue,
        gross_amount,
        discount_amount,
        {{ ratio('discount_amount', 'gross_amount') }} as discount_rate,
        personal_discount_amount,
        {{ ratio('personal_discount_amount', 'discount_amount') }} as personal_discount_share,
        points_discount_amount,
        delivery_amount,
        margin_amount,
        units,
        {{ ratio('units', 'orders_count') }} as units_per_order,
        identified_orders,
        {{ ratio('identified_orders', 'orders_count') }} as identified_share,
        cast(null as decimal(18, 2)) as payout_amount
    from summed
)

select * from final
