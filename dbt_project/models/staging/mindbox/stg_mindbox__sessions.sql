with

events as (
    select * from {{ ref('stg_mindbox__session_events') }}
)

select
    source_system,
    source_account,
    session_record_id as source_record_id,
    'app' as session_kind,
    min(profile_record_id) as profile_record_id,
    min(happened_at) as started_at,
    max(happened_at) as ended_at,
    count(case when event in ('page_view', 'product_view') then 1 end) as pageviews
from events
group by source_system, source_account, session_record_id
