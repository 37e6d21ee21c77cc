{{ config(database='relations') }}
-- Generated from semantic/drills/kpi_campaigns.sql. The records behind the mart, with its dimensions and what is told over them anew.
select
    told.*,
    mart.first_sent_on
from (
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
    from omnimart.marts.messages
)

select
    campaign_id,
    channel,
    case when is_delivered then customer_id end as recipients,
    minutes_to_open as minutes_to_open_p50,
    minutes_to_click as minutes_to_click_p50
from records
) as told
join omnimart.marts.kpi_campaigns as mart
    on mart.campaign_id is not distinct from told.campaign_id and mart.channel is not distinct from told.channel
