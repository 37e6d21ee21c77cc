{% set moment = rule('attribution.click_opens_visit_minutes') %}
with sessions as (
    select * from {{ ref('sessions') }}
    where customer_id is not null
),

campaigns as (
    select * from {{ ref('campaigns') }}
),

clicks as (
    select * from {{ ref('messages') }}
    where is_clicked and customer_id is not null
),

calls as (
    select
        call_id,
        customer_id,
        started_at,
        traffic_source_system as source_system,
        traffic_source_account as source_account,
        raw_traffic_source,
        utm_medium,
        utm_source,
        utm_campaign
    from {{ ref('int_calls') }}
    where direction = 'in' and customer_id is not null and not is_about_order
        and result <> 'failed'  -- the line lost it, and it reached nobody
),

calls__marked as (
    select
        calls.*,
        case when calls.source_system is not null then {{ traffic_channel() }} else 'call' end as channel
    from calls
    {{ traffic_of('calls') }}
),

campaign_words as (
    select * from {{ ref('int_campaign_words') }}
),

tickets as (
    select * from {{ ref('int_tickets') }}
    where channel in ('chat', 'messenger', 'social')
        and is_counted
        and not is_created_by_agent
        and customer_id is not null
),

orders as (
    select order_id, ordered_at from {{ ref('int_orders') }}
),

store_visits as (
    select * from {{ ref('int_store_visits') }}
),

event_visits as (
    select * from {{ ref('int_event_visits__united') }}
),

customer_of_profile as (
    select * from {{ ref('int_customer_of_profile') }}
),

-- The visit that a click opened carries its mark: the campaign, or, where the link names none, the channel.
carried as (
    select distinct sessions.session_id
    from sessions
    inner join clicks
        on sessions.customer_id = clicks.customer_id
            and (
                sessions.campaign_id = clicks.campaign_id
                or (sessions.campaign_id is null and sessions.traffic_channel = clicks.channel)
            )
            and sessions.started_at between {{ dbt.dateadd('minute', -moment, 'clicks.first_clicked_at') }}
            and {{ dbt.dateadd('minute', moment, 'clicks.first_clicked_at') }}
),

final as (
    select
        'session:' || sessions.session_id as touchpoint_id,
        sessions.customer_id,
        sessions.started_at as occurred_at,
        sessions.traffic_channel as channel,
        sessions.campaign_id,
        case
            when sessions.traffic_channel in ('paid_search', 'display', 'social_ads', 'cpa') then 'ad_visit' else 'visit'
        end as touch_type
    from sessions
    left join carried on sessions.session_id = carried.session_id
    left join campaigns on sessions.campaign_id = campaigns.campaign_id
    where carried.session_id is null and coalesce(campaigns.message_type <> 'transactional', true)

    union all

    select
        'click:' || message_id as touchpoint_id,
        customer_id,
        first_clicked_at as occurred_at,
        channel,
        campaign_id,
        'message_click' as touch_type
    from clicks
    where message_type <> 'transactional'

    union all

    select
        'call:' || calls.call_id as touchpoint_id,
        calls.customer_id,
        calls.started_at as occurred_at,
        calls.channel,
        campaign_words.campaign_id,
        'call_in' as touch_type
    from calls__marked as calls
    left join campaign_words
        on lower(trim(calls.utm_campaign)) = campaign_words.campaign_word
            and (campaign_words.channel is null or campaign_words.channel = calls.channel)

    union all

    select
        'ticket:' || tickets.ticket_id as touchpoint_id,
        tickets.customer_id,
        tickets.created_at as occurred_at,
        tickets.channel,
        cast(null as {{ dbt.type_string() }}) as campaign_id,
        'chat' as touch_type
    from tickets
    left join orders on tickets.order_id = orders.order_id
    where coalesce(orders.ordered_at > tickets.created_at, tickets.order_id is null)

    union all

    select
        'store:' || store_visit_id as touchpoint_id,
        customer_id,
        visited_at as occurred_at,
        'store' as channel,
        cast(null as {{ dbt.type_string() }}) as campaign_id,
        'store_visit' as touch_type
    from store_visits

    union all

    select
        'event:' || event_visits.event_visit_id as touchpoint_id,
        coalesce(customer_of_profile.customer_id, {{ contact_customer() }}) as customer_id,
        event_visits.attended_at as occurred_at,
        'event' as channel,
        cast(null as {{ dbt.type_string() }}) as campaign_id,
        'event' as touch_type
    from event_visits
    left join customer_of_profile on event_visits.profile_id = customer_of_profile.profile_id
    {{ contact_owner(phone='event_visits.contact_phone', email='event_visits.contact_email') }}
    where coalesce(customer_of_profile.customer_id, {{ contact_customer() }}) is not null
)

select * from final
