-- The buyers of the 12 months up to the end of a month, by the classes of channels in which they bought; without bands.
-- Записи — покупатели за 12 месяцев по конец месяца и классы каналов, в которых они покупали; без диапазонов.
-- apart: index_customers, matched_customers, repeat_visits, baseline_repeat_visits: visits after the first order in a second class,
-- beside those of customers of one class who ordered on the same day in the same band.
-- apart: customers_by_touch, omnichannel_customers_by_touch, touched_customers: the same with marts.touchpoints beside the orders.
-- apart: lifetime_revenue, baseline_lifetime_revenue, ltv, baseline_ltv, uplift_ltv: net revenue of the same people since their
-- first order.
-- only: frequency_band = 'all' and channels_count is null
with orders as (
    select *
    from marts.orders
    where is_counted and channel_class <> 'marketplace' and not is_employee_purchase and not is_b2b
        and customer_id in (select customer_id from marts.customer_360 where not is_employee and not is_b2b)
),

months as (
    select
        month,
        least(last_day(month), (
            select cast(timezone(value, timezone('UTC', (select max(published_at) from marts.publications))) as date)
            from marts.parameters where name = 'business.timezone'
        )) as last_day,
        (select cast(value as integer) from marts.parameters where name = 'sales.omnichannel_window_days') as window_days
    from (select distinct month from marts.kpi_omnichannel_monthly)
),

returned as (
    select cast(date_trunc('month', returns.returned_on) as date) as month, orders.customer_id, sum(returns.amount) as returned_amount
    from marts.returns
    join orders using (order_id)
    where returns.is_counted
    group by all
),

visits as (
    select distinct cast(date_trunc('month', visited_on) as date) as month, customer_id, store_id, visited_on
    from (
        select customer_id, store_id, ordered_on as visited_on from marts.orders
        where sales_channel = 'store' and is_counted

        union all

        select customer_id, store_id, entered_on from marts.wifi_visits
    )
    where store_id is not null and customer_id in (select customer_id from orders)
),

visited_stores as (
    select month, customer_id, count(*) as visits
    from visits
    group by all
),

records as (
    select
        months.month,
        orders.customer_id,
        case count(distinct channel_class)
            when 2 then 'omnichannel' else if(any_value(channel_class) = 'online', 'online_only', 'offline_only') end as shopper_type,
        count(*) as orders_12m,
        sum(receipts_count) filter (where ordered_on >= months.month) as orders_count,
        sum(net_revenue) filter (where ordered_on >= months.month) as order_revenue,
        any_value(returned.returned_amount) as returned_amount,
        any_value(visited_stores.visits) as visits
    from months
    join orders on ordered_on <= last_day and ordered_on > last_day - window_days and channel_class in ('online', 'offline')
    left join returned on returned.month = months.month and returned.customer_id = orders.customer_id
    left join visited_stores on visited_stores.month = months.month and visited_stores.customer_id = orders.customer_id
    group by months.month, orders.customer_id
),

summed as (
    select
        month,
        coalesce(shopper_type, 'all') as shopper_type,
        count(*) as customers,
        count(*) filter (where orders_12m >= 2) as repeat_buyers,
        coalesce(sum(orders_count), 0) as orders,
        coalesce(sum(order_revenue), 0) as order_revenue,
        coalesce(sum(order_revenue), 0) - coalesce(sum(returned_amount), 0) as net_revenue,
        coalesce(sum(visits), 0) as visits
    from records
    group by grouping sets ((month, shopper_type), (month))
)

select
    summed.month,
    'all' as frequency_band,
    cast(null as integer) as channels_count,
    summed.shopper_type,
    summed.customers,
    if(summed.shopper_type <> 'all', everybody.customers, null) as buyers,
    if(summed.shopper_type = 'omnichannel', everybody.repeat_buyers, null) as repeat_buyers,
    if(summed.shopper_type = 'omnichannel', summed.customers, null) as omnichannel_customers,
    summed.orders,
    summed.order_revenue,
    summed.net_revenue,
    summed.visits,
    if(summed.shopper_type = 'omnichannel', everybody.customers - summed.customers, null) as baseline_customers,
    if(summed.shopper_type = 'omnichannel', everybody.orders - summed.orders, null) as baseline_orders,
    if(summed.shopper_type = 'omnichannel', everybody.order_revenue - summed.order_revenue, null) as baseline_order_revenue,
    if(summed.shopper_type = 'omnichannel', everybody.net_revenue - summed.net_revenue, null) as baseline_net_revenue,
    summed.order_revenue / nullif(summed.orders, 0) as average_order_value,
    baseline_order_revenue / nullif(baseline_orders, 0) as baseline_average_order_value,
    summed.net_revenue / nullif(summed.customers, 0) as revenue_per_customer,
    baseline_net_revenue / nullif(baseline_customers, 0) as baseline_revenue_per_customer
from summed
join summed as everybody on everybody.month = summed.month and everybody.shopper_type = 'all'
