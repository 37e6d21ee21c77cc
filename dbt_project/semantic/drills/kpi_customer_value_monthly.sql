-- The people of a month with what they had bought by its end, and how they stood there.
-- Записи — люди месяца: что купили к его концу и в каком были состоянии.
-- where month = N (opening_segment_customers, opening_segment_churned_customers): month = N - interval 1 month
-- where month = N (opening_segment_customers_known): month = N - interval 1 month
-- These are of the segment in which they ended the month before. Они — из сегмента, в котором закончился прошлый месяц.
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

dated as (
    select
        month,
        least(last_day(month), (
            select cast(timezone(value, timezone('UTC', (select max(refreshed_at) from marts.load_reconciliation))) as date)
            from marts.parameters where name = 'business.timezone'
        )) as last_day,
        (select cast(value as integer) from marts.parameters where name = 'sales.omnichannel_window_days') as window_days,
        (select cast(value as integer) from marts.parameters where name = 'lifecycle.new_days') as new_days,
        thresholds.at_risk_days,
        thresholds.lapsed_days
    from (select distinct month from marts.kpi_customer_value_monthly) as months
    left join marts.lifecycle_thresholds as thresholds on thresholds.year = year(month)
),

months as (
    select dated.*, coalesce(last_day - history.begins_on >= greatest(lapsed_days + 1, new_days), false) as has_lapses
    from dated
    cross join (select min(ordered_on) as begins_on from orders) as history
),

gaps as (
    select
        customer_id,
        ordered_on,
        lead(ordered_on) over (partition by customer_id order by ordered_on) as next_on,
        min(ordered_on) over (partition by customer_id) as first_on
    from (select distinct customer_id, ordered_on from orders)
),

-- Whom time made lapsed, on the day on which the gap outgrew the threshold of its year; and who came back from there.
lapses as (
    select customer_id, month
    from gaps
    join months on greatest(ordered_on + lapsed_days + 1, first_on + new_days) between month and last_day
    where next_on is null or next_on > greatest(ordered_on + lapsed_days + 1, first_on + new_days)
    group by all
),

returns_from_lapse as (
    select customer_id, cast(date_trunc('month', next_on) as date) as month
    from gaps
    join marts.lifecycle_thresholds as thresholds on thresholds.year = year(next_on - 1)
    cross join (select cast(value as integer) as new_days from marts.parameters where name = 'lifecycle.new_days')
    where next_on > greatest(ordered_on + lapsed_days + 1, first_on + new_days)
    group by all
),

seconds as (
    select
        customer_id,
        cast(date_trunc('month', ordered_on) as date) as month,
        lead(ordered_on) over (partition by customer_id order by ordered_at, order_id) - ordered_on as days_to_second
    from orders
    qualify row_number() over (partition by customer_id order by ordered_at, order_id) = 1
),

bought as (
    select
        months.month,
        orders.customer_id,
        min(orders.ordered_on) as first_on,
        max(orders.ordered_on) as last_on,
        max(orders.ordered_on) filter (where orders.ordered_on < months.month) as last_on_before,
        count(*) filter (where orders.ordered_on > last_day - window_days) as orders_12m,
        count(*) filter (where orders.ordered_on > last_day - window_days and channel_class = 'online') as online_orders,
        count(*) filter (where orders.ordered_on > last_day - window_days and channel_class = 'offline') as offline_orders,
        sum(orders.receipts_count) filter (where orders.ordered_on >= months.month) as orders_count,
        sum(orders.net_revenue) filter (where orders.ordered_on >= months.month) as order_revenue,
        sum(orders.margin_amount) filter (where orders.ordered_on >= months.month) as margin_amount,
        sum(orders.assumed_cost_amount) filter (where orders.ordered_on >= months.month) as assumed_cost_amount
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
        last_day,
        has_lapses,
        case when last_on is null then null
            else last_day < first_on + new_days or last_day - last_on <= lapsed_days end as is_active_at_end,
        coalesce(last_on_before is not null
            and (month - 1 < first_on + new_days or month - 1 - last_on_before <= lapsed_days), false) as is_active_at_start,
        lapses.customer_id is not null as has_lapsed,
        returns_from_lapse.customer_id is not null as has_come_back,
        days_to_second,
        assumed_cost_amount,
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
    left join lapses using (month, customer_id)
    left join returns_from_lapse using (month, customer_id)
    left join seconds using (month, customer_id)
),

-- A month's people once more by the segment in which they began it.
opened as (
    select
        later.month,
        earlier.shopper_type,
        earlier.is_loyalty_member,
        count(*) as opening_segment_customers,
        count(*) filter (where later.has_lapsed) as opening_segment_churned_customers
    from records as later
    join records as earlier on earlier.customer_id = later.customer_id and earlier.month = later.month - interval 1 month
    where later.is_active_at_start
    group by all
),

closed as (
    select
        month,
        shopper_type,
        is_loyalty_member,
        count(first_on) as customers,
        count(*) filter (where first_on >= month) as new_customers,
        count(distinct customer_id) filter (where orders_count > 0) as buyers,
        sum(orders_count) as orders_count,
        sum(order_revenue) as order_revenue,
        sum(returned_amount) as returned_amount,
        coalesce(sum(order_revenue), 0) - coalesce(sum(returned_amount), 0) as net_revenue,
        sum(margin_amount) as margin_amount,
        count(*) filter (where orders_12m > 0) as buyers_12m,
        count(*) filter (where orders_12m > 1) as repeat_buyers_12m,
        count(distinct customer_id) filter (where is_engaged is not null) as site_visitors,
        count(distinct customer_id) filter (where is_engaged = 1) as engaged_site_visitors,
        sum(store_visits) as store_visits,
        coalesce(sum(assumed_cost_amount), 0) as assumed_cost_amount,
        count(distinct customer_id) filter (where is_active_at_start) as customers_at_start,
        if(bool_and(has_lapses), count(distinct customer_id) filter (where is_active_at_start and has_lapses), null) as customers_at_start_known,
        if(bool_and(has_lapses), count(distinct customer_id) filter (where is_active_at_start and has_lapsed), null) as churned_customers,
        if(bool_and(has_lapses), count(distinct customer_id) filter (where has_come_back), null) as reactivated_customers,
        count(*) filter (where is_active_at_end) as active_customers,
        coalesce(sum(store_visits) filter (where is_active_at_end), 0) as active_store_visits,
        count(*) filter (where days_to_second <= 90) as repeated_in_90d,
        count(*) filter (where days_to_second <= 180) as repeated_in_180d,
        count(*) filter (where days_to_second <= 365) as repeated_in_365d
    from records
    group by all
),

-- What cannot be known yet, or could not be yet, is NULL.
knowable as (
    select
        *,
        last_day(month) + 90 < max(last_day) over () as has_90d,
        last_day(month) + 180 < max(last_day) over () as has_180d,
        last_day(month) + 365 < max(last_day) over () as has_365d
    from months
)

select
    month,
    shopper_type,
    is_loyalty_member,
    coalesce(customers, 0) as customers,
    coalesce(new_customers, 0) as new_customers,
    coalesce(buyers, 0) as buyers,
    coalesce(orders_count, 0) as orders_count,
    coalesce(order_revenue, 0) as order_revenue,
    coalesce(returned_amount, 0) as returned_amount,
    coalesce(net_revenue, 0) as net_revenue,
    coalesce(margin_amount, 0) as margin_amount,
    coalesce(assumed_cost_amount, 0) as assumed_cost_amount,
    coalesce(buyers_12m, 0) as buyers_12m,
    coalesce(repeat_buyers_12m, 0) as repeat_buyers_12m,
    coalesce(site_visitors, 0) as site_visitors,
    coalesce(engaged_site_visitors, 0) as engaged_site_visitors,
    coalesce(store_visits, 0) as store_visits,
    coalesce(customers_at_start, 0) as customers_at_start,
    if(has_lapses, coalesce(customers_at_start_known, 0), null) as customers_at_start_known,
    if(has_lapses, coalesce(churned_customers, 0), null) as churned_customers,
    if(has_lapses, coalesce(reactivated_customers, 0), null) as reactivated_customers,
    coalesce(opening_segment_customers, 0) as opening_segment_customers,
    if(has_lapses, coalesce(opening_segment_customers, 0), null) as opening_segment_customers_known,
    if(has_lapses, coalesce(opening_segment_churned_customers, 0), null) as opening_segment_churned_customers,
    coalesce(active_customers, 0) as active_customers,
    coalesce(active_store_visits, 0) as active_store_visits,
    coalesce(closed.active_customers, 0) * (last_day - month + 1) / 7 as active_customer_weeks,
    if(has_90d, coalesce(new_customers, 0), null) as new_customers_known_90d,
    if(has_90d, coalesce(repeated_in_90d, 0), null) as repeated_in_90d,
    if(has_180d, coalesce(new_customers, 0), null) as new_customers_known_180d,
    if(has_180d, coalesce(repeated_in_180d, 0), null) as repeated_in_180d,
    if(has_365d, coalesce(new_customers, 0), null) as new_customers_known_365d,
    if(has_365d, coalesce(repeated_in_365d, 0), null) as repeated_in_365d
from closed
full join opened using (month, shopper_type, is_loyalty_member)
join knowable using (month)
