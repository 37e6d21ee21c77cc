-- Tickets count on the business day they were made, ratings on the day they were given, contacts on the day they came. A
-- young day still ripens: its tickets are being solved. Whether a contact was repeated is asked once service.repeat_contact_days are
-- over. Spam, deleted and merged tickets are nowhere. Every channel and priority
-- that ever was has every day on which somebody ordered or wrote or rated or called: the orders below its contacts are complete.
{% set is_due %}{{ dbt.dateadd('day', rule('service.repeat_contact_days'), 'came.came_at') }} <= {{ as_of() }}{% endset %}

with tickets as (
    select * from {{ ref('tickets') }}
    where is_counted
),

calls as (
    select * from {{ ref('calls') }}
    where is_about_order
),

orders as (
    select * from {{ ref('orders') }}
),

orders_of_days as (
    select ordered_on as day, cast(sum(receipts_count) as bigint) as orders_of_day
    from orders
    where is_counted and sales_channel <> 'marketplace'
    group by ordered_on
),

created as (
    select
        created_on as day,
        channel,
        priority,
        count(*) as tickets_created,
        count(first_response_at) as tickets_answered,
        count(resolved_at) as tickets_resolved,
        cast({{ quantile('first_response_minutes', 0.5) }} as double) as first_response_minutes_p50,
        cast({{ quantile('first_response_minutes', 0.9) }} as double) as first_response_minutes_p90,
        cast({{ quantile('first_response_business_minutes', 0.5) }} as double) as first_response_business_minutes_p50,
        cast({{ quantile('first_response_business_minutes', 0.9) }} as double) as first_response_business_minutes_p90,
        cast({{ quantile('first_resolution_minutes', 0.5) }} as double) as first_resolution_minutes_p50,
        cast({{ quantile('first_resolution_minutes', 0.9) }} as double) as first_resolution_minutes_p90,
        cast({{ quantile('first_resolution_business_minutes', 0.5) }} as double) as first_resolution_business_minutes_p50,
        cast({{ quantile('first_resolution_business_minutes', 0.9) }} as double) as first_resolution_business_minutes_p90,
        cast({{ quantile('resolution_minutes', 0.5) }} as double) as full_resolution_minutes_p50,
        cast({{ quantile('resolution_minutes', 0.9) }} as double) as full_resolution_minutes_p90,
        cast({{ quantile('resolution_business_minutes', 0.5) }} as double) as full_resolution_business_minutes_p50,
        cast({{ quantile('resolution_business_minutes', 0.9) }} as double) as full_resolution_business_minutes_p90,
        cast({{ quantile('requester_wait_minutes', 0.5) }} as double) as requester_wait_minutes_p50,
        cast({{ quantile('requester_wait_minutes', 0.9) }} as double) as requester_wait_minutes_p90,
        cast({{ quantile('requester_wait_business_minutes', 0.5) }} as double) as requester_wait_business_minutes_p50,
        cast({{ quantile('requester_wait_business_minutes', 0.9) }} as double) as requester_wait_business_minutes_p90,
        count(sla_first_response_met) as first_response_targets_due,
        count(case when sla_first_response_met then 1 end) as first_response_targets_met,
        count(sla_resolution_met) as resolution_targets_due,
        count(case when sla_resolution_met then 1 end) as resolution_targets_met,
        count(case when has_bot then 1 end) as bot_tickets,
        count(case when is_bot_resolved then 1 end) as bot_resolved_tickets,
        count(case when reopened_count > 0 then 1 end) as reopened_tickets,
        count(case when csat_score is not null then resolved_at end) as rated_tickets
    from tickets
    group by created_on, channel, priority
),

rated as (
    select
        csat_rated_on as day,
        channel,
        priority,
        count(*) as csat_answers,
        count(case when is_csat_satisfied then 1 end) as csat_satisfied
    from tickets
    where csat_score is not null
    group by csat_rated_on, channel, priority
),

came as (
    select
        tickets.ticket_id as contact_id,
        tickets.customer_id,
        tickets.channel,
        tickets.priority,
        tickets.order_id,
        coalesce(orders.ordered_at <= tickets.created_at and orders.sales_channel <> 'marketplace', false) as is_about_order,
        tickets.created_at as came_at,
        tickets.created_on as day
    from tickets
    left join orders on tickets.order_id = orders.order_id
    where not tickets.is_created_by_agent

    union all

    select
        calls.call_id as contact_id,
        calls.customer_id,
        'phone' as channel,
        'unknown' as priority,
        calls.order_id,
        coalesce(orders.sales_channel <> 'marketplace', true) as is_about_order,
        calls.started_at as came_at,
        calls.started_on as day
    from calls
    left join orders on calls.order_id = orders.order_id
),

repeated as (
    select distinct came.contact_id
    from came
    inner join came as later
        on came.customer_id = later.customer_id
            and came.channel <> later.channel
            and later.came_at > came.came_at
            and later.came_at <= {{ dbt.dateadd('day', rule('service.repeat_contact_days'), 'came.came_at') }}
            and coalesce(came.order_id, later.order_id, '') = coalesce(later.order_id, came.order_id, '')
),

contacts as (
    select
        came.day,
        came.channel,
        came.priority,
        count(case when came.is_about_order then 1 end) as order_contacts,
        count(came.customer_id) as identified_contacts,
        count(case when {{ is_due }} then came.customer_id end) as repeat_due_contacts,
        count(case when {{ is_due }} then repeated.contact_id end) as repeated_contacts
    from came
    left join repeated on came.contact_id = repeated.contact_id
    group by came.day, came.channel, came.priority
),

happened as (
    select day, channel, priority from created
    union
    select day, channel, priority from rated
    union
    select day, channel, priority from contacts
),

days as (
    select day from happened
    union
    select day from orders_of_days
),

cells as (
    select days.day, queues.channel, queues.priority
    from days
    cross join (select distinct channel, priority from happened) as queues
),

final as (
    select
        cells.day,
        cells.channel,
        cells.priority,
        coalesce(created.tickets_created, 0) as tickets_created,
        coalesce(created.tickets_answered, 0) as tickets_answered,
        coalesce(created.tickets_resolved, 0) as tickets_resolved,
        coalesce(created.reopened_tickets, 0) as reopened_tickets,
        created.first_response_minutes_p50,
        created.first_response_minutes_p90,
        created.first_response_business_minutes_p50,
        created.first_response_business_minutes_p90,
        created.first_resolution_minutes_p50,
        created.first_resolution_minutes_p90,
        created.first_resolution_business_minutes_p50,
        created.first_resolution_business_minutes_p90,
        created.full_resolution_minutes_p50,
        created.full_resolution_minutes_p90,
        created.full_resolution_business_minutes_p50,
        created.full_resolution_business_minutes_p90,
        created.requester_wait_minutes_p50,
        created.requester_wait_minutes_p90,
        created.requester_wait_business_minutes_p50,
        created.requester_wait_business_minutes_p90,
        coalesce(created.first_response_targets_due, 0) as first_response_targets_due,
        coalesce(created.first_response_targets_met, 0) as first_response_targets_met,
        {{ ratio('created.first_response_targets_met', 'created.first_response_targets_due') }}
            as first_response_sla_attainment,
        coalesce(created.resolution_targets_due, 0) as resolution_targets_due,
        coalesce(created.resolution_targets_met, 0) as resolution_targets_met,
        {{ ratio('created.resolution_targets_met', 'created.resolution_targets_due') }} as resolution_sla_attainment,
        coalesce(created.first_response_targets_due + created.resolution_targets_due, 0) as sla_targets_due,
        coalesce(created.first_response_targets_met + created.resolution_targets_met, 0) as sla_targets_met,
        {{ ratio(
            '(created.first_response_targets_met + created.resolution_targets_met)',
            '(created.first_response_targets_due + created.resolution_targets_due)'
        ) }} as sla_attainment,
        coalesce(rated.csat_answers, 0) as csat_answers,
        coalesce(rated.csat_satisfied, 0) as csat_satisfied,
        {{ ratio('rated.csat_satisfied', 'rated.csat_answers') }} as csat,
        coalesce(created.rated_tickets, 0) as rated_tickets,
        {{ ratio('created.rated_tickets', 'created.tickets_resolved') }} as csat_response_rate,
        coalesce(created.bot_tickets, 0) as bot_tickets,
        coalesce(created.bot_resolved_tickets, 0) as bot_resolved_tickets,
        {{ ratio('created.bot_resolved_tickets', 'created.bot_tickets') }} as bot_resolved_share,
        coalesce(contacts.order_contacts, 0) as order_contacts,
        coalesce(orders_of_days.orders_of_day, 0) as orders_of_day,
        {{ ratio('coalesce(contacts.order_contacts, 0)', 'orders_of_days.orders_of_day') }} as contacts_per_order,
        coalesce(contacts.identified_contacts, 0) as identified_contacts,
        coalesce(contacts.repeat_due_contacts, 0) as repeat_due_contacts,
        case
            when contacts.identified_contacts > 0 and contacts.repeat_due_contacts = 0 then null
            else coalesce(contacts.repeated_contacts, 0)
        end as repeated_contacts,
        {{ ratio('contacts.repeated_contacts', 'contacts.repeat_due_contacts') }} as repeat_contact_other_channel_share
    from cells
    left join created
        on cells.day = created.day and cells.channel = created.channel and cells.priority = created.priority
    left join rated
        on cells.day = rated.day and cells.channel = rated.channel and cells.priority = rated.priority
    left join contacts
        on cells.day = contacts.day and cells.channel = contacts.channel and cells.priority = contacts.priority
    left join orders_of_days on cells.day = orders_of_days.day
)

select * from final
