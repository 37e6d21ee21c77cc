-- Everything that happened between the retailer and a customer, in one list: what they bought, brought back, asked, answered
-- and browsed, and what was sent to them. Words of a conversation and contact data are not in it. One row per customer and
-- event.
with orders as (
    select * from {{ ref('orders') }}
    where customer_id is not null and not is_test
),

returns as (
    select * from {{ ref('returns') }}
    where customer_id is not null and is_counted
),

messages as (
    select
        messages.*,
        coalesce(campaigns.name, messages.message_type) as campaign_name
    from {{ ref('messages') }} as messages
    left join {{ ref('campaigns') }} as campaigns on messages.campaign_id = campaigns.campaign_id
    where messages.customer_id is not null
),

loyalty_operations as (
    select * from {{ ref('loyalty_operations') }}
    where customer_id is not null and not is_pending
),

loyalty_accounts as (
    select * from {{ ref('loyalty_accounts') }}
    where customer_id is not null and enrolled_at is not null
),

consents as (
    select * from {{ ref('consents') }}
    where last_changed_at is not null
),

tickets as (
    select * from {{ ref('tickets') }}
    where customer_id is not null and is_counted
),

calls as (
    select * from {{ ref('calls') }}
    where customer_id is not null
),

leads as (
    select
        leads.lead_id,
        coalesce(customer_of_profile.customer_id, {{ contact_customer() }}) as customer_id,
        leads.happened_at,
        leads.source_system
    from {{ ref('int_leads__united') }} as leads
    left join {{ ref('int_customer_of_profile') }} as customer_of_profile on leads.profile_id = customer_of_profile.profile_id
    {{ contact_owner(phone='leads.contact_phone', email='leads.contact_email') }}
),

sessions as (
    select * from {{ ref('sessions') }}
    where customer_id is not null
),

survey_answers as (
    select * from {{ ref('survey_answers') }}
    where customer_id is not null
),

store_visits as (
    select * from {{ ref('int_store_visits') }}
    where not has_receipt
),

attended as (
    select * from {{ ref('touchpoints') }}
    where touch_type = 'event'
),

events as (
    select
        'order:' || order_id as event_id,
        customer_id,
        ordered_at as occurred_at,
        'order' as event_type,
        sales_channel as channel,
        source_system,
        'Order ' || coalesce(order_number, source_record_id) as title,
        net_revenue as amount
    from orders

    union all

    select
        'order_cancelled:' || order_id as event_id,
        customer_id,
        cancelled_at as occurred_at,
        'order_cancelled' as event_type,
        sales_channel as channel,
        source_system,
        'Order ' || coalesce(order_number, source_record_id) || ' cancelled' as title,
        -net_revenue as amount
    from orders
    where is_cancelled and cancelled_at is not null

    union all

    select
        'order_received:' || order_id as event_id,
        customer_id,
        received_at as occurred_at,
        'order_received' as event_type,
        fulfilment_method as channel,
        source_system,
        'Order ' || coalesce(order_number, source_record_id) || ' handed over' as title,
        cast(null as decimal(18, 2)) as amount
    from orders
    where received_at is not null and fulfilment_method <> 'in_store'

    union all

    select
        'return:' || return_id as event_id,
        customer_id,
        returned_at as occurred_at,
        'return' as event_type,
        return_channel as channel,
        source_system,
        coalesce('Return: ' || reason, 'Return') as title,
        -amount as amount
    from returns

    union all

    select
        'message:' || message_id as event_id,
        customer_id,
        sent_at as occurred_at,
        'message' as event_type,
        channel,
        source_system,
        campaign_name as title,
        cast(null as decimal(18, 2)) as amount
    from messages
    where is_delivered

    union all

    select
        'message_click:' || message_id as event_id,
        customer_id,
        first_clicked_at as occurred_at,
        'message_click' as event_type,
        channel,
        source_system,
        campaign_name as title,
        cast(null as decimal(18, 2)) as amount
    from messages
    where is_clicked and first_clicked_at is not null

    union all

    select
        'points:' || operation_id as event_id,
        customer_id,
        occurred_at,
        'points_' || operation_type as event_type,
        'loyalty' as channel,
        source_system,
        cast(points as {{ dbt.type_string() }}) || ' points ' || operation_type as title,
        cast(null as decimal(18, 2)) as amount
    from loyalty_operations

    union all

    select
        'enrolled:' || loyalty_account_id as event_id,
        customer_id,
        enrolled_at as occurred_at,
        'loyalty_enrolled' as event_type,
        'loyalty' as channel,
        source_system,
        coalesce('Joined ' || programme, 'Joined the loyalty programme') as title,
        cast(null as decimal(18, 2)) as amount
    from loyalty_accounts

    union all

    select
        'consent:' || customer_id || ':' || channel || ':' || coalesce(brand, '') as event_id,
        customer_id,
        last_changed_at as occurred_at,
        case when is_subscribed then 'subscribed' else 'unsubscribed' end as event_type,
        channel,
        cast(null as {{ dbt.type_string() }}) as source_system,
        case when is_subscribed then 'Subscribed' else 'Unsubscribed' end || coalesce(' (' || brand || ')', '') as title,
        cast(null as decimal(18, 2)) as amount
    from consents

    union all

    select
        'ticket:' || ticket_id as event_id,
        customer_id,
        created_at as occurred_at,
        'ticket' as event_type,
        channel,
        source_system,
        'Ticket, ' || type || ', ' || priority as title,
        cast(null as decimal(18, 2)) as amount
    from tickets

    union all

    select
        'ticket_resolved:' || ticket_id as event_id,
        customer_id,
        resolved_at as occurred_at,
        'ticket_resolved' as event_type,
        channel,
        source_system,
        'Ticket resolved' as title,
        cast(null as decimal(18, 2)) as amount
    from tickets
    where resolved_at is not null

    union all

    select
        'call:' || call_id as event_id,
        customer_id,
        started_at as occurred_at,
        case direction when 'out' then 'call_out' else 'call_in' end as event_type,
        'call' as channel,
        source_system,
        case when is_answered then 'Call answered' else 'Call not answered' end || coalesce(', ' || queue, '') as title,
        cast(null as decimal(18, 2)) as amount
    from calls

    union all

    select
        'lead:' || lead_id as event_id,
        customer_id,
        happened_at as occurred_at,
        'lead' as event_type,
        'web' as channel,
        source_system,
        'Request on the site' as title,
        cast(null as decimal(18, 2)) as amount
    from leads
    where customer_id is not null

    union all

    select
        'session:' || session_id as event_id,
        customer_id,
        started_at as occurred_at,
        session_kind || '_session' as event_type,
        traffic_channel as channel,
        source_system,
        case
            when purchased then 'Visit with a purchase'
            when added_to_cart then 'Visit with a cart'
            when viewed_product then 'Visit with products viewed'
            else 'Visit'
        end as title,
        cast(null as decimal(18, 2)) as amount
    from sessions

    union all

    select
        'answer:' || answer_id as event_id,
        customer_id,
        answered_at as occurred_at,
        'survey_answer' as event_type,
        survey_type as channel,
        source_system,
        upper(survey_type) || coalesce(': ' || cast(cast(score as integer) as {{ dbt.type_string() }}), '') as title,
        cast(null as decimal(18, 2)) as amount
    from survey_answers

    union all

    -- A visit with a receipt stands here as the order that it is.
    select
        'store_visit:' || store_visit_id as event_id,
        customer_id,
        visited_at as occurred_at,
        'store_visit' as event_type,
        'store' as channel,
        -- an id begins with the system that tells the record
        split_part(store_visit_id, ':', 1) as source_system,
        'Visited a store' as title,
        cast(null as decimal(18, 2)) as amount
    from store_visits

    union all

    select
        'attended:' || touchpoint_id as event_id,
        customer_id,
        occurred_at,
        'event' as event_type,
        channel,
        split_part(touchpoint_id, ':', 2) as source_system,
        'Came to an event' as title,
        cast(null as decimal(18, 2)) as amount
    from attended
),

final as (
    select
        customer_id,
        occurred_at,
        event_type,
        channel,
        source_system,
        title,
        amount,
        event_id
    from events
    where occurred_at <= {{ as_of() }}
)

select * from final
