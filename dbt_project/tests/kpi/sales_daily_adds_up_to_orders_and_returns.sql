with daily as (
    select
        sum(orders_count) as orders_count,
        sum(completed_orders) as completed_orders,
        sum(identified_orders) as identified_orders,
        sum(order_revenue) as order_revenue,
        sum(gross_amount) as gross_amount,
        sum(discount_amount) as discount_amount,
        sum(points_discount_amount) as points_discount_amount,
        sum(margin_amount) as margin_amount,
        sum(returns_amount) as returns_amount,
        sum(net_revenue) as net_revenue
    from {{ ref('kpi_sales_daily') }}
),

orders as (
    select
        count(*) as orders_count,
        sum(case when is_completed then 1 else 0 end) as completed_orders,
        count(customer_id) as identified_orders,
        sum(net_revenue) as order_revenue,
        sum(gross_amount) as gross_amount,
        sum(discount_amount) as discount_amount,
        sum(points_discount_amount) as points_discount_amount,
        sum(margin_amount) as margin_amount
    from {{ ref('orders') }}
    where not is_cancelled and not is_test and exchange_rate is not null
),

returns as (
    select coalesce(sum(amount), 0) as returns_amount
    from {{ ref('returns') }}
    where is_counted
),

final as (
    select daily.*
    from daily
    cross join orders
    cross join returns
    where coalesce(daily.orders_count, 0) <> orders.orders_count
        or coalesce(daily.completed_orders, 0) <> coalesce(orders.completed_orders, 0)
        or coalesce(daily.identified_orders, 0) <> orders.identified_orders
        or coalesce(daily.order_revenue, 0) <> coalesce(orders.order_revenue, 0)
        or coalesce(daily.gross_amount, 0) <> coalesce(orders.gross_amount, 0)
        or coalesce(daily.discount_amount, 0) <> coalesce(orders.discount_amount, 0)
        or coalesce(daily.points_discount_amount, 0) <> coalesce(orders.points_discount_amount, 0)
        or coalesce(daily.margin_amount, 0) <> coalesce(orders.margin_amount, 0)
        or coalesce(daily.returns_amount, 0) <> returns.returns_amount
        or coalesce(daily.net_revenue, 0) <> coalesce(orders.order_revenue, 0) - returns.returns_amount
)

select * from final
