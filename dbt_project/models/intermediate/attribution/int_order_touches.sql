-- What a customer did in the attribution.window_days before an order: touches before the moment of the order, at most that many days
-- before it, to the second. A receipt is no touch of its own purchase. An earlier order does not wipe out the touches before it.
-- One row per order and touch.
with orders as (
    select order_id, customer_id, ordered_at from {{ ref('orders') }}
    where is_counted and customer_id is not null and sales_channel <> 'marketplace'
),

touches as (
    select * from {{ ref('touchpoints') }}
),

final as (
    select
        orders.order_id,
        orders.customer_id,
        touches.touchpoint_id,
        touches.channel,
        touches.campaign_id,
        touches.touch_type,
        touches.occurred_at,
        orders.ordered_at,
        row_number() over (partition by orders.order_id order by touches.occurred_at, touches.touchpoint_id) as position,
        count(*) over (partition by orders.order_id) as touches_count
    from orders
    inner join touches
        on orders.customer_id = touches.customer_id
            and touches.occurred_at < orders.ordered_at
            and touches.occurred_at >= {{ dbt.dateadd('day', -1 * rule('attribution.window_days'), 'orders.ordered_at') }}
)

select * from final
