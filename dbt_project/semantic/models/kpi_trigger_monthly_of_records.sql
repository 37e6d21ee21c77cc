{{ config(database='relations') }}
-- Generated from semantic/drills/kpi_trigger_monthly.sql. The records behind the mart, with its dimensions and what is told over them anew.
with messages as (
    select *, cast(date_trunc('month', sent_on) as date) as month
    from omnimart.marts.messages
    where message_type in ('trigger', 'transactional')
),

delivered as (
    select
        *,
        coalesce(trigger_name, '') as trigger_key,
        row_number() over (partition by customer_id, trigger_name order by sent_at, message_id) as nth,
        lag(sent_at) over (partition by customer_id, trigger_name order by sent_at, message_id) as last_sent_at
    from messages
    where is_delivered
        and customer_id in (select customer_id from omnimart.marts.customer_360 where not is_employee and not is_b2b)
),

looking_back as (
    select
        *,
        case
            when last_sent_at is null or sent_at > last_sent_at + to_days(days) then nth
            else coalesce(lag(nth) over (partition by customer_id, trigger_key, campaign_id order by nth), 0)
        end as reaches
    from delivered
    cross join (select cast(value as integer) as days from omnimart.marts.parameters where name = 'triggers.conversion_days')
),

begun as (
    select
        customer_id,
        trigger_key,
        list_reduce(
            list([nth, reaches] order by nth),
            lambda begun, entry: case when entry[2] >= begun[-1] then list_append(begun, entry[1]) else begun end,
            [0::bigint]
        ) as begins
    from looking_back
    group by all
),

firings as (
    select looking_back.*
    from looking_back
    join begun using (customer_id, trigger_key)
    where list_contains(begins, nth)
),

followed as (
    select
        firings.message_id,
        orders.order_id,
        orders.net_revenue,
        row_number() over (
            partition by firings.trigger_key, orders.order_id order by firings.sent_at desc, firings.message_id desc
        ) as place
    from firings
    join omnimart.marts.orders
        on orders.customer_id = firings.customer_id and orders.is_counted
            and orders.ordered_at > firings.sent_at and orders.ordered_at <= firings.sent_at + to_days(firings.days)
),

records as (
    select 'message' as kind, month, trigger_name, channel, message_id, customer_id, is_delivered, is_opened, is_machine_opened, is_clicked,
        is_machine_clicked, is_unsubscribed
    from messages

    union all by name

    select
        'firing' as kind,
        firings.month,
        firings.trigger_name,
        firings.channel,
        firings.message_id,
        firings.customer_id,
        firings.sent_at + to_days(firings.days) <= as_of as is_due,
        list(followed.order_id) filter (where followed.order_id is not null) as orders_after,
        sum(followed.net_revenue) filter (where followed.place = 1) as own_revenue
    from firings
    cross join (select max(refreshed_at) as as_of from omnimart.marts.load_reconciliation)
    left join followed using (message_id)
    group by all

    union all by name

    select 'order' as kind, firings.month, firings.trigger_name, firings.channel, firings.customer_id, message_id, followed.order_id
    from firings
    join followed using (message_id)
    where followed.place = 1
)

select
    month,
    trigger_name,
    channel,
    order_id as orders_count
from records
