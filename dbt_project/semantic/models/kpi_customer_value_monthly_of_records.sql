{{ config(database='relations') }}
-- Generated from semantic/drills/kpi_customer_value_monthly.sql. The records behind the mart, with its dimensions and what is told over them anew.
with people as (
    select customer_id from omnimart.marts.customer_360
    where not is_employee and not is_b2b
),

orders as (
    select *
    from omnimart.marts.orders
    where is_counted and channel_class <> 'marketplace' and not is_employee_purchase and not is_b2b
        and customer_id in (select customer_id from people)
),

memberships as (
    select
        customer_id,
        cast(timezone(zone, timezone('UTC', min(enrolled_at))) as date) as enrolled_on,
        if(count(*) filter (where closed_at is null) = 0,
            cast(timezone(zone, timezone('UTC', max(closed_at))) as date), null) as left_on
    from omnimart.marts.loyalty_accounts
    cross join (select value as zone from omnimart.marts.parameters where name = 'business.timezone')
    where enrolled_at is not null and (is_member or closed_at is not null)
    group by customer_id, zone
),

dated as (
    select
        month,
        least(last_day(month), (
            select cast(timezone(value, timezone('UTC', (select max(refreshed_at) from omnimart.marts.load_reconciliation))) as date)
            from omnimart.marts.parameters where name = 'business.timezone'
        )) as last_day,
        (select cast(value as integer) from omnimart.marts.parameters where name = 'sales.omnichannel_window_days') as window_days,
        (select cast(value as integer) from omnimart.marts.parameters where name = 'lifecycle.new_days') as new_days,
        thresholds.at_risk_days,
        thresholds.lapsed_days
    from (select distinct month from omnimart.marts.kpi_customer_value_monthly) as months
    left join omnimart.marts.lifecycle_thresholds as thresholds on thresholds.year = year(month)
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
    join omnimart.marts.lifecycle_thresholds as thresholds on thresholds.year = year(next_on - 1)
    cross join (select cast(value as integer) as new_days from omnimart.marts.parameters where name = 'lifecycle.new_days')
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
    from omnimart.marts.returns
    join orders using (order_id)
    where returns.is_counted
    group by all
),

visited as (
    select
        cast(date_trunc('month', started_on) as date) as month,
        customer_id,
        max(if(viewed_product or added_to_cart, 1, 0)) as is_engaged
    from omnimart.marts.sessions
    where customer_id in (select customer_id from people) and coalesce(viewed_product, added_to_cart) is not null
    group by all
),

visits as (
    select distinct cast(date_trunc('month', visited_on) as date) as month, customer_id, store_id, visited_on
    from (
        select customer_id, store_id, ordered_on as visited_on from omnimart.marts.orders
        where sales_channel = 'store' and is_counted

        union all

        select customer_id, store_id, entered_on from omnimart.marts.wifi_visits
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
)

select
    month,
    shopper_type,
    is_loyalty_member,
    case when orders_count > 0 then customer_id end as buyers,
    case when is_active_at_start then customer_id end as customers_at_start,
    case when is_active_at_start and has_lapses then customer_id end as customers_at_start_known,
    case when has_lapses then 1 else 0 end as customers_at_start_known_known,
    case when is_active_at_start and has_lapsed then customer_id end as churned_customers,
    case when has_lapses then 1 else 0 end as churned_customers_known,
    case when has_come_back then customer_id end as reactivated_customers,
    case when has_lapses then 1 else 0 end as reactivated_customers_known,
    case when is_engaged is not null then customer_id end as site_visitors,
    case when is_engaged = 1 then customer_id end as engaged_site_visitors
from records
