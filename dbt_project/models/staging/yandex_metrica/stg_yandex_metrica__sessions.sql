-- Visits as web sessions; one row per visit.
with

visits as (
    select * from {{ ref('stg_yandex_metrica__live_visits') }}
)

select
    source_system,
    source_account,
    session_record_id as source_record_id,
    'web' as session_kind,
    client_id,
    started_at,
    ended_at,
    device as raw_device,
    traffic_source as raw_traffic_source,
    utm_source,
    utm_medium,
    utm_campaign,
    attribution_model,
    is_new_visitor,
    pageviews,
    landing_url,
    city
from visits
