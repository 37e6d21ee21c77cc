-- Cohort by send day: opens, clicks and orders count on the day the message was sent, so young days keep ripening.
with messages as (
    select * from {{ ref('messages') }}
),

orders as (
    select * from {{ ref('orders') }}
    where is_counted and customer_id is not null
),

clicks as (
    select message_id, customer_id, sent_on, channel, message_type, first_clicked_at
    from messages
    where first_clicked_at is not null and customer_id is not null
),

clicks_before as (
    select
        orders.order_id,
        orders.net_revenue,
        clicks.sent_on,
        clicks.channel,
        clicks.message_type,
        row_number() over (
            partition by orders.order_id
            order by clicks.first_clicked_at desc, clicks.message_id
        ) as place
    from orders
    inner join clicks
        on orders.customer_id = clicks.customer_id
            and clicks.first_clicked_at <= orders.ordered_at
            and clicks.first_clicked_at
            >= {{ dbt.dateadd('day', -1 * rule('messaging.attribution_days'), 'orders.ordered_at') }}
),

attributed as (
    select
        sent_on,
        channel,
        message_type,
        count(*) as attributed_orders,
        cast(sum(net_revenue) as decimal(18, 2)) as attributed_revenue
    from clicks_before
    where place = 1
    group by sent_on, channel, message_type
),

timed as (
    select
        *,
        is_opened and not is_machine_opened as is_opened_by_person,
        case
            when is_opened and not is_machine_opened and first_opened_at >= delivered_at
                then {{ dbt.datediff('delivered_at', 'first_opened_at', 'second') }} / 60.0
        end as minutes_to_open,
        case
            when is_clicked and first_clicked_at >= delivered_at
                then {{ dbt.datediff('delivered_at', 'first_clicked_at', 'second') }} / 60.0
        end as minutes_to_click
    from messages
),

counted as (
    select
        sent_on,
        channel,
        message_type,
        count(*) as sent,
        count(case when is_delivered then 1 end) as delivered,
        count(case when is_hard_bounced then 1 end) as hard_bounced,
        count(case when is_soft_bounced then 1 end) as soft_bounced,
        count(case when is_opened then 1 end) as opened,
        count(case when is_opened_by_person then 1 end) as opened_by_person,
        count(case when is_clicked then 1 end) as clicked,
        count(case when is_unsubscribed then 1 end) as unsubscribed,
        count(case when is_spam_complaint then 1 end) as spam_complaints,
        count(case when customer_id is null then 1 end) as unidentified,
        cast({{ quantile('minutes_to_open', 0.5) }} as double) as minutes_to_open_p50,
        cast({{ quantile('minutes_to_click', 0.5) }} as double) as minutes_to_click_p50
    from timed
    group by sent_on, channel, message_type
),

engaged as (
    select
        *,
        case
            when channel = 'email' then opened
            when channel in ('push', 'messenger') then clicked
        end as engaged
    from counted
),

final as (
    select
        engaged.sent_on as day,
        engaged.channel,
        engaged.message_type,
        engaged.sent,
        engaged.delivered,
        {{ ratio('engaged.delivered', 'engaged.sent') }} as delivery_rate,
        engaged.hard_bounced,
        {{ ratio('engaged.hard_bounced', 'engaged.sent') }} as hard_bounce_rate,
        engaged.soft_bounced,
        {{ ratio('engaged.soft_bounced', 'engaged.sent') }} as soft_bounce_rate,
        engaged.opened,
        {{ ratio('engaged.opened', 'engaged.delivered') }} as open_rate,
        engaged.opened_by_person,
        {{ ratio('engaged.opened_by_person', 'engaged.delivered') }} as open_rate_human,
        engaged.clicked,
        {{ ratio('engaged.clicked', 'engaged.delivered') }} as click_through_rate,
        {{ ratio('engaged.clicked', 'engaged.opened') }} as click_to_open_rate,
        engaged.unsubscribed,
        {{ ratio('engaged.unsubscribed', 'engaged.delivered') }} as unsubscribe_rate,
        engaged.spam_complaints,
        {{ ratio('engaged.spam_complaints', 'engaged.delivered') }} as spam_complaint_rate,
        engaged.engaged,
        {{ ratio('engaged.engaged', 'engaged.delivered') }} as engagement_rate,
        engaged.minutes_to_open_p50,
        engaged.minutes_to_click_p50,
        coalesce(attributed.attributed_orders, 0) as attributed_orders,
        coalesce(attributed.attributed_revenue, cast(0 as decimal(18, 2))) as attributed_revenue,
        engaged.unidentified,
        {{ ratio('engaged.unidentified', 'engaged.sent') }} as unidentified_share
    from engaged
    left join attributed
        on engaged.sent_on = attributed.sent_on
            and engaged.channel = attributed.channel
            and engaged.message_type = attributed.message_type
)

select * from final
