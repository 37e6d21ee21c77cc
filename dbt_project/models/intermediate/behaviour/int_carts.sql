-- Identified carts and what became of them. A customer's cart in a channel on a business day begins with the first product put
-- into it. It is abandoned when no order in any channel followed within triggers.abandoned_cart_hours, once these are over (an
-- order that is cancelled later was one all the same); recovered when the next order that stands came within
-- triggers.recovered_cart_days after all (NULL until these are over), by the channel of the message that was clicked last in between. One row per customer, channel and business day with something put into a cart.
{% set patience = (rule('triggers.abandoned_cart_hours') | float * 60) | int %}

with additions as (
    select * from {{ ref('int_session_events__united') }}
    where event = 'cart_add'
),

visitors as (
    select * from {{ ref('int_visitors') }}
),

orders as (
    select * from {{ ref('int_orders') }}
    where not is_test and customer_id is not null
),

messages as (
    select * from {{ ref('int_messages') }}
    where is_clicked and customer_id is not null
),

put_in as (
    select
        additions.session_event_id,
        additions.session_id,
        visitors.customer_id,
        coalesce(additions.session_kind, 'web') as channel,
        additions.happened_at,
        {{ business_date('additions.happened_at') }} as cart_on
    from additions
    inner join visitors on additions.session_id = visitors.session_id
),

first_put_in as (
    select
        put_in.*,
        row_number() over (
            partition by customer_id, channel, cart_on order by happened_at, session_event_id
        ) as place
    from put_in
),

carts as (
    select
        session_event_id as cart_id,
        session_id,
        customer_id,
        channel,
        cart_on,
        happened_at as cart_at
    from first_put_in
    where place = 1
),

followed as (
    select
        carts.cart_id,
        orders.order_id,
        orders.ordered_at,
        orders.is_counted,
        row_number() over (partition by carts.cart_id order by orders.ordered_at, orders.order_id) as place,
        row_number() over (
            partition by carts.cart_id, orders.is_counted order by orders.ordered_at, orders.order_id
        ) as place_of_its_kind
    from carts
    inner join orders on carts.customer_id = orders.customer_id and carts.cart_at <= orders.ordered_at
),

judged as (
    select
        carts.*,
        standing.order_id as next_order_id,
        standing.ordered_at as next_ordered_at,
        coalesce(followed.ordered_at <= {{ dbt.dateadd('minute', patience, 'carts.cart_at') }}, false) as is_ordered_in_time,
        {{ dbt.dateadd('minute', patience, 'carts.cart_at') }} <= {{ as_of() }} as is_settled,
        coalesce(
            standing.ordered_at <= {{ dbt.dateadd('day', rule('triggers.recovered_cart_days'), 'carts.cart_at') }}, false
        ) as is_ordered_at_last
    from carts
    left join followed on carts.cart_id = followed.cart_id and followed.place = 1
    left join followed as standing
        on carts.cart_id = standing.cart_id and standing.is_counted and standing.place_of_its_kind = 1
),

clicked as (
    select
        judged.cart_id,
        messages.channel,
        row_number() over (
            partition by judged.cart_id order by messages.first_clicked_at desc, messages.message_id
        ) as place
    from judged
    inner join messages
        on judged.customer_id = messages.customer_id
            and messages.first_clicked_at > judged.cart_at
            and messages.first_clicked_at <= judged.next_ordered_at
    where judged.is_ordered_at_last and not judged.is_ordered_in_time
),

final as (
    select
        judged.cart_id,
        judged.session_id,
        judged.customer_id,
        judged.channel,
        judged.cart_on,
        judged.cart_at,
        judged.next_order_id,
        judged.next_ordered_at,
        judged.is_settled and not judged.is_ordered_in_time as is_abandoned,
        case
            when judged.is_settled and {{ dbt.dateadd('day', rule('triggers.recovered_cart_days'), 'judged.cart_at') }} <= {{ as_of() }}
                then not judged.is_ordered_in_time and judged.is_ordered_at_last
        end as is_recovered,
        clicked.channel as recovered_by_channel
    from judged
    left join clicked on judged.cart_id = clicked.cart_id and clicked.place = 1
)

select * from final
