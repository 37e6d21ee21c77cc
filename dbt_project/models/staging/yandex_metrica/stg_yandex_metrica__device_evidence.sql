-- What ties a browser to a person: a login, an order, a click in a message of somebody known. One row per browser and piece of evidence.
with

events as (
    select * from {{ ref('stg_yandex_metrica__session_events') }}
    where event in ('login', 'purchase')
),

sessions as (
    select * from {{ ref('stg_yandex_metrica__sessions') }}
    where instr(landing_url, '=') > 0
),

url_identifiers as (
    select * from {{ ref('url_identifiers') }}
),

clicks as (
    select
        sessions.source_system,
        sessions.source_account,
        sessions.source_record_id as session_record_id,
        sessions.client_id,
        sessions.started_at,
        url_identifiers.parameter,
        url_identifiers.identifier_namespace,
        -- Taken apart by its separators: a pattern made for each row would be compiled for each row.
        nullif(split_part(split_part(split_part(
            '&' || replace(sessions.landing_url, '?', '&'), '&' || url_identifiers.parameter || '=', 2
        ), '&', 1), '#', 1), '') as identifier_value
    from sessions
    inner join url_identifiers
        on
            sessions.source_system = url_identifiers.source_system
            and (url_identifiers.source_account = '*' or sessions.source_account = url_identifiers.source_account)
            and instr(sessions.landing_url, url_identifiers.parameter || '=') > 0
)

select
    source_system,
    source_account,
    source_record_id,
    'browser' as device_type,
    client_id as device_key,
    session_record_id,
    case event when 'login' then 'login' else 'order' end as evidence_type,
    case event when 'login' then 'source_record' else 'order_number' end as identifier_type,
    case event when 'login' then 'shop' end as identifier_namespace,
    case event when 'login' then user_id else order_number end as identifier_value,
    happened_at as seen_at
from events
union all
select
    source_system,
    source_account,
    session_record_id || ':' || parameter as source_record_id,
    'browser' as device_type,
    client_id as device_key,
    session_record_id,
    'message_click' as evidence_type,
    'source_record' as identifier_type,
    identifier_namespace,
    identifier_value,
    started_at as seen_at
from clicks
where identifier_value is not null
