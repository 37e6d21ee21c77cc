-- The whole life of a campaign in a channel. What became of a message counts whenever it happens, so a young campaign keeps ripening.
-- Campaigns that sent nothing (advertising ones among them) are not here. Messages that name no campaign stand in a row of their channel
-- with campaign_id NULL, so that the campaigns add up to kpi_messaging_daily.
with chain as (
    {{ messaging_chain(['campaign_id', 'channel']) }}
),

campaigns as (
    select * from {{ ref('campaigns') }}
),

final as (
    select
        chain.campaign_id,
        chain.channel,
        campaigns.name as campaign_name,
        campaigns.message_type,
        campaigns.trigger_name,
        campaigns.brand,
        chain.first_sent_on,
        chain.last_sent_on,
        chain.recipients,
        chain.sent,
        chain.delivered,
        chain.delivery_rate,
        chain.hard_bounced,
        chain.hard_bounce_rate,
        chain.soft_bounced,
        chain.soft_bounce_rate,
        chain.opened,
        chain.open_rate,
        chain.opened_by_person,
        chain.open_rate_human,
        chain.clicked,
        chain.click_through_rate,
        chain.clicked_with_machines,
        chain.click_through_rate_with_machines,
        chain.click_to_open_rate,
        chain.unsubscribed,
        chain.unsubscribe_rate,
        chain.spam_complaints,
        chain.spam_complaint_rate,
        chain.engaged,
        chain.engagement_base,
        chain.engagement_rate,
        chain.minutes_to_open_p50,
        chain.minutes_to_click_p50,
        chain.attributed_orders,
        chain.attributed_revenue,
        chain.unidentified,
        chain.unidentified_share,
        {{ ratio('chain.attributed_revenue', 'chain.delivered') }} as attributed_revenue_per_delivered
    from chain
    left join campaigns on chain.campaign_id = campaigns.campaign_id
)

select * from final
