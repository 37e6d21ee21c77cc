{{ config(database='relations') }}
-- Generated from semantic/drills/kpi_channel_conversion_monthly.sql. The records behind the mart, with its dimensions and what is told over them anew.
with purchases as (
    select
        *,
        lead(sales_channel) over (partition by customer_id order by ordered_at, order_id) as next_channel,
        lead(ordered_at) over (partition by customer_id order by ordered_at, order_id) as next_at
    from omnimart.marts.orders
    where is_counted and channel_class <> 'marketplace' and not is_employee_purchase and not is_b2b
        and customer_id in (select customer_id from omnimart.marts.customer_360 where not is_employee and not is_b2b)
),

starts as (
    select starts.*
    from omnimart.marts.purchase_starts as starts
    cross join (select max(refreshed_at) as as_of from omnimart.marts.load_reconciliation)
    cross join (
        select
            max(if(name = 'channels.conversion_hours_without_order', cast(cast(value as double) * 60 as integer), null)) as patience,
            max(if(name = 'channels.conversion_days', cast(value as integer), null)) as conversion_days
        from omnimart.marts.parameters
        where name in ('channels.conversion_hours_without_order', 'channels.conversion_days')
    )
    where starts.started_at + to_minutes(patience) <= as_of and starts.started_at + to_days(conversion_days) <= as_of
        and starts.customer_id in (select customer_id from omnimart.marts.customer_360 where not is_employee and not is_b2b)
        and not exists (
            select 1
            from omnimart.marts.orders
            where orders.customer_id = starts.customer_id and not orders.is_test and orders.sales_channel = starts.channel
                and orders.ordered_at >= starts.started_at and orders.ordered_at <= starts.started_at + to_minutes(patience)
        )
),

buyers as (
    select
        buying.month,
        buying.sales_channel as channel,
        buying.customer_id,
        list(distinct later.sales_channel) filter (where later.sales_channel is not null) as bought_later_in
    from (select distinct cast(date_trunc('month', ordered_on) as date) as month, sales_channel, customer_id from purchases) as buying
    cross join (select cast(value as integer) as days from omnimart.marts.parameters where name = 'channels.repurchase_window_days')
    cross join (
        select cast(timezone(value, timezone('UTC', (select max(refreshed_at) from omnimart.marts.load_reconciliation))) as date) as as_of_on
        from omnimart.marts.parameters where name = 'business.timezone'
    )
    left join purchases as later
        on later.customer_id = buying.customer_id
            and later.ordered_on >= buying.month + interval 1 month
            and later.ordered_on < buying.month + interval 1 month + to_days(days)
    where buying.month + interval 1 month + to_days(days) <= as_of_on
    group by all
),

cells as (
    select
        month,
        from_channel,
        to_channel,
        coalesce(has_sessions, false) as has_sessions,
        coalesce(has_sessions, false) and from_channel = to_channel as has_visits,
        month + interval 1 month + to_days((
            select cast(value as integer) from omnimart.marts.parameters where name = 'channels.repurchase_window_days'
        )) <= (
            select cast(timezone(value, timezone('UTC', (select max(refreshed_at) from omnimart.marts.load_reconciliation))) as date)
            from omnimart.marts.parameters where name = 'business.timezone'
        ) as is_year_over
    from omnimart.marts.kpi_channel_conversion_monthly
    left join (select distinct session_kind, true as has_sessions from omnimart.marts.sessions) on session_kind = from_channel
),

happened as (
    select
        'visit' as kind,
        cast(date_trunc('month', started_on) as date) as month,
        session_kind as from_channel,
        session_id as record_id,
        coalesce('customer ' || customer_id, source_system || ':' || source_account || ':' || client_id, session_id) as visitor,
        purchased
    from omnimart.marts.sessions
    where purchased is not null

    union all by name

    select
        'start' as kind,
        cast(date_trunc('month', starts.started_on) as date) as month,
        starts.channel as from_channel,
        starts.customer_id as record_id,
        starts.customer_id as visitor,
        arg_min(purchases.sales_channel, (purchases.ordered_at, purchases.order_id)) as finished_in,
        arg_min(purchases.fulfilment_method, (purchases.ordered_at, purchases.order_id)) as finished_by
    from starts
    left join purchases
        on purchases.customer_id = starts.customer_id and purchases.ordered_at >= starts.started_at
            and purchases.ordered_at <= starts.started_at
            + to_days((select cast(value as integer) from omnimart.marts.parameters where name = 'channels.conversion_days'))
    group by starts.customer_id, starts.channel, starts.started_on

    union all by name

    select
        'purchase' as kind,
        cast(date_trunc('month', ordered_on) as date) as month,
        sales_channel as from_channel,
        order_id as record_id,
        customer_id as visitor,
        if(next_at <= ordered_at
            + to_days((select cast(value as integer) from omnimart.marts.parameters where name = 'channels.repurchase_window_days')),
        next_channel, null) as next_channel
    from purchases

    union all by name

    select 'buyer' as kind, month, channel as from_channel, customer_id as record_id, customer_id as visitor, bought_later_in
    from buyers

    union all by name

    select
        'order' as kind,
        cast(date_trunc('month', ordered_on) as date) as month,
        sales_channel as from_channel,
        order_id as record_id,
        customer_id as visitor,
        receipts_count
    from omnimart.marts.orders
    where is_counted and not is_test and sales_channel <> 'marketplace' and order_kind <> 'shift_report'
),

records as (
    select
        happened.*,
        cells.to_channel,
        cells.has_sessions,
        cells.has_visits,
        cells.is_year_over,
        finished_in = cells.to_channel as is_finished_there,
        is_finished_there and finished_by = 'store_pickup' as is_collected_there,
        next_channel = cells.to_channel as is_followed_there,
        list_contains(bought_later_in, cells.to_channel) as is_bought_there
    from happened
    join cells using (month, from_channel)
    where happened.kind not in ('visit', 'order') or cells.to_channel = from_channel
)

select
    month,
    from_channel,
    to_channel,
    case when kind = 'start' then visitor end as starters,
    case when has_sessions then 1 else 0 end as starters_known,
    case when is_collected_there then visitor end as converted_store_pickup,
    case when has_sessions then 1 else 0 end as converted_store_pickup_known,
    case when kind = 'buyer' then visitor end as buyers,
    case when is_year_over then 1 else 0 end as buyers_known,
    case when is_finished_there then visitor end as converted,
    case when has_sessions then 1 else 0 end as converted_known,
    case when has_visits and finished_in <> from_channel then visitor end as converted_elsewhere,
    case when has_visits then 1 else 0 end as converted_elsewhere_known,
    case when has_visits and kind = 'start' then visitor end as diagonal_starters,
    case when has_visits then 1 else 0 end as diagonal_starters_known,
    case when kind = 'visit' then visitor end as measured_visitors,
    case when has_visits then 1 else 0 end as measured_visitors_known,
    case when purchased then visitor end as purchasing_visitors,
    case when has_visits then 1 else 0 end as purchasing_visitors_known,
    case when bought_later_in is not null then visitor end as repurchasers,
    case when is_year_over then 1 else 0 end as repurchasers_known,
    case when is_bought_there then visitor end as repurchasers_in_channel,
    case when is_year_over then 1 else 0 end as repurchasers_in_channel_known
from records
