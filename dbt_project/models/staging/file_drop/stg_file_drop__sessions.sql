with

sessions_ranked as (
    select
        *,
        row_number() over (
            partition by source_account, session_id order by file_modified_at desc, file_name desc, line_number desc
        ) as session_age
    from ({{ live_documents('file_drop', 'app_sessions') }}) as documents
)

select
    source_system,
    source_account,
    session_id as source_record_id,
    'app' as session_kind,
    device_id as client_id,
    started_at,
    ended_at,
    lower(platform) as raw_device,
    is_new_device as is_new_visitor,
    screens as pageviews,
    customer_id
from sessions_ranked
where session_age = 1
