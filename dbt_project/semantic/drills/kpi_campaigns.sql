-- The messages of a campaign, each with what became of it.
-- Записи — сообщения кампании и то, что с каждым стало.
with records as (
    select
        campaign_id,
        channel,
        message_id,
        customer_id,
        is_delivered,
        is_hard_bounced,
        is_soft_bounced,
        is_opened,
        is_opened and not is_machine_opened as is_opened_by_person,
        is_clicked,
        is_machine_clicked,
        is_unsubscribed,
        is_spam_complaint,
        case when is_opened and not is_machine_opened and first_opened_at >= delivered_at
            then date_diff('second', delivered_at, first_opened_at) / 60.0 end as minutes_to_open,
        case when is_clicked and first_clicked_at >= delivered_at
            then date_diff('second', delivered_at, first_clicked_at) / 60.0 end as minutes_to_click,
        attributed_orders,
        attributed_revenue
    from marts.messages
)

select
    campaign_id,
    channel,
    count(*) as sent,
    count(distinct customer_id) filter (where is_delivered) as recipients,
    count(*) filter (where is_delivered) as delivered,
    count(*) filter (where is_hard_bounced) as hard_bounced,
    count(*) filter (where is_soft_bounced) as soft_bounced,
    count(*) filter (where is_opened) as opened,
    count(*) filter (where is_opened_by_person) as opened_by_person,
    count(*) filter (where is_clicked) as clicked,
    count(*) filter (where is_clicked or is_machine_clicked) as clicked_with_machines,
    count(*) filter (where is_unsubscribed) as unsubscribed,
    count(*) filter (where is_spam_complaint) as spam_complaints,
    sum(case channel when 'email' then cast(is_opened as integer) when 'push' then cast(is_clicked as integer)
        when 'messenger' then cast(is_clicked as integer) end) as engaged,
    if(channel in ('email', 'push', 'messenger'), count(*) filter (where is_delivered), null) as engagement_base,
    count(*) filter (where customer_id is null) as unidentified,
    quantile_cont(minutes_to_open, 0.5) as minutes_to_open_p50,
    quantile_cont(minutes_to_click, 0.5) as minutes_to_click_p50,
    sum(attributed_orders) as attributed_orders,
    sum(attributed_revenue) as attributed_revenue
from records
group by campaign_id, channel
