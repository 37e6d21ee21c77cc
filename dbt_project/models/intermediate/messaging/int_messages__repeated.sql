-- One message in every channel: messages of one campaign that a person got in a second channel within
-- contact_pressure.duplicate_window_hours of the first, with no reaction (a person's open or a click) to that campaign in between. The
-- later one is the repetition; of two sent in one second the one with the greater id. A campaign is a trigger by its name, else the
-- campaign that its links carry (utm_campaign), else its name: vendors and channels number it apart. Order messages are none.
-- One row per repeated message.
{{ config(materialized='view') }}

with campaigns as (
    select
        campaign_id,
        lower(trim(coalesce(trigger_name, utm_campaign, name, campaign_id))) as campaign_key
    from {{ ref('int_campaigns') }}
),

delivered as (
    select
        messages.message_id,
        messages.customer_id,
        messages.channel,
        messages.sent_at,
        case when messages.is_opened and not messages.is_machine_opened then messages.first_opened_at end as reacted_at,
        campaigns.campaign_key
    from {{ ref('int_messages') }} as messages
    inner join campaigns on messages.campaign_id = campaigns.campaign_id
    where messages.is_delivered and messages.customer_id is not null and messages.message_type in ('mass', 'trigger')
),

-- Most campaigns use one channel; the rest alone is compared.
in_channels as (
    select campaign_key
    from delivered
    group by campaign_key
    having count(distinct channel) > 1
),

compared as (
    select delivered.*
    from delivered
    inner join in_channels on delivered.campaign_key = in_channels.campaign_key
),

pairs as (
    select
        later.message_id,
        max(case when earlier.channel <> later.channel then earlier.sent_at end) as sent_elsewhere_at,
        max(case when earlier.reacted_at <= later.sent_at then earlier.reacted_at end) as reacted_at
    from compared as later
    inner join compared as earlier
        on later.customer_id = earlier.customer_id
            and later.campaign_key = earlier.campaign_key
            and earlier.sent_at >= {{ dbt.dateadd('hour', -1 * rule('contact_pressure.duplicate_window_hours'), 'later.sent_at') }}
            and (
                earlier.sent_at < later.sent_at
                or (earlier.sent_at = later.sent_at and earlier.message_id < later.message_id)
            )
    group by later.message_id
),

final as (
    select message_id
    from pairs
    where sent_elsewhere_at is not null and coalesce(reacted_at < sent_elsewhere_at, true)
)

select * from final
