-- The people of a month with what they had bought by its end, and how they stood there.
-- Записи — люди месяца: что купили к его концу и в каком были состоянии.
-- apart: customers_at_start, churned_customers, opening_segment_customers, opening_segment_churned_customers, reactivated_customers,
-- active_customers, active_customer_weeks: the lifecycle of each day goes by the thresholds of its year (marts.lifecycle_thresholds) and
-- the days since the last order.
-- apart: active_store_visits: store_visits of those who are active at the end of the month.
-- apart: assumed_cost_amount, new_customers_known_90d, new_customers_known_180d, new_customers_known_365d, repeated_in_90d,
-- repeated_in_180d, repeated_in_365d: the first order of each new customer and the next one.
with people as (
    select customer_id from marts.customer_360
    where not is_employee and not is_b2b
),

orders as (
    select *
    from marts.orders
    where is_counted and channel_class <> 'marketplace' and not is_employee_purchase and not is_b2b
        and customer_id in (select customer_id from people)
),

memberships as (
    select
        customer_id,
        cast(timezone(zone, timezone('UTC', min(enrolled_at))) as date) as enrolled_on,
        if(count(*) filter (where closed_at is null) = 0,
            cast(timezone(zone, timezone('UTC', max(closed_at))) as date), null) as left_on
    from marts.loyalty_accounts
    cross join (select value as zone from marts.parameters where name = 'business.timezone')
    where enrolled_at is not null and (is_member or closed_at is not null)
    group by customer_id, zone
),

months as (
    select
        month,
        least(last_day(month), (
            select cast(timezone(value, timezone('UTC', (select max(published_at) from marts.publications))) as date)
            from marts.parameters where name = 'business.timezone'
        )) as last_day,
        (select cast(value as integer) from marts.parameters where name = 'sales.omnichannel_window_days') as window_days
    from (select distinct month from marts.kpi_customer_value_monthly)
),

bought as (
    select
        months.month,
        orders.customer_id,
        min(orders.ordered_on) as first_on,
        count(*) filter (where orders.ordered_on > last_day - window_days) as orders_12m,
        count(*) filter (where orders.ordered_on > last_day - window_days and channel_class = 'online') as online_orders,
        count(*) filter (where orders.ordered_on > last_day - window_days and channel_class = 'offline') as offline_orders,
        sum(orders.receipts_count) filter (where orders.ordered_on >= months.month) as orders_count,
        sum(orders.net_revenue) filter (where orders.ordered_on >= months.month) as order_revenue,
        sum(orders.margin_amount) filter (where orders.ordered_on >= months.month) as margin_amount
    from months
    join orders on orders.ordered_on <= months.last_day
    group by all
),

returned as (
    select cast(date_trunc('month', returns.returned_on) as date) as month, orders.customer_id, sum(returns.amount) as returned_amount
    from marts.returns
    join orders using (order_id)
    where returns.is_counted
    group by all
),

visited as (
    select
        cast(date_trunc('month', started_on) as date) as month,
        customer_id,
        max(if(viewed_product or added_to_cart, 1, 0)) as is_engaged
    from marts.sessions
    where customer_id in (select customer_id from people) and coalesce(viewed_product, added_to_cart) is not null
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
    where store_id is not null and customer_id in (select customer_id from people)
),

visited_stores as (
    select month, customer_id, count(*) as store_visits
    from visits
    group by all
),

records as (
    select
        month,
        case
            when online_orders > 0 and offline_orders > 0 then 'omnichannel'
            when online_orders > 0 then 'online_only'
            when offline_orders > 0 then 'offline_only'
            else 'no_purchase'
        end as shopper_type,
        exists (
            select 1
            from memberships
            where memberships.customer_id = seen.customer_id
                and enrolled_on <= last_day and (left_on is null or left_on > last_day)
        ) as is_loyalty_member,
        customer_id,
        first_on,
        orders_12m,
        coalesce(orders_count, 0) as orders_count,
        order_revenue,
        returned_amount,
        margin_amount,
        is_engaged,
        store_visits
    from (
        select month, customer_id from bought
        union select month, customer_id from visited
        union select month, customer_id from visited_stores
    ) as seen
    join months using (month)
    left join bought using (month, customer_id)
    left join returned using (month, customer_id)
    left join visited using (month, customer_id)
    left join visited_stores using (month, customer_id)
)

select
    month,
    shopper_type,
    is_loyalty_member,
    count(first_on) as customers,
    count(*) filter (where first_on >= month) as new_customers,
    count(*) filter (where orders_count > 0) as buyers,
    sum(orders_count) as orders_count,
    sum(order_revenue) as order_revenue,
    sum(returned_amount) as returned_amount,
    coalesce(sum(order_revenue), 0) - coalesce(sum(returned_amount), 0) as net_revenue,
    sum(margin_amount) as margin_amount,
    count(*) filter (where orders_12m > 0) as buyers_12m,
    count(*) filter (where orders_12m > 1) as repeat_buyers_12m,
    count(is_engaged) as site_visitors,
    sum(is_engaged) as engaged_site_visitors,
    sum(store_visits) as store_visits
from records
group by all
