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

purchases as (
    select * from events
    where order_reference is not null
),

ordered as (
    {{ orders_at('purchases', 'session_event_id', 'order_reference', 'happened_at') }}
),

-- A system that tells no steps at all leaves them unknown; the sessions of one that does either took them or did not.
stepping as (
    select distinct source_system, source_account
    from events
),

steps as (
    select
        events.session_id,
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

final as (
    select
        sessions.session_id,
        sessions.source_system,
        sessions.source_account,
        sessions.session_kind,
        visitors.customer_id,
        visitors.customer_id is not null as is_identified,
        visitors.identified_by,
        sessions.client_id,
        sessions.started_at,
        {{ business_date('sessions.started_at') }} as started_on,
        coalesce(sessions.ended_at, sessions.started_at) as ended_at,
        {{ mapped_value('device') }} as device,
        case
            when sessions.session_kind = 'app'
                and sessions.raw_traffic_source is null and sessions.utm_medium is null and sessions.utm_source is null
                then 'direct'
            else {{ traffic_channel() }}
        end as traffic_channel,
        sessions.utm_source,
        sessions.utm_medium,
        sessions.utm_campaign,
        campaigns.campaign_id,
        sessions.attribution_model,
        sessions.is_new_visitor,
        sessions.pageviews,
        cast(case when stepping.source_system is not null then coalesce(steps.products_viewed, 0) end as integer) as products_viewed,
        case when stepping.source_system is not null then coalesce(steps.viewed_product, false) end as viewed_product,
        case when stepping.source_system is not null then coalesce(steps.added_to_cart, false) end as added_to_cart,
        case when stepping.source_system is not null then coalesce(steps.reached_checkout, false) end as reached_checkout,
        case when stepping.source_system is not null then coalesce(steps.purchased, false) end as purchased,
        steps.order_id,
        sessions.city
    from sessions
    left join visitors on sessions.session_id = visitors.session_id
    left join steps on sessions.session_id = steps.session_id
    left join stepping
        on sessions.source_system = stepping.source_system
            and sessions.source_account = stepping.source_account
    left join campaigns on lower(trim(sessions.utm_campaign)) = campaigns.campaign_word
    {{ traffic_of('sessions') }}
    {{ mapped('device', 'sessions.source_system', 'sessions.raw_device') }}
)

select * from final
