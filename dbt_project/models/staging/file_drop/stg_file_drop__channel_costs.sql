with

-- Several lines of one file may name the same day and campaign (ad groups) and count together; of two files the newest wins.
files_ranked as (
    select
        *,
        rank() over (
            partition by source_account, cost_on, lower(channel), campaign, utm_campaign
            order by file_modified_at desc, file_name desc
        ) as file_age
    from ({{ live_documents('file_drop', 'channel_costs') }}) as documents
)

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
from files_ranked
where file_age = 1
