-- Visits as they stood in the newest export of their day: one that vanished from the re-read of its day is gone here too. One row per
-- visit. A visit whose newest version is in quarantine keeps its older good one.
with

days as (
    select source_account, exported_on, version_at
    from ({{ live_documents('yandex_metrica', 'exported_days') }}) as exported
    where source = 'visits'
),

broken as (
    select source_account, document_key, version_at
    from {{ ref('base_yandex_metrica__visits') }}
    where not is_accepted
),

visits as (
    {{ live_documents('yandex_metrica', 'visits') }}
)

select
    visits.source_system,
    visits.source_account,
    visits.document_key as session_record_id,
    visits.counter_id,
    visits.client_id,
    visits.started_at,
    {{ dbt.dateadd('second', 'coalesce(visits.duration_seconds, 0)', 'visits.started_at') }} as ended_at,
    visits.device,
    visits.attribution_model,
    visits.traffic_source,
    {{ tsv_text('visits.utm_source') }} as utm_source,
    {{ tsv_text('visits.utm_medium') }} as utm_medium,
    {{ tsv_text('visits.utm_campaign') }} as utm_campaign,
    visits.is_new_visitor,
    visits.pageviews,
    {{ tsv_text('visits.landing_url') }} as landing_url,
    {{ tsv_text('visits.city') }} as city,
    visits.watch_ids,
    visits.goal_ids,
    visits.goal_times,
    visits.goal_prices,
    visits.purchase_ids,
    visits.purchase_times,
    visits.purchase_revenues
from visits
left join days
    on
        visits.source_account = days.source_account
        and visits.visited_on = days.exported_on
left join broken
    on
        visits.source_account = broken.source_account
        and visits.document_key = broken.document_key
where
    days.version_at is null
    or visits.version_at >= days.version_at
    or broken.version_at >= days.version_at
