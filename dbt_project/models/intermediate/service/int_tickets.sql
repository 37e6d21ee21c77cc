-- Every ticket with its customer, its order, its times in calendar and in business minutes, and whether it kept its targets.
-- A target is the help desk's own due time, else the rule's business minutes of its priority, both from the creation. It is
-- met or missed once it is done, and missed when it lapsed before that: while the ticket was open, or by the time it was
-- resolved without being answered. NULL is what is not due: not lapsed yet or resolved before it could, a first response that
-- no client waited for (an agent opened the ticket and the client had not written), and that of what a bot resolved alone.
-- Spam, deleted and merged tickets keep their row and are not counted. One row per ticket.
with records as (
    select * from {{ ref('int_tickets__united') }}
),

times as (
    select * from {{ ref('int_ticket_times') }}
),

customer_of_profile as (
    select * from {{ ref('int_customer_of_profile') }}
),

tickets as (
    select
        records.ticket_id,
        records.source_system,
        records.source_account,
        records.source_record_id,
        records.ticket_number,
        coalesce(customer_of_profile.customer_id, {{ contact_customer() }}) as customer_id,
        {{ mapped_value('ticket_channel') }} as channel,
        {{ mapped_value('ticket_type') }} as type,
        {{ mapped_value('ticket_priority') }} as priority,
        {{ mapped_value('ticket_status') }} as status,
        records.subject,
        {{ referenced_id('employee') }} as employee_id,
        records.order_number,
        records.created_at,
        coalesce(records.is_created_by_agent, false) as is_created_by_agent,
        records.first_response_due_at,
        records.resolution_due_at,
        cast(records.custom_fields as {{ dbt.type_string() }}) as custom_fields
    from records
    left join customer_of_profile on records.profile_id = customer_of_profile.profile_id
    {{ contact_owner(phone='records.contact_phone', email='records.contact_email') }}
    {{ mapped('ticket_channel', 'records.source_system', 'records.raw_channel') }}
    {{ mapped('ticket_type', 'records.source_system', 'records.raw_type') }}
    {{ mapped('ticket_priority', 'records.source_system', 'records.raw_priority') }}
    {{ mapped('ticket_status', 'records.source_system', 'records.raw_status') }}
    {{ referenced('employee', 'records.source_system', 'records.employee_reference') }}
),

ordered as (
    {{ orders_named('tickets', 'ticket_id', 'order_number', 'customer_id') }}
),

{# a ticket that is open by its own word is not resolved, even when its last change of status has not been told yet #}
timed as (
    select
        tickets.*,
        ordered.order_id,
        times.first_response_at,
        times.first_client_comment_at,
        times.first_resolved_at,
        case when tickets.status not in ('open', 'pending', 'on_hold') then times.resolved_at end as resolved_at,
        times.waited_seconds,
        times.waited_business_seconds,
        times.reopened_count,
        times.replies_count,
        times.client_comments_count,
        times.has_bot,
        times.is_bot_resolved and tickets.status not in ('open', 'pending', 'on_hold') as is_bot_resolved,
        tickets.status not in ('spam', 'deleted', 'merged') as is_counted
    from tickets
    inner join times on tickets.ticket_id = times.ticket_id
    left join ordered on tickets.ticket_id = ordered.ticket_id
),

targets as (
    {%- for priority in ['urgent', 'high', 'medium', 'low', 'unknown'] %}
    {%- set known = priority if priority != 'unknown' else 'medium' %}
    select
        '{{ priority }}' as priority,
        {{ rule('service.first_response_targets.' ~ known) }} as first_response_target,
        {{ rule('service.resolution_targets.' ~ known) }} as resolution_target
    {{ 'union all' if not loop.last }}
    {%- endfor %}
),

awaited as (
    select
        timed.*,
        coalesce(timed.resolved_at, {{ as_of() }}) as waited_until,
        targets.first_response_target,
        targets.resolution_target
    from timed
    left join targets on timed.priority = targets.priority
),

clocked as (
    select
        awaited.*,
        {{ dbt.datediff('awaited.created_at', 'awaited.first_response_at', 'second') }} / 60.0 as first_response_minutes,
        {{ dbt.datediff('awaited.created_at', 'awaited.first_resolved_at', 'second') }} / 60.0 as first_resolution_minutes,
        {{ dbt.datediff('awaited.created_at', 'awaited.resolved_at', 'second') }} / 60.0 as resolution_minutes,
        ({{ open_seconds_at('answered', 'awaited.first_response_at') }} - ({{ open_seconds_at('created', 'awaited.created_at') }}))
        / 60.0 as first_response_business_minutes,
        ({{ open_seconds_at('solved', 'awaited.first_resolved_at') }} - ({{ open_seconds_at('created', 'awaited.created_at') }}))
        / 60.0 as first_resolution_business_minutes,
        ({{ open_seconds_at('resolved', 'awaited.resolved_at') }} - ({{ open_seconds_at('created', 'awaited.created_at') }}))
        / 60.0 as resolution_business_minutes,
        ({{ open_seconds_at('waited', 'awaited.waited_until') }} - ({{ open_seconds_at('created', 'awaited.created_at') }}))
        / 60.0 as waited_business_minutes
    from awaited
    {{ open_clock('created', 'awaited.created_at') }}
    {{ open_clock('answered', 'awaited.first_response_at') }}
    {{ open_clock('solved', 'awaited.first_resolved_at') }}
    {{ open_clock('resolved', 'awaited.resolved_at') }}
    {{ open_clock('waited', 'awaited.waited_until') }}
),

kept as (
    select
        clocked.*,
        case
            when is_created_by_agent
                and coalesce(first_client_comment_at > coalesce(first_response_at, waited_until), true)
                then null
            when first_response_at is not null and first_response_due_at is not null
                then first_response_at <= first_response_due_at
            when first_response_at is not null then first_response_business_minutes <= first_response_target
            when is_bot_resolved then null
            when first_response_due_at is not null then case when waited_until > first_response_due_at then false end
            when waited_business_minutes > first_response_target then false
        end as sla_first_response_met,
        case
            when resolved_at is not null and resolution_due_at is not null then resolved_at <= resolution_due_at
            when resolved_at is not null then resolution_business_minutes <= resolution_target
            when resolution_due_at is not null then case when waited_until > resolution_due_at then false end
            when waited_business_minutes > resolution_target then false
        end as sla_resolution_met
    from clocked
),

final as (
    select
        ticket_id,
        source_system,
        source_account,
        source_record_id,
        ticket_number,
        customer_id,
        channel,
        type,
        priority,
        status,
        is_counted,
        subject,
        employee_id,
        order_id,
        created_at,
        {{ business_date('created_at') }} as created_on,
        is_created_by_agent,
        first_response_at,
        first_resolved_at,
        resolved_at,
        reopened_count,
        replies_count,
        client_comments_count,
        cast(first_response_minutes as double) as first_response_minutes,
        cast(first_response_business_minutes as double) as first_response_business_minutes,
        cast(first_resolution_minutes as double) as first_resolution_minutes,
        cast(first_resolution_business_minutes as double) as first_resolution_business_minutes,
        cast(resolution_minutes as double) as resolution_minutes,
        cast(resolution_business_minutes as double) as resolution_business_minutes,
        cast(case when resolved_at is not null then waited_seconds / 60.0 end as double) as requester_wait_minutes,
        cast(case when resolved_at is not null then waited_business_seconds / 60.0 end as double) as requester_wait_business_minutes,
        first_response_due_at,
        resolution_due_at,
        case when is_counted then sla_first_response_met end as sla_first_response_met,
        case when is_counted then sla_resolution_met end as sla_resolution_met,
        has_bot,
        is_bot_resolved,
        custom_fields
    from kept
)

select * from final
