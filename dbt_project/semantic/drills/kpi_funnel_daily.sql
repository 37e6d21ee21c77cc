-- The sessions, orders, hand-overs and answers of a day. Employees and companies are no customers.
-- apart: entrants, wifi_visits, carts, abandoned_carts, recovered_carts, recovered_by_email, recovered_by_push, recovered_by_sms,
-- recovered_by_messenger, recovered_without_message: door counts, Wi-Fi visits and carts are no published tables; a cart is a
-- customer's day with a cart_add in a channel (sessions.added_to_cart leads to it), recovered by the orders of the days after it.
-- only: channel <> 'store' or stage not in ('acquisition', 'choice')
with answers as (
    select distinct on (survey, channel, store_id, customer_id, answered_at, if(question is null, answer_id, null)) *
    from marts.survey_answers
    order by answer_id
),

records as (
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

    select ordered_on as day, 'purchase' as stage, sales_channel as channel, order_id as record_id, customer_id, receipts_count as orders
    from marts.orders
    where is_counted

    union all by name

    select
        handed_over_on as day,
        'receipt' as stage,
        fulfilment_method as channel,
        order_id as record_id,
        customer_id,
        receipts_count as orders
    from marts.orders
    where is_counted and handed_over_on is not null

    union all by name

    select answered_on as day, 'feedback' as stage, channel, answer_id as record_id, customer_id, 1 as answers
    from answers
)

select
    day,
    stage,
    channel,
    count(distinct customer_id) filter (
        where customer_id in (select customer_id from marts.customer_360 where not is_employee and not is_b2b)
    ) as customers,
    sum(sessions) as sessions,
    sum(product_views) as product_views,
    sum(orders) as orders,
    sum(answers) as answers
from records
where day is not null
group by all
