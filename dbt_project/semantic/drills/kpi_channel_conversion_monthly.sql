-- The visits, begun purchases and purchases of a channel's month, each begun one with the order that finished it, each purchase with the
-- customer's next one. They stand in each to_channel of their month and from_channel, visits and orders with a buyer on the diagonal; who
-- is in the numerators there is told by is_finished_there, is_followed_there and is_bought_there.
-- Записи — визиты, начатые покупки и покупки месяца в канале: у начатой — заказ, которым она завершилась, у покупки — следующая
-- покупка того же клиента. Они стоят в каждом to_channel своего месяца и from_channel, визиты и заказы с покупателем — на диагонали; кто
-- там входит в числители, видно по is_finished_there, is_followed_there и is_bought_there.
with purchases as (
    select
        *,
        lead(sales_channel) over (partition by customer_id order by ordered_at, order_id) as next_channel,
        lead(ordered_at) over (partition by customer_id order by ordered_at, order_id) as next_at
    from marts.orders
    where is_counted and channel_class <> 'marketplace' and not is_employee_purchase and not is_b2b
        and customer_id in (select customer_id from marts.customer_360 where not is_employee and not is_b2b)
),

starts as (
    select starts.*
    from marts.purchase_starts as starts
    cross join (select max(refreshed_at) as as_of from marts.load_reconciliation)
    cross join (
        select
            max(if(name = 'channels.conversion_hours_without_order', cast(cast(value as double) * 60 as integer), null)) as patience,
            max(if(name = 'channels.conversion_days', cast(value as integer), null)) as conversion_days
        from marts.parameters
        where name in ('channels.conversion_hours_without_order', 'channels.conversion_days')
    )
    where starts.started_at + to_minutes(patience) <= as_of and starts.started_at + to_days(conversion_days) <= as_of
        and starts.customer_id in (select customer_id from marts.customer_360 where not is_employee and not is_b2b)
        and not exists (
            select 1
            from marts.orders
            where orders.customer_id = starts.customer_id and not orders.is_test and orders.sales_channel = starts.channel
                and orders.ordered_at >= starts.started_at and orders.ordered_at <= starts.started_at + to_minutes(patience)
        )
),

-- Who bought in a channel in a month, with the channels in which they bought in the days after it.
buyers as (
    select
        buying.month,
        buying.sales_channel as channel,
        buying.customer_id,
        list(distinct later.sales_channel) filter (where later.sales_channel is not null) as bought_later_in
    from (select distinct cast(date_trunc('month', ordered_on) as date) as month, sales_channel, customer_id from purchases) as buying
    cross join (select cast(value as integer) as days from marts.parameters where name = 'channels.repurchase_window_days')
    cross join (
        select cast(timezone(value, timezone('UTC', (select max(refreshed_at) from marts.load_reconciliation))) as date) as as_of_on
        from marts.parameters where name = 'business.timezone'
    )
    left join purchases as later
        on later.customer_id = buying.customer_id
            and later.ordered_on >= buying.month + interval 1 month
            and later.ordered_on < buying.month + interval 1 month + to_days(days)
    where buying.month + interval 1 month + to_days(days) <= as_of_on
    group by all
),

-- A channel without sessions tells no begun purchase; who bought again is known when the time for it is over.
cells as (
    select
        month,
        from_channel,
        to_channel,
        coalesce(has_sessions, false) as has_sessions,
        coalesce(has_sessions, false) and from_channel = to_channel as has_visits,
        month + interval 1 month + to_days((
            select cast(value as integer) from marts.parameters where name = 'channels.repurchase_window_days'
        )) <= (
            select cast(timezone(value, timezone('UTC', (select max(refreshed_at) from marts.load_reconciliation))) as date)
            from marts.parameters where name = 'business.timezone'
        ) as is_year_over
    from marts.kpi_channel_conversion_monthly
    left join (select distinct session_kind, true as has_sessions from marts.sessions) on session_kind = from_channel
),

happened as (
    select
        'visit' as kind,
        cast(date_trunc('month', started_on) as date) as month,
        session_kind as from_channel,
        session_id as record_id,
        coalesce('customer ' || customer_id, source_system || ':' || source_account || ':' || client_id, session_id) as visitor,
        purchased
    from marts.sessions
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
            + to_days((select cast(value as integer) from marts.parameters where name = 'channels.conversion_days'))
    group by starts.customer_id, starts.channel, starts.started_on

    union all by name

    select
        'purchase' as kind,
        cast(date_trunc('month', ordered_on) as date) as month,
        sales_channel as from_channel,
        order_id as record_id,
        customer_id as visitor,
        if(next_at <= ordered_at
            + to_days((select cast(value as integer) from marts.parameters where name = 'channels.repurchase_window_days')),
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
    from marts.orders
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
    if(bool_or(has_sessions), count(distinct visitor) filter (where kind = 'start'), null) as starters,
    if(bool_or(has_sessions), count(distinct visitor) filter (where is_finished_there), null) as converted,
    if(bool_or(has_sessions), count(distinct visitor) filter (where is_collected_there), null) as converted_store_pickup,
    if(bool_or(has_visits), count(distinct visitor) filter (where has_visits and finished_in <> from_channel), null) as converted_elsewhere,
    if(bool_or(has_visits), count(distinct visitor) filter (where has_visits and kind = 'start'), null) as diagonal_starters,
    if(bool_or(has_visits), count(*) filter (where kind = 'visit'), null) as measured_sessions,
    if(bool_or(has_visits), count(*) filter (where purchased), null) as purchasing_sessions,
    if(bool_or(has_visits), count(distinct visitor) filter (where kind = 'visit'), null) as measured_visitors,
    if(bool_or(has_visits), count(distinct visitor) filter (where purchased), null) as purchasing_visitors,
    count(*) filter (where kind = 'purchase') as purchases,
    count(next_channel) as followed_purchases,
    count(*) filter (where is_followed_there) as next_purchases,
    if(bool_and(is_year_over), count(distinct visitor) filter (where kind = 'buyer'), null) as buyers,
    if(bool_and(is_year_over), count(distinct visitor) filter (where bought_later_in is not null), null) as repurchasers,
    if(bool_and(is_year_over), count(distinct visitor) filter (where is_bought_there), null) as repurchasers_in_channel,
    if(from_channel = to_channel, coalesce(sum(receipts_count) filter (where visitor is not null), 0), null) as identified_orders,
    if(from_channel = to_channel, coalesce(sum(receipts_count), 0), null) as itemised_orders
from records
group by month, from_channel, to_channel
