-- The visits and purchases of a channel's month, each purchase with the customer's next one.
-- apart: starters, converted, converted_store_pickup, converted_elsewhere: the first cart or checkout of a customer's day is an event of
-- a session (sessions.added_to_cart, sessions.reached_checkout lead to it); events are no published table.
-- apart: buyers, repurchasers, repurchasers_in_channel: the buyers of a month among the buyers of the year after it.
with purchases as (
    select
        *,
        lead(sales_channel) over (partition by customer_id order by ordered_at, order_id) as next_channel,
        lead(ordered_at) over (partition by customer_id order by ordered_at, order_id) as next_at
    from marts.orders
    where is_counted and channel_class <> 'marketplace' and not is_employee_purchase and not is_b2b
        and customer_id in (select customer_id from marts.customer_360 where not is_employee and not is_b2b)
),

cells as (
    select month, from_channel, to_channel from marts.kpi_channel_conversion_monthly
),

records as (
    select
        'visit' as kind,
        cast(date_trunc('month', started_on) as date) as month,
        session_kind as channel,
        session_id as record_id,
        coalesce('customer ' || customer_id, source_system || ':' || source_account || ':' || client_id, session_id) as visitor,
        purchased
    from marts.sessions
    where purchased is not null

    union all by name

    select
        'purchase' as kind,
        cast(date_trunc('month', ordered_on) as date) as month,
        sales_channel as channel,
        order_id as record_id,
        customer_id as visitor,
        if(next_at <= ordered_at
            + to_days((select cast(value as integer) from marts.parameters where name = 'channels.repurchase_window_days')),
        next_channel, null) as next_channel
    from purchases

    union all by name

    select
        'order' as kind,
        cast(date_trunc('month', ordered_on) as date) as month,
        sales_channel as channel,
        order_id as record_id,
        customer_id as visitor,
        receipts_count
    from marts.orders
    where is_counted and not is_test and sales_channel <> 'marketplace' and order_kind <> 'shift_report'
)

select
    cells.month,
    from_channel,
    to_channel,
    count(*) filter (where kind = 'visit' and from_channel = to_channel) as measured_sessions,
    count(*) filter (where purchased and from_channel = to_channel) as purchasing_sessions,
    count(distinct visitor) filter (where kind = 'visit' and from_channel = to_channel) as measured_visitors,
    count(distinct visitor) filter (where purchased and from_channel = to_channel) as purchasing_visitors,
    count(*) filter (where kind = 'purchase') as purchases,
    count(next_channel) as followed_purchases,
    count(*) filter (where next_channel = to_channel) as next_purchases,
    sum(receipts_count) filter (where visitor is not null and from_channel = to_channel) as identified_orders,
    sum(receipts_count) filter (where from_channel = to_channel) as itemised_orders
from cells
left join records on records.month = cells.month and records.channel = cells.from_channel
group by all
