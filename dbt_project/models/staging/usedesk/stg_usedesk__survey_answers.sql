{% set custom_field = [
    ('field_id', 'id',    'text', ''),
    ('name',     'name',  'text', ''),
    ('value',    'value', 'text', ''),
] %}
with

tickets as (
    {{ live_documents('usedesk', 'tickets') }}
),

ratings as (
    {{ live_documents('usedesk', 'ratings') }}
),

settings as (
    {{ live_documents('usedesk', 'settings') }}
),

named as (
    select * from {{ ref('stg_usedesk__tickets') }}
),

solutions as (
    select
        events.source_account,
        events.ticket_record_id,
        coalesce(
            max(case when events.raw_status = '2' then events.happened_at end),
            max(events.happened_at)
        ) as solved_at
    from {{ ref('stg_usedesk__ticket_events') }} as events
    where events.raw_status in ('2', '3')
    group by events.source_account, events.ticket_record_id
),

rating_fields as (
    select
        p.source_system,
        p.source_account,
        p.ticket_id,
        p.created_at,
        p.changed_at,
        e.field_id,
        e.name,
        e.value
    from {{ child_rows('tickets', 'custom_fields', custom_field) }}
),

told as (
    select
        source_system,
        source_account,
        ticket_id,
        1 as way,
        cast(score as {{ type_double() }}) as score,
        comment,
        coalesce(rated_at, received_at) as answered_at
    from ratings

    union all

    -- A field has no time of its own: the ticket's last solution stands for it, else its last change.
    select
        fields.source_system,
        fields.source_account,
        fields.ticket_id,
        2 as way,
        {{ as_number('fields.value') }} as score,
        cast(null as {{ dbt.type_string() }}) as comment,
        coalesce(solutions.solved_at, fields.changed_at, fields.created_at) as answered_at
    from rating_fields as fields
    inner join settings
        on fields.source_account = settings.source_account
            and (fields.field_id = settings.rating_field or lower(fields.name) = lower(settings.rating_field))
    left join solutions
        on fields.source_account = solutions.source_account
            and fields.ticket_id = solutions.ticket_record_id
),

ranked as (
    select
        told.*,
        row_number() over (
            partition by source_account, ticket_id
            order by way asc, answered_at desc, score asc
        ) as choice
    from told
    where score is not null
),

final as (
    select
        ranked.source_system,
        ranked.source_account,
        ranked.ticket_id as source_record_id,
        'csat' as survey_type,
        'Rating of a ticket' as survey_name,
        named.raw_channel,
        cast(null as {{ dbt.type_string() }}) as question,
        ranked.score,
        cast(1 as {{ type_double() }}) as scale_min,
        cast(5 as {{ type_double() }}) as scale_max,
        ranked.comment,
        ranked.answered_at,
        named.profile_record_id,
        named.contact_email,
        named.order_number,
        ranked.ticket_id as ticket_record_id
    from ranked
    left join named
        on ranked.source_account = named.source_account
            and ranked.ticket_id = named.source_record_id
    where ranked.choice = 1
)

select * from final
