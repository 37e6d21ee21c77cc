-- What each extension did with a call. A leg's start is its answer, and only an answered leg has one that means anything.
{% set leg = [
    ('kind', 'extension_type', 'text', ''),
    ('flow', 'flow', 'text', ''),
    ('result', 'result', 'text', ''),
    ('extension_name', 'extension_name', 'text', ''),
    ('initiated_at', 'init_time_gmt', 'utc', ''),
    ('began_at', 'start_time_gmt', 'utc', ''),
    ('hung_up_at', 'hangup_time_gmt', 'utc', ''),
    ('duration', 'duration', 'number?', ''),
    ('to_username', 'to_username', 'text', ''),
    ('dest_number', 'dest_number', 'text', ''),
    ('did_number', 'did_number', 'text', ''),
    ('ani_number', 'ani_number', 'text', ''),
] %}
with

calls as (
    {{ live_documents('telphin', 'calls') }}
),

final as (
    select
        p.source_system,
        p.source_account,
        p.call_id as call_record_id,
        e.element_number as leg_number,
        e.kind,
        e.flow,
        e.result,
        {{ dbt.split_part('e.extension_name', "'@'", 1) }} as extension,
        e.initiated_at,
        case when e.result = 'answered' then e.began_at end as answered_at,
        e.hung_up_at,
        case when e.duration >= 0 then e.duration end as duration_seconds,
        coalesce(e.dest_number, e.to_username) as called_number,
        e.did_number,
        e.ani_number,
        coalesce(e.kind = 'phone' and e.result = 'answered', false) as is_answered_by_person
    from {{ child_rows('calls', 'legs', leg) }}
)

select * from final
