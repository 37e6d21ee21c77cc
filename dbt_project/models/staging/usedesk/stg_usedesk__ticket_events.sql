{{ config(materialized='table') }}
{% set comment = [
    ('comment_id',  'id',           'text',  ''),
    ('author_type', 'from',         'text',  ''),
    ('agent_id',    'user_id',      'text',  ''),
    ('visibility',  'type',         'text',  ''),
    ('written_at',  'published_at', 'local', ''),
] %}
{% set change = [
    ('change_id',  'id',         'text',  ''),
    ('agent_id',   'user_id',    'text',  ''),
    ('trigger_id', 'trigger_id', 'text',  ''),
    ('old_status', 'old_status', 'text',  ''),
    ('new_status', 'new_status', 'text',  ''),
    ('changed_at', 'changed_at', 'local', ''),
] %}
with

details as (
    {{ live_documents('usedesk', 'ticket_details') }}
),

comments as (
    select
        p.source_system,
        p.source_account,
        p.ticket_id,
        e.comment_id,
        e.author_type,
        nullif(e.agent_id, '0') as agent_id,
        e.visibility,
        e.written_at
    from {{ child_rows('details', 'comments', comment) }}
),

changes as (
    select
        p.source_system,
        p.source_account,
        p.ticket_id,
        e.change_id,
        nullif(e.agent_id, '0') as agent_id,
        nullif(e.trigger_id, '0') as trigger_id,
        e.old_status,
        e.new_status,
        e.changed_at
    from {{ child_rows('details', 'changes', change) }}
),

final as (
    select
        comments.source_system,
        comments.source_account,
        'comment:' || comments.comment_id as source_record_id,
        comments.ticket_id as ticket_record_id,
        'comment' as event,
        {{ mapped_value('ticket_author') }} as author,
        coalesce(comments.visibility, 'public') <> 'private' as is_public,
        cast(null as {{ dbt.type_string() }}) as raw_status,
        comments.agent_id as employee_reference,
        comments.written_at as happened_at
    from comments
    {{ mapped('ticket_author', 'comments.source_system', 'comments.author_type') }}

    union all

    -- The journal also tells of assignees, tags and fields; only these rows changed the status.
    select
        source_system,
        source_account,
        'change:' || change_id as source_record_id,
        ticket_id as ticket_record_id,
        'status' as event,
        -- A client can open a ticket and open it again, and nothing else.
        case
            when agent_id is not null then 'agent'
            when trigger_id is null and new_status in ('1', '8') then 'client'
            else 'system'
        end as author,
        true as is_public,
        new_status as raw_status,
        agent_id as employee_reference,
        changed_at as happened_at
    from changes
    where coalesce(new_status, '0') <> '0' and new_status <> coalesce(old_status, '0')
)

select * from final
