-- The sales of a channel are the same in orders, order_lines, returns, gift cards and settlements as in the days of kpi_sales_daily.
-- Orders without lines (a system may tell none) are compared by their own sums.
with orders as (
    select * from {{ ref('orders') }}
    where is_counted
),

lines as (
    select order_id, sum(net_amount) as net_amount, sum(cost_amount) as cost_amount
    from {{ ref('order_lines') }}
    group by order_id
    having count(case when not is_cancelled then 1 end) > 0
),

told as (
    select
        sales_channel,
        sum(orders_count) as orders_count,
        sum(completed_orders) as completed_orders,
        sum(identified_orders) as identified_orders,
        sum(gross_amount) as gross_amount,
        sum(discount_amount) as discount_amount,
        sum(points_discount_amount) as points_discount_amount,
        sum(gift_card_paid_amount) as gift_card_paid_amount,
        sum(order_revenue) as order_revenue,
        sum(cost_amount) as cost_amount,
        sum(margin_amount) as margin_amount,
        sum(returns_amount) as returns_amount,
        sum(net_revenue) as net_revenue,
        sum(gift_cards_sold_amount) as gift_cards_sold_amount,
        coalesce(sum(payout_amount), 0) as payout_amount
    from {{ ref('kpi_sales_daily') }}
    group by sales_channel
),

sold as (
    select
        orders.sales_channel,
        sum(orders.receipts_count) as orders_count,
        sum(case when orders.is_completed then orders.receipts_count else 0 end) as completed_orders,
        sum(case when orders.customer_id is not null then orders.receipts_count else 0 end) as identified_orders,
        sum(orders.gross_amount) as gross_amount,
        sum(orders.discount_amount) as discount_amount,
        coalesce(sum(orders.points_discount_amount), 0) as points_discount_amount,
        coalesce(sum(orders.gift_card_paid_amount), 0) as gift_card_paid_amount,
        sum(coalesce(lines.net_amount, orders.net_revenue)) as order_revenue,
        sum(coalesce(lines.cost_amount, orders.cost_amount)) as cost_amount,
        sum(orders.net_revenue - orders.cost_amount) as margin_amount
    from orders
    left join lines on orders.order_id = lines.order_id
    group by orders.sales_channel
),

brought_back as (
    select
        coalesce(
            ordered.sales_channel, case when returns.return_store_id is not null then 'store' else 'unknown' end
        ) as sales_channel,
        sum(returns.amount) as returns_amount
    from {{ ref('returns') }} as returns
    left join {{ ref('orders') }} as ordered on returns.order_id = ordered.order_id
    where returns.is_counted
    group by 1
),

gift_cards as (
    select sales_channel, sum(amount) as amount
    from {{ ref('gift_card_movements') }}
    where movement_type = 'sold'
    group by sales_channel
),

paid_out as (
    select 'marketplace' as sales_channel, sum(payout_amount) as amount from {{ ref('marketplace_settlements') }}
),

channels as (
    select sales_channel from told
    union
    select sales_channel from sold
    union
    select sales_channel from brought_back
    union
    select sales_channel from gift_cards
),

final as (
    select
        channels.sales_channel,
        told.order_revenue as told_revenue,
        sold.order_revenue as sold_revenue,
        told.net_revenue as told_net_revenue
    from channels
    left join told on channels.sales_channel = told.sales_channel
    left join sold on channels.sales_channel = sold.sales_channel
    left join brought_back on channels.sales_channel = brought_back.sales_channel
    left join gift_cards on channels.sales_channel = gift_cards.sales_channel
    left join paid_out on channels.sales_channel = paid_out.sales_channel
    where coalesce(told.returns_amount, -1) <> coalesce(brought_back.returns_amount, 0)
        or coalesce(told.gift_cards_sold_amount, -1) <> coalesce(gift_cards.amount, 0)
        or coalesce(told.payout_amount, -1) <> coalesce(paid_out.amount, 0)
        or told.net_revenue <> coalesce(sold.order_revenue, 0) - coalesce(brought_back.returns_amount, 0)
        {%- for sum in ['orders_count', 'completed_orders', 'identified_orders', 'gross_amount', 'discount_amount',
            'points_discount_amount', 'gift_card_paid_amount', 'order_revenue', 'cost_amount', 'margin_amount'] %}
        or coalesce(told.{{ sum }}, -1) <> coalesce(sold.{{ sum }}, 0)
        {%- endfor %}
)

select * from final
