with

messages_ranked as (
    select
        *,
        row_number() over (
            partition by source_account, message_id order by file_modified_at desc, file_name desc, line_number desc
        ) as message_age
    from ({{ live_documents('file_drop', 'messages') }}) as documents
),

translated as (
    select
        messages_ranked.*,
        {{ mapped_value('message_channel') }} as house_channel
    from messages_ranked
    {{ mapped('message_channel', 'messages_ranked.source_system', 'lower(messages_ranked.channel)') }}
    where messages_ranked.message_age = 1
)

select
    source_system,
    source_account,
    message_id,
    lower(channel) as raw_channel,
    house_channel as channel,
    house_channel || ':' || lower(campaign) as campaign_record_id,
    campaign,
    coalesce(lower(message_type), 'mass') as message_type,
    trigger_name,
    recipient,
    sent_at,
    delivered_at,
    opened_at,
    clicked_at,
    failed_reason,
    case when failed_reason is not null then coalesce(failed_at, sent_at) else failed_at end as failed_at
from translated
