-- The tickets made on a day, the ratings given on it, the contacts (tickets and calls) that came on it, and its orders (by day alone).
-- Записи — обращения, созданные в этот день, выставленные оценки, контакты (обращения и звонки) дня и его заказы (только по дню).
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
    from marts.tickets
    left join marts.orders using (order_id)
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
    from marts.calls
    left join marts.orders using (order_id)
    where calls.is_about_order
),

records as (
    select 'ticket made' as kind, created_on as day, channel, priority, ticket_id as record_id, * exclude (channel, priority, ticket_id)
    from marts.tickets
    where is_counted

    union all by name

    select 'rating given' as kind, csat_rated_on as day, channel, priority, ticket_id as record_id, is_csat_satisfied
    from marts.tickets
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
    cross join (select max(refreshed_at) as as_of from marts.load_reconciliation)
    cross join (select cast(value as integer) as repeat_days from marts.parameters where name = 'service.repeat_contact_days')

    union all by name

    select 'order' as kind, ordered_on as day, order_id as record_id, customer_id, receipts_count
    from marts.orders
    where is_counted and sales_channel <> 'marketplace'
)

select
    day,
    channel,
    priority,
    coalesce(any_value(ordered.orders_of_day), 0) as orders_of_day,
    count(*) filter (where kind = 'ticket made') as tickets_created,
    count(first_response_at) as tickets_answered,
    count(resolved_at) as tickets_resolved,
    count(*) filter (where reopened_count > 0) as reopened_tickets,
    quantile_cont(first_response_minutes, 0.5) as first_response_minutes_p50,
    quantile_cont(first_response_minutes, 0.9) as first_response_minutes_p90,
    quantile_cont(first_response_business_minutes, 0.5) as first_response_business_minutes_p50,
    quantile_cont(first_response_business_minutes, 0.9) as first_response_business_minutes_p90,
    quantile_cont(first_resolution_minutes, 0.5) as first_resolution_minutes_p50,
    quantile_cont(first_resolution_minutes, 0.9) as first_resolution_minutes_p90,
    quantile_cont(first_resolution_business_minutes, 0.5) as first_resolution_business_minutes_p50,
    quantile_cont(first_resolution_business_minutes, 0.9) as first_resolution_business_minutes_p90,
    quantile_cont(resolution_minutes, 0.5) as full_resolution_minutes_p50,
    quantile_cont(resolution_minutes, 0.9) as full_resolution_minutes_p90,
    quantile_cont(resolution_business_minutes, 0.5) as full_resolution_business_minutes_p50,
    quantile_cont(resolution_business_minutes, 0.9) as full_resolution_business_minutes_p90,
    quantile_cont(requester_wait_minutes, 0.5) as requester_wait_minutes_p50,
    quantile_cont(requester_wait_minutes, 0.9) as requester_wait_minutes_p90,
    quantile_cont(requester_wait_business_minutes, 0.5) as requester_wait_business_minutes_p50,
    quantile_cont(requester_wait_business_minutes, 0.9) as requester_wait_business_minutes_p90,
    count(sla_first_response_met) as first_response_targets_due,
    count(*) filter (where sla_first_response_met) as first_response_targets_met,
    count(sla_resolution_met) as resolution_targets_due,
    count(*) filter (where sla_resolution_met) as resolution_targets_met,
    count(sla_first_response_met) + count(sla_resolution_met) as sla_targets_due,
    count(*) filter (where sla_first_response_met) + count(*) filter (where sla_resolution_met) as sla_targets_met,
    count(*) filter (where kind = 'rating given') as csat_answers,
    count(*) filter (where kind = 'rating given' and is_csat_satisfied) as csat_satisfied,
    count(resolved_at) filter (where csat_score is not null) as rated_tickets,
    count(*) filter (where has_bot) as bot_tickets,
    count(*) filter (where is_bot_resolved) as bot_resolved_tickets,
    count(*) filter (where is_about_order) as order_contacts,
    count(customer_id) filter (where kind = 'contact') as identified_contacts,
    count(*) filter (where is_repeat_due) as repeat_due_contacts,
    if(identified_contacts > 0 and repeat_due_contacts = 0, null, count(*) filter (where is_repeated and is_repeat_due)) as repeated_contacts
from (select day, channel, priority from marts.kpi_service_daily) as cells
left join records using (day, channel, priority)
left join (
    select day, sum(receipts_count) as orders_of_day
    from records
    where kind = 'order'
    group by day
) as ordered using (day)
group by all
