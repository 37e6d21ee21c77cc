{% set days = rule('sales.omnichannel_window_days') -%}
-- Rolling 12 months of a customer: an order of day d counts for day t when t - window < d <= t, so it comes in on d and goes out
-- on d + window. Marketplaces stand apart. One row per customer and stretch of days with the same orders in the window; a day
-- without a row is one without a purchase.
with orders as (
    {{ people_orders() }}
),

daily as (
    select
        customer_id,
        sales_channel,
        ordered_on,
        cast({{ dbt.dateadd('day', days, 'ordered_on') }} as date) as gone_on,
        count(*) as orders_count,
        sum(case when channel_class = 'online' then 1 else 0 end) as online_orders,
        sum(case when channel_class = 'offline' then 1 else 0 end) as offline_orders
    from orders
    group by customer_id, sales_channel, ordered_on
),

-- A channel comes in with an order that has none of that channel in its window and goes out with one that none follows.
placed as (
    select
        *,
        lag(gone_on) over (partition by customer_id, sales_channel order by ordered_on) as last_gone_on,
        lead(ordered_on) over (partition by customer_id, sales_channel order by ordered_on) as next_on
    from daily
),

changes as (
    select
        customer_id,
        ordered_on as changed_on,
        orders_count,
        online_orders,
        offline_orders,
        case when last_gone_on > ordered_on then 0 else 1 end as channels_count
    from placed

    union all

    select
        customer_id,
        gone_on as changed_on,
        0 - orders_count as orders_count,
        0 - online_orders as online_orders,
        0 - offline_orders as offline_orders,
        case when next_on < gone_on then 0 else -1 end as channels_count
    from placed
    where gone_on <= {{ as_of_date() }}
),

daily_changes as (
    select
        customer_id,
        changed_on,
        sum(orders_count) as orders_count,
        sum(online_orders) as online_orders,
        sum(offline_orders) as offline_orders,
        sum(channels_count) as channels_count
    from changes
    group by customer_id, changed_on
),

stretches as (
    select
        customer_id,
        changed_on as from_on,
        coalesce(
            lead(changed_on) over (partition by customer_id order by changed_on), {{ days_before_as_of(-1) }}
        ) as to_on,
        sum(orders_count) over (partition by customer_id order by changed_on) as orders_count,
        sum(online_orders) over (partition by customer_id order by changed_on) as online_orders,
        sum(offline_orders) over (partition by customer_id order by changed_on) as offline_orders,
        sum(channels_count) over (partition by customer_id order by changed_on) as channels_count
    from daily_changes
),

final as (
    select
        customer_id,
        from_on,
        to_on,
        cast(orders_count as integer) as orders_count,
        cast(online_orders as integer) as online_orders,
        cast(offline_orders as integer) as offline_orders,
        cast(channels_count as integer) as channels_count,
        case
            when online_orders > 0 and offline_orders > 0 then 'omnichannel'
            when online_orders > 0 then 'online_only'
            when offline_orders > 0 then 'offline_only'
            else 'no_purchase'
        end as shopper_type
    from stretches
    where orders_count > 0
)

select * from final
