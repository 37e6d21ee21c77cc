-- To the kopeck, for every order that has a line that was not cancelled.
with lines as (
    select order_id, sum(net_amount) as net_amount
    from {{ ref('order_lines') }}
    group by order_id
    having count(case when not is_cancelled then 1 end) > 0
)

select orders.order_id, orders.net_revenue, lines.net_amount
from {{ ref('orders') }} as orders
inner join lines on orders.order_id = lines.order_id
where orders.net_revenue <> lines.net_amount
