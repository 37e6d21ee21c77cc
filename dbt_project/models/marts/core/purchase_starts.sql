-- What customers began to buy: the first product put into a cart and the first checkout of their business day in a channel. Whether an
-- order followed is the business of the KPIs that read this. A browser that is nobody's starts nothing here.
with events as (
    select * from {{ ref('int_session_events__united') }}
    where event in ('cart_add', 'checkout')
),

visitors as (
    select * from {{ ref('int_visitors') }}
),

steps as (
    select
        visitors.customer_id,
        coalesce(events.session_kind, 'web') as channel,
        {{ business_date('events.happened_at') }} as started_on,
        events.event,
        events.happened_at
    from events
    inner join visitors on events.session_id = visitors.session_id
),

final as (
    select
        customer_id,
        channel,
        started_on,
        min(happened_at) as started_at,
        min(case when event = 'cart_add' then happened_at end) as cart_at,
        min(case when event = 'checkout' then happened_at end) as checkout_at
    from steps
    group by customer_id, channel, started_on
)

select * from final
