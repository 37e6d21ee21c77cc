with

messages as (
    select * from {{ ref('stg_file_drop__messages') }}
)

select
    source_system,
    source_account,
    campaign_record_id as source_record_id,
    max(campaign) as name,
    max(message_type) as message_type,
    max(trigger_name) as trigger_name,
    max(channel) as channel,
    min(sent_at) as created_at
from messages
group by source_system, source_account, campaign_record_id
