-- From channel to channel: purchases begun in one and finished in another, and which channel customers buy in next. Rows with the same
-- channel twice (the diagonal) also hold what belongs to that channel alone: conversion of sessions and visitors, conversion into any
-- other channel, the share of its orders that have a customer (what is bought anonymously converts unseen).
-- A start is a customer's first cart or checkout of a business day in a channel with no order in that channel, cancelled later or not,
-- within channels.conversion_hours_without_order. It is counted once the time to finish it is over. It is finished by the customer's next counted order, in whatever
-- channel, within channels.conversion_days of the start. People are counted once per month and cell; somebody who started twice may
-- have finished in two channels, so cells do not add up to people.
-- Next purchases: each purchase is followed by the customer's next one within channels.repurchase_window_days, so that of the purchases
-- that were followed the shares of a row add up to 1. The migration index (Hillstrom, blog.minethatdata.com, 2008-02) has the buyers of a
-- month: those who bought in the channel in the channels.repurchase_window_days after the month, among those who bought anything then;
-- NULL until that time is over.
-- Marketplaces name no buyers and are no channel here; employees and companies are no people, though their visits are sessions.
{% set patience = (rule('channels.conversion_hours_without_order') | float * 60) | int %}
{% set repurchase_days = rule('channels.repurchase_window_days') %}

with orders as (
    select
        order_id,
        customer_id,
        sales_channel,
        ordered_at,
        cast({{ dbt.date_trunc('month', 'ordered_on') }} as date) as month,
        is_counted,
        receipts_count,
        order_kind
    from {{ ref('orders') }}
    where not is_test and sales_channel <> 'marketplace'
),

people as (
    select customer_id from {{ ref('int_customers') }}
    where not is_employee and not is_b2b
),

bought as (
    {{ people_orders() }}
),

purchases as (
    select
        order_id,
        customer_id,
        sales_channel,
        fulfilment_method,
        ordered_at,
        ordered_on,
        cast({{ dbt.date_trunc('month', 'ordered_on') }} as date) as month
    from bought
),

sessions as (
    select
        *,
        cast({{ dbt.date_trunc('month', 'started_on') }} as date) as month,
        coalesce(
            'customer ' || customer_id, source_system || ':' || source_account || ':' || client_id, session_id
        ) as visitor
    from {{ ref('sessions') }}
),

started as (
    select purchase_starts.*
    from {{ ref('purchase_starts') }} as purchase_starts
    inner join people on purchase_starts.customer_id = people.customer_id
),

starts as (
    select
        started.*,
        cast({{ dbt.date_trunc('month', 'started.started_on') }} as date) as month
    from started
    where {{ dbt.dateadd('minute', patience, 'started.started_at') }} <= {{ as_of() }}
        and {{ dbt.dateadd('day', rule('channels.conversion_days'), 'started.started_at') }} <= {{ as_of() }}
        and not exists (
            select 1
            from orders
            where orders.customer_id = started.customer_id
                and orders.sales_channel = started.channel
                and orders.ordered_at >= started.started_at
                and orders.ordered_at <= {{ dbt.dateadd('minute', patience, 'started.started_at') }}
        )
),

finished as (
    select *
    from (
        select
            starts.month,
            starts.channel as from_channel,
            starts.customer_id,
            purchases.sales_channel as to_channel,
            purchases.fulfilment_method,
            row_number() over (
                partition by starts.customer_id, starts.channel, starts.started_on
                order by purchases.ordered_at, purchases.order_id
            ) as place
        from starts
        inner join purchases
            on starts.customer_id = purchases.customer_id
                and purchases.ordered_at >= starts.started_at
                and purchases.ordered_at <= {{ dbt.dateadd('day', rule('channels.conversion_days'), 'starts.started_at') }}
    ) as followed
    where place = 1
),

starters as (
    select
        month,
        channel as from_channel,
        count(distinct customer_id) as starters
    from starts
    group by month, channel
),

converted as (
    select
        month,
        from_channel,
        to_channel,
        count(distinct customer_id) as converted,
        count(distinct case when fulfilment_method = 'store_pickup' then customer_id end) as converted_store_pickup
    from finished
    group by month, from_channel, to_channel
),

converted_elsewhere as (
    select
        month,
        from_channel,
        count(distinct case when to_channel <> from_channel then customer_id end) as converted_elsewhere
    from finished
    group by month, from_channel
),

-- What is not known to be a purchase or none (steps that a system does not tell) is in neither part.
visited as (
    select
        month,
        session_kind as from_channel,
        count(*) as measured_sessions,
        count(case when purchased then 1 end) as purchasing_sessions,
        count(distinct visitor) as measured_visitors,
        count(distinct case when purchased then visitor end) as purchasing_visitors
    from sessions
    where purchased is not null
    group by month, session_kind
),

looked_ahead as (
    select
        month,
        sales_channel as from_channel,
        ordered_at,
        lead(sales_channel) over (partition by customer_id order by ordered_at, order_id) as next_channel,
        lead(ordered_at) over (partition by customer_id order by ordered_at, order_id) as next_at
    from purchases
),

switches as (
    select
        month,
        from_channel,
        case when next_at <= {{ dbt.dateadd('day', repurchase_days, 'ordered_at') }} then next_channel end as to_channel,
        count(*) as purchases
    from looked_ahead
    group by 1, 2, 3
),

switched as (
    select
        month,
        from_channel,
        sum(purchases) as purchases,
        sum(case when to_channel is not null then purchases else 0 end) as followed_purchases
    from switches
    group by month, from_channel
),

buyers as (
    select distinct
        month,
        sales_channel as from_channel,
        customer_id,
        cast({{ dbt.dateadd('month', 1, 'month') }} as date) as year_begins_on,
        cast({{ dbt.dateadd('day', repurchase_days, dbt.dateadd('month', 1, 'month')) }} as date) as year_ends_before
    from purchases
),

watched as (
    select * from buyers
    where year_ends_before <= {{ as_of_date() }}
),

came_back as (
    select distinct
        watched.month,
        watched.from_channel,
        watched.customer_id,
        purchases.sales_channel as to_channel
    from watched
    inner join purchases
        on watched.customer_id = purchases.customer_id
            and purchases.ordered_on >= watched.year_begins_on
            and purchases.ordered_on < watched.year_ends_before
),

migrated as (
    select
        month,
        from_channel,
        to_channel,
        count(*) as repurchasers_in_channel
    from came_back
    group by month, from_channel, to_channel
),

watched_buyers as (
    select
        watched.month,
        watched.from_channel,
        count(distinct watched.customer_id) as buyers,
        count(distinct came_back.customer_id) as repurchasers
    from watched
    left join came_back
        on watched.month = came_back.month
            and watched.from_channel = came_back.from_channel
            and watched.customer_id = came_back.customer_id
    group by watched.month, watched.from_channel
),

known as (
    select
        month,
        sales_channel as from_channel,
        sum(case when customer_id is not null then receipts_count else 0 end) as identified_orders,
        sum(receipts_count) as itemised_orders
    from orders
    where is_counted and order_kind <> 'shift_report'
    group by month, sales_channel
),

visited_channels as (
    select distinct session_kind as channel from sessions
),

channels as (
    select channel from visited_channels
    union
    select sales_channel as channel from orders
),

months as (
    select month from sessions
    union
    select month from orders
),

cells as (
    select
        months.month,
        origins.channel as from_channel,
        targets.channel as to_channel,
        origins.channel = targets.channel as is_same,
        visited_channels.channel is not null as has_sessions,
        {{ dbt.dateadd('day', repurchase_days, dbt.dateadd('month', 1, 'months.month')) }} <= {{ as_of_date() }} as is_year_over
    from months
    cross join channels as origins
    cross join channels as targets
    left join visited_channels on origins.channel = visited_channels.channel
),

counted as (
    select
        cells.month,
        cells.from_channel,
        cells.to_channel,
        case when cells.has_sessions then coalesce(starters.starters, 0) end as starters,
        case when cells.has_sessions then coalesce(converted.converted, 0) end as converted,
        case when cells.has_sessions then coalesce(converted.converted_store_pickup, 0) end as converted_store_pickup,
        case when cells.has_sessions and cells.is_same then coalesce(converted_elsewhere.converted_elsewhere, 0) end
            as converted_elsewhere,
        case when cells.has_sessions and cells.is_same then coalesce(starters.starters, 0) end as diagonal_starters,
        case when cells.has_sessions and cells.is_same then coalesce(visited.measured_sessions, 0) end as measured_sessions,
        case when cells.has_sessions and cells.is_same then coalesce(visited.purchasing_sessions, 0) end as purchasing_sessions,
        case when cells.has_sessions and cells.is_same then coalesce(visited.measured_visitors, 0) end as measured_visitors,
        case when cells.has_sessions and cells.is_same then coalesce(visited.purchasing_visitors, 0) end as purchasing_visitors,
        cast(coalesce(switched.purchases, 0) as bigint) as purchases,
        cast(coalesce(switched.followed_purchases, 0) as bigint) as followed_purchases,
        coalesce(switches.purchases, 0) as next_purchases,
        case when cells.is_year_over then coalesce(watched_buyers.buyers, 0) end as buyers,
        case when cells.is_year_over then coalesce(watched_buyers.repurchasers, 0) end as repurchasers,
        case when cells.is_year_over then coalesce(migrated.repurchasers_in_channel, 0) end as repurchasers_in_channel,
        case when cells.is_same then cast(coalesce(known.identified_orders, 0) as bigint) end as identified_orders,
        case when cells.is_same then cast(coalesce(known.itemised_orders, 0) as bigint) end as itemised_orders
    from cells
    left join starters on cells.month = starters.month and cells.from_channel = starters.from_channel
    left join converted
        on cells.month = converted.month
            and cells.from_channel = converted.from_channel
            and cells.to_channel = converted.to_channel
    left join converted_elsewhere
        on cells.month = converted_elsewhere.month and cells.from_channel = converted_elsewhere.from_channel
    left join visited on cells.month = visited.month and cells.from_channel = visited.from_channel
    left join switched on cells.month = switched.month and cells.from_channel = switched.from_channel
    left join switches
        on cells.month = switches.month
            and cells.from_channel = switches.from_channel
            and cells.to_channel = switches.to_channel
    left join watched_buyers
        on cells.month = watched_buyers.month and cells.from_channel = watched_buyers.from_channel
    left join migrated
        on cells.month = migrated.month
            and cells.from_channel = migrated.from_channel
            and cells.to_channel = migrated.to_channel
    left join known on cells.month = known.month and cells.from_channel = known.from_channel
),

final as (
    select
        month,
        from_channel,
        to_channel,
        starters,
        converted,
        {{ ratio('converted', 'starters') }} as conversion_rate,
        converted_store_pickup,
        converted_elsewhere,
        diagonal_starters,
        {{ ratio('converted_elsewhere', 'diagonal_starters') }} as cross_channel_conversion_rate,
        measured_sessions,
        purchasing_sessions,
        {{ ratio('purchasing_sessions', 'measured_sessions') }} as session_conversion_rate,
        measured_visitors,
        purchasing_visitors,
        {{ ratio('purchasing_visitors', 'measured_visitors') }} as visitor_conversion_rate,
        purchases,
        followed_purchases,
        next_purchases,
        {{ ratio('next_purchases', 'followed_purchases') }} as switch_rate,
        buyers,
        repurchasers,
        repurchasers_in_channel,
        {{ ratio('repurchasers_in_channel', 'repurchasers') }} as migration_index,
        identified_orders,
        itemised_orders,
        {{ ratio('identified_orders', 'itemised_orders') }} as identified_share
    from counted
)

select * from final
