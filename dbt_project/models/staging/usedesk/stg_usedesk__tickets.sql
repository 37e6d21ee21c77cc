{% set custom_field = [
    ('field_id', 'id',    'text', ''),
    ('name',     'name',  'text', ''),
    ('value',    'value', 'text', ''),
] %}
{% set channel = [
    ('channel_id', 'id',   'text', ''),
    ('kind',       'kind', 'text', ''),
] %}
{% set comment = [
    ('is_first',    'is_first', 'text', ''),
    ('author_type', 'from',     'text', ''),
] %}
with

tickets as (
    {{ live_documents('usedesk', 'tickets') }}
),

details as (
    {{ live_documents('usedesk', 'ticket_details') }}
),

settings as (
    {{ live_documents('usedesk', 'settings') }}
),

channels as (
    select
        p.source_account,
        e.channel_id,
        max(e.kind) as kind
    from {{ child_rows('settings', 'channels', channel) }}
    group by p.source_account, e.channel_id
),

order_fields as (
    select
        fields.source_account,
        fields.ticket_id,
        max(fields.value) as order_number
    from (
        select p.source_account, p.ticket_id, e.field_id, e.name, e.value
        from {{ child_rows('tickets', 'custom_fields', custom_field) }}
    ) as fields
    inner join settings
        on fields.source_account = settings.source_account
            and (fields.field_id = settings.order_field or lower(fields.name) = lower(settings.order_field))
    group by fields.source_account, fields.ticket_id
),

first_comments as (
    select
        p.source_system,
        p.source_account,
        p.ticket_id,
        e.author_type
    from {{ child_rows('details', 'comments', comment) }}
    where e.is_first = '1'
),

openings as (
    select
        first_comments.source_account,
        first_comments.ticket_id,
        max(case when {{ mapped_value('ticket_author') }} = 'agent' then 1 else 0 end) = 1 as is_by_agent
    from first_comments
    {{ mapped('ticket_author', 'first_comments.source_system', 'first_comments.author_type') }}
    group by first_comments.source_account, first_comments.ticket_id
),

final as (
    select
        tickets.source_system,
        tickets.source_account,
        tickets.ticket_id as source_record_id,
        tickets.ticket_id as ticket_number,
        nullif(tickets.client_id, '0') as profile_record_id,
        coalesce(channels.kind, tickets.channel_id) as raw_channel,
        tickets.ticket_type as raw_type,
        tickets.priority as raw_priority,
        tickets.status_id as raw_status,
        tickets.subject,
        nullif(tickets.assignee_id, '0') as employee_reference,
        coalesce(order_fields.order_number, {{ order_in_subject('tickets.subject') }}) as order_number,
        case when tickets.email like '%@%' then tickets.email end as contact_email,
        tickets.created_at,
        coalesce(tickets.changed_at, tickets.created_at) as changed_at,
        {{ timer_runs_out_at('details.sla_first_reply', 'details.local_time_zone', 'details.version_at') }} as first_response_due_at,
        {{ timer_runs_out_at('details.sla_close', 'details.local_time_zone', 'details.version_at') }} as resolution_due_at,
        -- 9 is a mailing: nobody asked for it.
        coalesce(openings.is_by_agent, false) or tickets.status_id = '9' as is_created_by_agent,
        nullif(tickets.custom_fields, '[]') as custom_fields
    from tickets
    left join details
        on tickets.source_account = details.source_account
            and tickets.ticket_id = details.ticket_id
    left join channels
        on tickets.source_account = channels.source_account
            and tickets.channel_id = channels.channel_id
    left join order_fields
        on tickets.source_account = order_fields.source_account
            and tickets.ticket_id = order_fields.ticket_id
    left join openings
        on tickets.source_account = openings.source_account
            and tickets.ticket_id = openings.ticket_id
)

select * from final
