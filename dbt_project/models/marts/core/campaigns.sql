select
    campaign_id,
    source_system,
    source_account,
    source_record_id,
    coalesce(name, system_name, campaign_id) as name,
    system_name,
    message_type,
    trigger_name,
    channel,
    topic,
    brand,
    created_at,
    utm_source,
    utm_medium,
    utm_campaign
from {{ ref('int_campaigns') }}
