-- The final state of every message to every recipient. A click implies an open, and any reaction, or a machine that
-- fetched the pixel, proves the delivery, whatever the bounce said before; so a sent message is delivered, hard bounced,
-- soft bounced or still on its way, and never two of these. `is_machine_opened` means that only a machine opened it.
-- Scanners of mail follow the links of what they let in: a click on an e-mail within messaging.machine_click_seconds of its delivery is
-- a machine's, and opens nothing for a person. `is_clicked` is a person's click, `is_machine_clicked` that only a machine clicked it.
-- A message whose system knows no record of its recipient belongs to whoever its number or address is. A table, since the
-- carts ask it too. One row per message and recipient.
with events as (
    select * from {{ ref('int_message_events') }}
),

campaigns as (
    select * from {{ ref('int_campaigns') }}
),

customer_of_profile as (
    select * from {{ ref('int_customer_of_profile') }}
),

folded as (
    select
        message_id,
        min(source_system) as source_system,
        min(source_account) as source_account,
        max(campaign_id) as campaign_id,
        max(profile_id) as profile_id,
        max(case when profile_id is null then contact_point end) as contact_point,
        max(channel) as channel,
        max(brand) as brand,
        min(case when event not in ('not_sent', 'unknown') then happened_at end) as first_event_at,
        min(happened_at) as any_event_at,
        min(case when event = 'sent' then happened_at end) as told_sent_at,
        min(case when event = 'not_sent' then happened_at end) as not_sent_at,
        min(case when event = 'delivered' then happened_at end) as told_delivered_at,
        min(case when event = 'opened' then happened_at end) as opened_at,
        min(case when event = 'machine_opened' then happened_at end) as machine_opened_at,
        min(case when event = 'unsubscribed' then happened_at end) as unsubscribed_at,
        min(case when event = 'spam' then happened_at end) as complained_at,
        min(case when event = 'hard_bounced' then happened_at end) as hard_bounced_at,
        min(case when event = 'soft_bounced' then happened_at end) as soft_bounced_at,
        max(case when event = 'hard_bounced' then raw_reason end) as hard_reason,
        max(case when event = 'soft_bounced' then raw_reason end) as soft_reason
    from events
    group by message_id
),

clicks as (
    select
        folded.message_id,
        events.happened_at,
        coalesce(
            coalesce(folded.channel, campaigns.channel) = 'email'
            and events.happened_at >= folded.told_delivered_at
            and events.happened_at < {{ dbt.dateadd('second', rule('messaging.machine_click_seconds'), 'folded.told_delivered_at') }},
            false
        ) as is_machine
    from events
    inner join folded on events.message_id = folded.message_id
    left join campaigns on folded.campaign_id = campaigns.campaign_id
    where events.event = 'clicked'
),

clicked as (
    select
        message_id,
        min(case when not is_machine then happened_at end) as first_clicked_at,
        min(case when is_machine then happened_at end) as machine_clicked_at
    from clicks
    group by message_id
),

judged as (
    select
        folded.*,
        clicked.first_clicked_at,
        clicked.machine_clicked_at,
        coalesce(
            least(folded.machine_opened_at, clicked.machine_clicked_at), folded.machine_opened_at, clicked.machine_clicked_at
        ) as first_machine_at
    from folded
    left join clicked on folded.message_id = clicked.message_id
),

reasoned as (
    select
        *,
        coalesce(told_sent_at, first_event_at, not_sent_at, any_event_at) as sent_at,
        first_event_at is not null as is_sent,
        coalesce(opened_at, first_machine_at, first_clicked_at, unsubscribed_at, complained_at) is not null
            as has_reached_its_reader,
        least(coalesce(opened_at, first_clicked_at), coalesce(first_clicked_at, opened_at)) as first_read_at
    from judged
),

final as (
    select
        reasoned.message_id,
        reasoned.source_system,
        reasoned.source_account,
        reasoned.campaign_id,
        reasoned.profile_id,
        case
            when reasoned.profile_id is not null then customer_of_profile.customer_id
            else {{ contact_customer() }}
        end as customer_id,
        coalesce(reasoned.brand, campaigns.brand) as brand,
        coalesce(reasoned.channel, campaigns.channel, 'unknown') as channel,
        coalesce(campaigns.message_type, 'unknown') as message_type,
        campaigns.trigger_name,
        campaigns.topic,
        reasoned.is_sent,
        reasoned.sent_at,
        {{ business_date('reasoned.sent_at') }} as sent_on,
        case
            when reasoned.has_reached_its_reader
                or (
                    reasoned.told_delivered_at is not null
                    and reasoned.hard_bounced_at is null
                    and reasoned.soft_bounced_at is null
                )
                or (
                    reasoned.told_delivered_at is not null
                    and reasoned.hard_bounced_at is null
                    and reasoned.told_delivered_at >= reasoned.soft_bounced_at
                )
                then true
            else false
        end as is_delivered,
        reasoned.hard_bounced_at is not null and not reasoned.has_reached_its_reader as is_hard_bounced,
        coalesce(
            reasoned.soft_bounced_at is not null
            and reasoned.hard_bounced_at is null
            and not reasoned.has_reached_its_reader
            and not coalesce(reasoned.told_delivered_at >= reasoned.soft_bounced_at, false),
            false
        ) as is_soft_bounced,
        coalesce(reasoned.first_read_at, reasoned.first_machine_at) is not null as is_opened,
        reasoned.first_machine_at is not null and reasoned.first_read_at is null as is_machine_opened,
        reasoned.first_clicked_at is not null as is_clicked,
        reasoned.machine_clicked_at is not null and reasoned.first_clicked_at is null as is_machine_clicked,
        reasoned.unsubscribed_at is not null as is_unsubscribed,
        reasoned.complained_at is not null as is_spam_complaint,
        coalesce(
            reasoned.told_delivered_at,
            case when reasoned.has_reached_its_reader then reasoned.sent_at end
        ) as delivered_at,
        coalesce(reasoned.first_read_at, reasoned.first_machine_at) as first_opened_at,
        reasoned.first_clicked_at,
        reasoned.unsubscribed_at,
        reasoned.hard_reason,
        reasoned.soft_reason
    from reasoned
    left join campaigns on reasoned.campaign_id = campaigns.campaign_id
    left join customer_of_profile on reasoned.profile_id = customer_of_profile.profile_id
    {{ contact_owner(phone='reasoned.contact_point', email='reasoned.contact_point') }}
)

select * from final
