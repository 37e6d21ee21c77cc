{{ config(database='relations') }}
-- Generated from semantic/drills/kpi_conversion_paths.sql. The records behind the mart, with its dimensions and what is told over them anew.
with steps as (
    select *, lag(channel) over (partition by order_id order by position) is distinct from channel as is_step
    from omnimart.marts.order_attribution
    where model = 'linear'
),

orderless as (
    select
        *,
        coalesce(lag(occurred_at) over latest >= occurred_at - patience, false) as goes_on
    from omnimart.marts.touchpoints
    cross join (select to_days(cast(value as integer)) as patience from omnimart.marts.parameters where name = 'attribution.window_days')
    where touchpoint_id not in (select touchpoint_id from omnimart.marts.order_attribution where touchpoint_id is not null)
    window latest as (partition by customer_id order by occurred_at, touchpoint_id)
),

runs as (
    select *, sum(if(goes_on, 0, 1)) over (partition by customer_id order by occurred_at, touchpoint_id) as run_number
    from orderless
),

pieces as (
    select
        *,
        floor(date_diff('second', min(occurred_at) over (partition by customer_id, run_number), occurred_at)
            / (86400 * date_part('day', patience))) as piece
    from runs
),

lost_steps as (
    select
        *,
        lag(channel) over (partition by customer_id, run_number, piece order by occurred_at, touchpoint_id)
        is distinct from channel as is_step
    from pieces
),

records as (
    select
        'order' as kind,
        cast(date_trunc('month', orders.ordered_on) as date) as month,
        string_agg(steps.channel, ' > ' order by steps.position) filter (where steps.is_step) as path,
        orders.order_id,
        orders.customer_id,
        orders.receipts_count,
        orders.net_revenue,
        max(steps.touches_count) as touches_count,
        date_diff('second', min(steps.occurred_at), any_value(orders.ordered_at)) / 86400.0 as days_to_conversion
    from steps
    join omnimart.marts.orders using (order_id)
    group by orders.order_id, orders.ordered_on, orders.customer_id, orders.receipts_count, orders.net_revenue

    union all by name

    select
        'lost' as kind,
        cast(date_trunc('month', timezone(zone, timezone('UTC', max(occurred_at) + any_value(patience)))) as date) as month,
        string_agg(channel, ' > ' order by occurred_at, touchpoint_id) filter (where is_step) as path,
        customer_id,
        count(*) as lost_touches_count
    from lost_steps
    cross join (select value as zone from omnimart.marts.parameters where name = 'business.timezone')
    group by customer_id, run_number, piece, zone
    having max(occurred_at) + any_value(patience) < (select max(refreshed_at) from omnimart.marts.load_reconciliation)
)

select
    month,
    path,
    days_to_conversion as median_days_to_conversion
from records
