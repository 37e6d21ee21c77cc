-- The sessions, carts, people at the doors, Wi-Fi visits, orders, hand-overs and answers of a day. Employees and companies are no
-- customers and fill no carts.
-- Записи — сессии, корзины, вошедшие, Wi-Fi-визиты, заказы, выдачи и ответы дня; сотрудники и юрлица — не клиенты.
with people as (
    select customer_id from marts.customer_360
    where not is_employee and not is_b2b
),

answers as (
    select distinct on (survey, channel, store_id, customer_id, answered_at, if(question is null, answer_id, null)) *
    from marts.survey_answers
    order by answer_id
),

carts as (
    select
        starts.started_on as day,
        starts.channel,
        starts.customer_id,
        starts.cart_at,
        min(orders.ordered_at) filter (where orders.is_counted) as next_ordered_at,
        coalesce(min(orders.ordered_at) <= starts.cart_at + to_minutes(patience), false) as is_ordered_in_time,
        starts.cart_at + to_minutes(patience) <= as_of and not is_ordered_in_time as is_abandoned,
        starts.cart_at + greatest(to_minutes(patience), to_days(recovery_days)) <= as_of as is_recovery_over,
        if(is_recovery_over, is_abandoned and coalesce(next_ordered_at <= starts.cart_at + to_days(recovery_days), false), null) as is_recovered
    from marts.purchase_starts as starts
    join people using (customer_id)
    cross join (select max(refreshed_at) as as_of from marts.load_reconciliation)
    cross join (
        select
            max(if(name = 'triggers.abandoned_cart_hours', cast(cast(value as double) * 60 as integer), null)) as patience,
            max(if(name = 'triggers.recovered_cart_days', cast(value as integer), null)) as recovery_days
        from marts.parameters
        where name in ('triggers.abandoned_cart_hours', 'triggers.recovered_cart_days')
    )
    left join marts.orders
        on orders.customer_id = starts.customer_id and not orders.is_test and orders.ordered_at >= starts.cart_at
    where starts.cart_at is not null
    group by starts.started_on, starts.channel, starts.customer_id, starts.cart_at, as_of, patience, recovery_days
),

happened as (
    select
        counted_on as day, 'acquisition' as stage, 'store' as channel, count_id as record_id, entrants, false as is_of_somebody
    from marts.store_traffic

    union all by name

    select entered_on as day, 'choice' as stage, 'store' as channel, wifi_visit_id as record_id, customer_id, 1 as wifi_visits
    from marts.wifi_visits

    union all by name

    select
        day,
        'choice' as stage,
        channel,
        customer_id as record_id,
        1 as carts,
        is_abandoned,
        is_abandoned and is_recovery_over as is_recovery_due,
        is_recovered,
        if(is_recovered, coalesce((
            select arg_max(messages.channel, (messages.first_clicked_at, messages.message_id))
            from marts.messages
            where messages.customer_id = carts.customer_id
                and messages.first_clicked_at > carts.cart_at and messages.first_clicked_at <= carts.next_ordered_at
        ), 'none'), if(is_recovered is null, null, 'not recovered')) as recovered_by
    from carts

    union all by name

    select started_on as day, 'acquisition' as stage, session_kind as channel, session_id as record_id, customer_id, 1 as sessions
    from marts.sessions

    union all by name

    select started_on as day, 'choice' as stage, session_kind as channel, session_id as record_id, customer_id, 1 as sessions, product_views
    from marts.sessions
    where viewed_product

    union all by name

    select started_on as day, 'purchase' as stage, session_kind as channel, session_id as record_id, 1 as sessions
    from marts.sessions
    where purchased

    union all by name

    select
        ordered_on as day,
        'purchase' as stage,
        sales_channel as channel,
        order_id as record_id,
        customer_id,
        receipts_count as orders,
        sales_channel <> 'marketplace' and coalesce(order_kind <> 'shift_report', true) as is_of_somebody
    from marts.orders
    where is_counted

    union all by name

    select
        handed_over_on as day,
        'receipt' as stage,
        fulfilment_method as channel,
        order_id as record_id,
        customer_id,
        receipts_count as orders,
        sales_channel <> 'marketplace' and coalesce(order_kind <> 'shift_report', true) as is_of_somebody
    from marts.orders
    where is_counted and handed_over_on is not null

    union all by name

    select answered_on as day, 'feedback' as stage, channel, answer_id as record_id, customer_id, 1 as answers
    from answers
),

records as (
    select
        * replace (coalesce(is_of_somebody, true) as is_of_somebody),
        customer_id in (select customer_id from people) as is_person
    from happened
    where day is not null
)

select
    day,
    stage,
    channel,
    if(bool_or(is_of_somebody), count(distinct customer_id) filter (where is_person), null) as customers,
    sum(sessions) as sessions,
    sum(entrants) as entrants,
    sum(product_views) as product_views,
    sum(wifi_visits) as wifi_visits,
    sum(carts) as carts,
    sum(is_abandoned) as abandoned_carts,
    sum(is_recovery_due) as recovery_due_carts,
    sum(is_recovered) as recovered_carts,
    sum(recovered_by = 'email') as recovered_by_email,
    sum(recovered_by = 'push') as recovered_by_push,
    sum(recovered_by = 'sms') as recovered_by_sms,
    sum(recovered_by = 'messenger') as recovered_by_messenger,
    sum(recovered_by = 'none') as recovered_without_message,
    sum(orders) as orders,
    sum(answers) as answers
from records
group by all
