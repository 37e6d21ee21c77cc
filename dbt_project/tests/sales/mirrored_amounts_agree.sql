{{ config(severity='warn') }}
-- Two systems tell one order's net revenue differently; which is believed stands in seeds/field_precedence.csv, and what the others
-- held in order_records.
select
    orders.order_id,
    orders.net_revenue,
    order_records.net_revenue as told_elsewhere,
    order_records.source_system
from {{ ref('orders') }} as orders
inner join {{ ref('order_records') }} as order_records on orders.order_id = order_records.order_id
where orders.is_counted
    and not order_records.is_ignored
    and abs(orders.net_revenue - order_records.net_revenue) > 1
