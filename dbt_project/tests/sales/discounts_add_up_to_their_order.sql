with discounts as (
    select order_id, sum(amount) as amount
    from {{ ref('order_discounts') }}
    group by order_id
)

select orders.order_id
from {{ ref('orders') }} as orders
left join discounts on orders.order_id = discounts.order_id
where orders.discount_amount + coalesce(orders.points_discount_amount, 0) <> coalesce(discounts.amount, 0)
