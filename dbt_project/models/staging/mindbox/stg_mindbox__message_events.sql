with

statuses as (
    select
        *,
        status || ':' || not_delivered_reason as status_and_reason
    from ({{ live_documents('mindbox', 'mailing_statuses') }}) as documents
),

recipients as (
    select * from {{ ref('stg_mindbox__message_recipients') }}
)

select
    statuses.source_system,
    statuses.source_account,
    statuses.status_id as source_record_id,
    statuses.message_id as message_record_id,
    statuses.mailing_id as campaign_record_id,
    recipients.customer_id as profile_record_id,
    case when statuses.channel is not null then {{ mapped_value('message_channel') }} end as channel,
    statuses.brand,
    coalesce(
        nullif({{ mapped_value('message_event', as_='reasoned') }}, 'unknown'),
        {{ mapped_value('message_event') }}
    ) as event,
    statuses.happened_at,
    cast(null as {{ dbt.type_string() }}) as contact_point,
    statuses.not_delivered_reason as raw_reason
from statuses
left join recipients
    on
        statuses.source_account = recipients.source_account
        and statuses.message_id = recipients.message_id
{{ mapped('message_channel', 'statuses.source_system', 'statuses.channel') }}
{{ mapped('message_event', 'statuses.source_system', 'statuses.status') }}
{{ mapped('message_event', 'statuses.source_system', 'statuses.status_and_reason', as_='reasoned') }}
