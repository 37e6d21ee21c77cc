{{ config(database='relations') }}
-- Generated from semantic/drills/kpi_service_daily.sql. The records behind the mart, with its dimensions and what is told over them anew.
with contacts as (
    select
        tickets.ticket_id as record_id,
        tickets.customer_id,
        tickets.channel,
        tickets.priority,
        tickets.order_id,
        coalesce(orders.ordered_at <= tickets.created_at and orders.sales_channel <> 'marketplace', false) as is_about_order,
        tickets.created_at as came_at,
        tickets.created_on as day
    from omnimart.marts.tickets
    left join omnimart.marts.orders using (order_id)
    where tickets.is_counted and not tickets.is_created_by_agent

    union all

    select
        calls.call_id,
        calls.customer_id,
        'phone',
        'unknown',
        calls.order_id,
        coalesce(orders.sales_channel <> 'marketplace', true),
        calls.started_at,
        calls.started_on
    from omnimart.marts.calls
    left join omnimart.marts.orders using (order_id)
    where calls.is_about_order
),

records as (
    select 'ticket made' as kind, created_on as day, channel, priority, ticket_id as record_id, * exclude (channel, priority, ticket_id)
    from omnimart.marts.tickets
    where is_counted

    union all by name

    select 'rating given' as kind, csat_rated_on as day, channel, priority, ticket_id as record_id, is_csat_satisfied
    from omnimart.marts.tickets
    where is_counted and csat_score is not null

    union all by name

    select
        'contact' as kind,
        day,
        channel,
        priority,
        record_id,
        customer_id,
        is_about_order,
        exists (
            select 1
            from contacts as later
            where later.customer_id = contacts.customer_id
                and later.channel <> contacts.channel
                and later.came_at > contacts.came_at
                and later.came_at <= contacts.came_at + to_days(repeat_days)
                and coalesce(contacts.order_id, later.order_id, '') = coalesce(later.order_id, contacts.order_id, '')
        ) as is_repeated,
        customer_id is not null and came_at + to_days(repeat_days) <= as_of as is_repeat_due
    from contacts
    cross join (select max(refreshed_at) as as_of from omnimart.marts.load_reconciliation)
    cross join (select cast(value as integer) as repeat_days from omnimart.marts.parameters where name = 'service.repeat_contact_days')

    union all by name

    select 'order' as kind, ordered_on as day, order_id as record_id, customer_id, receipts_count
    from omnimart.marts.orders
    where is_counted and sales_channel <> 'marketplace'
)

select
    day,
    channel,
    priority,
    first_response_minutes as first_response_minutes_p50,
    first_response_minutes as first_response_minutes_p90,
    first_response_business_minutes as first_response_business_minutes_p50,
    first_response_business_minutes as first_response_business_minutes_p90,
    first_resolution_minutes as first_resolution_minutes_p50,
    first_resolution_minutes as first_resolution_minutes_p90,
    first_resolution_business_minutes as first_resolution_business_minutes_p50,
    first_resolution_business_minutes as first_resolution_business_minutes_p90,
    resolution_minutes as full_resolution_minutes_p50,
    resolution_minutes as full_resolution_minutes_p90,
    resolution_business_minutes as full_resolution_business_minutes_p50,
    resolution_business_minutes as full_resolution_business_minutes_p90,
    requester_wait_minutes as requester_wait_minutes_p50,
    requester_wait_minutes as requester_wait_minutes_p90,
    requester_wait_business_minutes as requester_wait_business_minutes_p50,
    requester_wait_business_minutes as requester_wait_business_minutes_p90
from records
