-- The orders of a path in a month, with the touches before them.
-- Записи — заказы пути за месяц с касаниями перед ними.
-- apart: lost_paths, ended_paths: ways that led to no order are no published table; their touches are
-- marts.touchpoints of people who did not order in the window after them.
with steps as (
    select *, lag(channel) over (partition by order_id order by position) is distinct from channel as is_step
    from marts.order_attribution
    where model = 'linear'
),

records as (
    select
        cast(date_trunc('month', orders.ordered_on) as date) as month,
        string_agg(steps.channel, ' > ' order by steps.position) filter (where steps.is_step) as path,
        orders.order_id,
        orders.customer_id,
        orders.receipts_count,
        orders.net_revenue,
        max(steps.touches_count) as touches_count,
        date_diff('second', min(steps.occurred_at), any_value(orders.ordered_at)) / 86400.0 as days_to_conversion
    from steps
    join marts.orders using (order_id)
    group by orders.order_id, orders.ordered_on, orders.customer_id, orders.receipts_count, orders.net_revenue
)

select
    month,
    path,
    sum(receipts_count) as orders,
    sum(receipts_count) filter (where path <> 'unattributed') as touched_orders,
    sum(net_revenue) as revenue,
    sum(coalesce(touches_count, 0)) as touches,
    sum(days_to_conversion) as days_to_conversion,
    quantile_cont(days_to_conversion, 0.5) as median_days_to_conversion
from records
group by all
