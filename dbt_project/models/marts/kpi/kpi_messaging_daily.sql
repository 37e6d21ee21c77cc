-- Cohort by send day: opens, clicks and orders count on the day the message was sent, so young days keep ripening;
-- age_days says how young.
with chain as (
    {{ messaging_chain(['sent_on', 'channel', 'message_type']) }}
),

final as (
    select
        chain.sent_on as day,
        chain.channel,
        chain.message_type,
        cast({{ dbt.datediff('chain.sent_on', as_of_date(), 'day') }} as integer) as age_days,
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
        chain.unidentified_share
    from chain
)

select * from final
