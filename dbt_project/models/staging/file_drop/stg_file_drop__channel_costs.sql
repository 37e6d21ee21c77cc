-- A line has no id, so every line of every file counts; stg_file_drop__told_twice names those that two files tell.
select
    source_system,
    source_account,
    document_key as source_record_id,
    cost_on,
    lower(channel) as raw_channel,
    campaign as campaign_name,
    utm_campaign,
    impressions,
    clicks,
    cost,
    upper(currency) as currency
from ({{ live_documents('file_drop', 'channel_costs') }}) as documents
