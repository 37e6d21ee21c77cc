-- An order belongs to the message that its customer clicked last before it, if that message was sent at most messaging.attribution_days
-- before the order; when the last clicked one is older, the order is no message's.
with messages as (
    select * from {{ ref('int_messages') }}
    where is_sent
),

repeated as (
    select * from {{ ref('int_messages__repeated') }}
),

after_opt_out as (
    select * from {{ ref('int_messages__after_opt_out') }}
),

clicked_before as (
    select
        messages.message_id,
        orders.net_revenue,
        messages.sent_at >= {{ dbt.dateadd('day', -1 * rule('messaging.attribution_days'), 'orders.ordered_at') }} as is_recent,
        row_number() over (
            partition by orders.order_id order by messages.first_clicked_at desc, messages.message_id
        ) as place
    from {{ ref('int_orders') }} as orders
    inner join messages
        on orders.customer_id = messages.customer_id
            and messages.first_clicked_at <= orders.ordered_at
            -- A recent message is clicked after it is sent, so a click on an older one can only come after that of a recent one here.
            and messages.first_clicked_at
            >= {{ dbt.dateadd('day', -1 * rule('messaging.attribution_days'), 'orders.ordered_at') }}
    where orders.is_counted
),

attributed as (
    select message_id, count(*) as orders_count, sum(net_revenue) as order_revenue
    from clicked_before
    where place = 1 and is_recent
    group by message_id
),

final as (
    select
        messages.message_id,
        messages.source_system,
        messages.source_account,
        messages.campaign_id,
        messages.customer_id,
        messages.brand,
        messages.channel,
        messages.message_type,
        messages.trigger_name,
        messages.sent_at,
        messages.sent_on,
        messages.is_delivered,
        messages.is_hard_bounced,
        messages.is_soft_bounced,
        case
            when messages.is_hard_bounced then {{ without_contacts('messages.hard_reason') }}
            when messages.is_soft_bounced then {{ without_contacts('messages.soft_reason') }}
        end as bounce_reason,
        messages.is_opened,
        messages.is_machine_opened,
        messages.is_clicked,
        messages.is_machine_clicked,
        messages.is_unsubscribed,
        messages.is_spam_complaint,
        messages.delivered_at,
        messages.first_opened_at,
        messages.first_clicked_at,
        repeated.message_id is not null as is_duplicate,
        after_opt_out.message_id is not null as is_after_opt_out,
        cast(coalesce(attributed.orders_count, 0) as integer) as attributed_orders,
        cast(coalesce(attributed.order_revenue, 0) as decimal(18, 2)) as attributed_revenue
    from messages
    left join repeated on messages.message_id = repeated.message_id
    left join after_opt_out on messages.message_id = after_opt_out.message_id
    left join attributed on messages.message_id = attributed.message_id
)

select * from final
