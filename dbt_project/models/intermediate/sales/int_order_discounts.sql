-- The discounts of an order by type, from the record whose amounts the order has. Points are the order's own points
-- discount; what no type explains is a discount addressed to nobody, `mass`, and says that it is assumed.
-- One row per order and discount type.
{{ config(materialized='view') }}

with typed as (
    select * from {{ ref('int_order_discounts__united') }}
),

orders as (
    select * from {{ ref('int_orders') }}
),

told as (
    select
        orders.order_id,
        typed.discount_type,
        cast(sum(typed.amount * orders.exchange_rate) as decimal(18, 2)) as amount,
        false as is_assumed
    from typed
    inner join orders on typed.order_key = orders.amounts_order_key
    where typed.discount_type <> 'points'
    group by orders.order_id, typed.discount_type
),

points as (
    select
        order_id,
        'points' as discount_type,
        points_discount_amount as amount,
        false as is_assumed
    from orders
),

unexplained as (
    select
        orders.order_id,
        'mass' as discount_type,
        cast(orders.discount_amount - coalesce(explained.amount, 0) as decimal(18, 2)) as amount,
        true as is_assumed
    from orders
    left join (select order_id, sum(amount) as amount from told group by order_id) as explained
        on orders.order_id = explained.order_id
),

together as (
    select * from told
    union all
    select * from points
    union all
    select * from unexplained
),

final as (
    select
        order_id,
        discount_type,
        cast(sum(amount) as decimal(18, 2)) as amount,
        {{ dbt.bool_or('is_assumed') }} as is_assumed
    from together
    where amount <> 0
    group by order_id, discount_type
)

select * from final
