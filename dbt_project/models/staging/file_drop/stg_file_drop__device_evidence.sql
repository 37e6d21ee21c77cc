with

sessions as (
    select * from {{ ref('stg_file_drop__sessions') }}
),

wifi_visits as (
    select * from {{ ref('stg_file_drop__wifi_visits') }}
)

select
    source_system,
    source_account,
    'app_session:' || source_record_id as source_record_id,
    'app' as device_type,
    client_id as device_key,
    source_record_id as session_record_id,
    'login' as evidence_type,
    'source_record' as identifier_type,
    'customer_id' as identifier_namespace,
    customer_id as identifier_value,
    started_at as seen_at
from sessions
where customer_id is not null

union all

select
    source_system,
    source_account,
    'wifi_visit:' || source_record_id as source_record_id,
    'wifi' as device_type,
    device_key,
    source_record_id as session_record_id,
    'wifi_login' as evidence_type,
    'phone' as identifier_type,
    cast(null as {{ dbt.type_string() }}) as identifier_namespace,
    phone as identifier_value,
    entered_at as seen_at
from wifi_visits
where phone is not null
