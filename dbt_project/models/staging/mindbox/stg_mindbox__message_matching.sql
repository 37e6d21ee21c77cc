with

statuses as (
    {{ live_documents('mindbox', 'mailing_statuses') }}
),

recipients as (
    select * from {{ ref('stg_mindbox__message_recipients') }}
),

messages as (
    -- A message that was never sent makes no action, and nobody misses its reader.
    select
        statuses.source_system,
        statuses.source_account,
        statuses.message_id,
        max(recipients.told_by) as told_by
    from statuses
    left join recipients
        on
            statuses.source_account = recipients.source_account
            and statuses.message_id = recipients.message_id
    {{ mapped('message_event', 'statuses.source_system', 'statuses.status') }}
    where {{ mapped_value('message_event') }} <> 'not_sent'
    group by statuses.source_system, statuses.source_account, statuses.message_id
),

counted as (
    select
        source_system,
        source_account,
        count(*) as messages,
        count(case when told_by = 'status' then 1 end) as told_by_status,
        count(case when told_by = 'action' then 1 end) as found_by_action,
        count(case when told_by is null then 1 end) as unmatched_messages
    from messages
    group by source_system, source_account
)

select
    source_system,
    source_account,
    messages,
    told_by_status,
    found_by_action,
    unmatched_messages,
    unmatched_messages * 1.0 / nullif(messages, 0) as unmatched_share
from counted
