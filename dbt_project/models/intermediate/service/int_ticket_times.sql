-- What happened in a ticket and when. The first response is the first public reply of a person: bots, the system and notes
-- among colleagues do not stop the clock, and where an agent opened the ticket, his opening words are no reply. A ticket is
-- done from the first of a run of solved and closed; done again after work went on, it was reopened. A time that has not
-- come is NULL. The requester waits while the ticket is new, open or on hold, and not while it is pending (the retailer waits for an
-- answer) or done; what went before the first change of status is new. One row per ticket.
with tickets as (
    select ticket_id, created_at, coalesce(is_created_by_agent, false) as is_created_by_agent
    from {{ ref('int_tickets__united') }}
),

events as (
    select
        events.ticket_id,
        events.ticket_event_id,
        events.event,
        events.author,
        coalesce(events.is_public, true) as is_public,
        events.happened_at,
        events.employee_reference,
        {{ mapped_value('ticket_status') }} as status
    from {{ ref('int_ticket_events__united') }} as events
    {{ mapped('ticket_status', 'events.source_system', 'events.raw_status') }}
),

comments as (
    select
        events.ticket_id,
        events.author,
        events.happened_at,
        events.is_public and events.author = 'agent'
        and not (
            tickets.is_created_by_agent
            and {{ dbt.datediff('tickets.created_at', 'events.happened_at', 'second') }} <= {{ rule('service.opening_comment_seconds') }}
            and row_number() over (
                partition by events.ticket_id
                order by events.happened_at, length(events.ticket_event_id), events.ticket_event_id
            ) = 1
        ) as is_reply
    from events
    inner join tickets on events.ticket_id = tickets.ticket_id
    where events.event = 'comment'
),

spoken as (
    select
        ticket_id,
        min(case when is_reply then happened_at end) as first_response_at,
        count(case when is_reply then 1 end) as replies_count,
        min(case when author = 'client' then happened_at end) as first_client_comment_at,
        count(case when author = 'client' then 1 end) as client_comments_count,
        count(case when author = 'bot' then 1 end) as bot_comments_count
    from comments
    group by ticket_id
),

worked as (
    select
        ticket_id,
        author,
        happened_at,
        status,
        status in ('solved', 'closed') as is_done,
        row_number() over (
            partition by ticket_id order by happened_at, length(ticket_event_id), ticket_event_id
        ) as place
    from events
    where event = 'status' and status in ('open', 'pending', 'on_hold', 'solved', 'closed')
),

turned as (
    select
        worked.*,
        coalesce(lag(is_done) over (partition by ticket_id order by place), false) as was_done
    from worked
),

decided as (
    select
        ticket_id,
        min(case when is_done and not was_done then happened_at end) as first_resolved_at,
        max(case when is_done and not was_done then happened_at end) as last_resolved_at,
        count(case when was_done and not is_done then 1 end) as reopened_count,
        max_by(is_done, place) as is_done,
        max_by(author, case when is_done and not was_done then place end) as resolved_by
    from turned
    group by ticket_id
),

stretches as (
    select
        ticket_id,
        status,
        happened_at as begins_at,
        lead(happened_at) over (partition by ticket_id order by place) as ends_at
    from (
        select ticket_id, status, happened_at, place from worked
        union all
        select ticket_id, 'open' as status, created_at as happened_at, 0 as place from tickets
    ) as statuses
),

waited as (
    select
        stretches.ticket_id,
        sum({{ dbt.datediff('stretches.begins_at', 'stretches.ends_at', 'second') }}) as waited_seconds,
        sum(
            ({{ open_seconds_at('ended', 'stretches.ends_at') }}) - ({{ open_seconds_at('begun', 'stretches.begins_at') }})
        ) as waited_business_seconds
    from stretches
    {{ open_clock('begun', 'stretches.begins_at') }}
    {{ open_clock('ended', 'stretches.ends_at') }}
    where stretches.status in ('open', 'on_hold') and stretches.ends_at >= stretches.begins_at
    group by stretches.ticket_id
),

final as (
    select
        tickets.ticket_id,
        spoken.first_response_at,
        spoken.first_client_comment_at,
        decided.first_resolved_at,
        case when decided.is_done then decided.last_resolved_at end as resolved_at,
        case when decided.is_done then waited.waited_seconds end as waited_seconds,
        case when decided.is_done then waited.waited_business_seconds end as waited_business_seconds,
        coalesce(decided.reopened_count, 0) as reopened_count,
        coalesce(spoken.replies_count, 0) as replies_count,
        coalesce(spoken.client_comments_count, 0) as client_comments_count,
        coalesce(spoken.bot_comments_count, 0) > 0 as has_bot,
        coalesce(
            decided.is_done and spoken.bot_comments_count > 0 and spoken.replies_count = 0 and decided.resolved_by <> 'agent',
            false
        ) as is_bot_resolved
    from tickets
    left join spoken on tickets.ticket_id = spoken.ticket_id
    left join decided on tickets.ticket_id = decided.ticket_id
    left join waited on tickets.ticket_id = waited.ticket_id
)

select * from final
