{% set moment = rule('attribution.click_opens_visit_minutes') %}
with sessions as (
    select * from {{ ref('int_sessions__united') }}
),

events as (
    select
        session_id,
        source_system,
        source_account,
        session_event_id,
        event,
        happened_at,
        product_reference,
        case when event = 'purchase' then order_number end as order_reference
    from {{ ref('int_session_events__united') }}
    where event <> 'page_view'
),

visitors as (
    select * from {{ ref('int_visitors') }}
),

campaigns as (
    select * from {{ ref('int_campaign_words') }}
),

clicks as (
    select
        messages.customer_id,
        messages.channel,
        messages.first_clicked_at,
        messages.campaign_id,
        lower(trim(bearers.utm_campaign)) as campaign_word
    from {{ ref('int_messages') }} as messages
    inner join {{ ref('int_campaigns') }} as bearers on messages.campaign_id = bearers.campaign_id
    where messages.is_clicked and messages.customer_id is not null and bearers.utm_campaign is not null
),

orders as (
    select * from {{ ref('int_orders') }}
    where not is_test
),

purchases as (
    select * from events
    where order_reference is not null
),

ordered as (
    {{ orders_at('purchases', 'session_event_id', 'order_reference', 'happened_at') }}
),

-- A system that tells no steps at all leaves them unknown; the sessions of one that does either took them or did not.
stepping as (
    select
        source_system,
        source_account,
        max(case when event = 'purchase' then 1 else 0 end) = 1 as tells_purchases
    from events
    group by source_system, source_account
),

steps as (
    select
        events.session_id,
        count(case when events.event = 'product_view' then 1 end) as product_views,
        count(distinct case when events.event = 'product_view' then events.product_reference end) as products_viewed,
        max(case when events.event = 'product_view' then 1 else 0 end) = 1 as viewed_product,
        max(case when events.event = 'cart_add' then 1 else 0 end) = 1 as added_to_cart,
        max(case when events.event = 'checkout' then 1 else 0 end) = 1 as reached_checkout,
        max(case when events.event = 'purchase' then 1 else 0 end) = 1 as purchased,
        min(ordered.order_id) as order_id
    from events
    left join ordered on events.session_event_id = ordered.session_event_id
    where events.session_id is not null
    group by events.session_id
),

-- Where a system tells the steps but no purchase (an app whose purchases are the shop's orders), the order that the session's
-- customer placed in that channel meanwhile, or just after, is its purchase.
placed as (
    select
        sessions.session_id,
        orders.order_id,
        row_number() over (
            partition by orders.order_id order by sessions.started_at desc, sessions.session_id
        ) as choice
    from sessions
    inner join stepping
        on sessions.source_system = stepping.source_system
            and sessions.source_account = stepping.source_account
            and not stepping.tells_purchases
    inner join visitors on sessions.session_id = visitors.session_id
    inner join orders
        on visitors.customer_id = orders.customer_id
            and sessions.session_kind = orders.sales_channel
            and orders.ordered_at >= sessions.started_at
            and orders.ordered_at <= {{ dbt.dateadd(
                'minute', rule('identity.evidence_minutes_after_session'), 'coalesce(sessions.ended_at, sessions.started_at)'
            ) }}
),

inferred as (
    select session_id, min(order_id) as order_id
    from placed
    where choice = 1
    group by session_id
),

marked as (
    select
        sessions.*,
        visitors.customer_id,
        visitors.identified_by,
        lower(trim(sessions.utm_campaign)) as campaign_word,
        case
            when sessions.session_kind = 'app'
                and sessions.raw_traffic_source is null and sessions.utm_medium is null and sessions.utm_source is null
                then 'direct'
            else {{ traffic_channel() }}
        end as traffic_channel
    from sessions
    left join visitors on sessions.session_id = visitors.session_id
    {{ traffic_of('sessions') }}
),

-- Legs of a campaign in one channel (a mailing sent again) share the name in their links: the one whose message the visitor
-- clicked last is meant.
clicked as (
    select
        marked.session_id,
        clicks.campaign_id,
        row_number() over (
            partition by marked.session_id order by clicks.first_clicked_at desc, clicks.campaign_id
        ) as choice
    from marked
    inner join clicks
        on marked.customer_id = clicks.customer_id
            and marked.campaign_word = clicks.campaign_word
            and marked.traffic_channel = clicks.channel
            and clicks.first_clicked_at <= {{ dbt.dateadd('minute', moment, 'marked.started_at') }}
),

final as (
    select
        sessions.session_id,
        sessions.source_system,
        sessions.source_account,
        sessions.session_kind,
        sessions.customer_id,
        sessions.customer_id is not null as is_identified,
        sessions.identified_by,
        sessions.client_id,
        sessions.started_at,
        {{ business_date('sessions.started_at') }} as started_on,
        coalesce(sessions.ended_at, sessions.started_at) as ended_at,
        {{ mapped_value('device') }} as device,
        sessions.traffic_channel,
        {{ without_addresses('sessions.utm_source') }} as utm_source,
        {{ without_addresses('sessions.utm_medium') }} as utm_medium,
        {{ without_addresses('sessions.utm_campaign') }} as utm_campaign,
        coalesce(clicked.campaign_id, campaigns.campaign_id) as campaign_id,
        sessions.attribution_model,
        sessions.is_new_visitor,
        sessions.pageviews,
        cast(case when stepping.source_system is not null then coalesce(steps.product_views, 0) end as integer) as product_views,
        cast(case when stepping.source_system is not null then coalesce(steps.products_viewed, 0) end as integer) as products_viewed,
        case when stepping.source_system is not null then coalesce(steps.viewed_product, false) end as viewed_product,
        case when stepping.source_system is not null then coalesce(steps.added_to_cart, false) end as added_to_cart,
        case when stepping.source_system is not null then coalesce(steps.reached_checkout, false) end as reached_checkout,
        case
            when stepping.tells_purchases then coalesce(steps.purchased, false)
            when stepping.source_system is not null and sessions.customer_id is not null then inferred.order_id is not null
        end as purchased,
        coalesce(steps.order_id, inferred.order_id) as order_id,
        sessions.city
    from marked as sessions
    left join clicked on sessions.session_id = clicked.session_id and clicked.choice = 1
    left join steps on sessions.session_id = steps.session_id
    left join inferred on sessions.session_id = inferred.session_id
    left join stepping
        on sessions.source_system = stepping.source_system
            and sessions.source_account = stepping.source_account
    left join campaigns
        on sessions.campaign_word = campaigns.campaign_word
            and (campaigns.channel is null or campaigns.channel = sessions.traffic_channel)
    {{ mapped('device', 'sessions.source_system', 'sessions.raw_device') }}
)

select * from final
