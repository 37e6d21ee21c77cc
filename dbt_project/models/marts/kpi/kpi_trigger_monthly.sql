-- What a trigger sends and what it brings. Messages stand in the month in which they were sent, all of them, order messages
-- (transactional) too; what became of them ripens. A firing is a person's: what one trigger delivered to them in a row, over all channels.
-- The next one begins when the trigger sends a campaign again that is in this firing, or when the last message is more than
-- triggers.conversion_days old; a series of three reminders is one firing. It stands in the month and channel of its first delivered
-- message. It converts when the person orders, in any channel, after that message and within triggers.conversion_days of it. An order's
-- revenue counts once per trigger: for the last firing before it. Employees and companies fire no conversion, nor do messages to people
-- nobody knows. Rates are of the firings whose triggers.conversion_days are over, in both parts.
with messages as (
    select
        *,
        cast({{ dbt.date_trunc('month', 'sent_on') }} as date) as month
    from {{ ref('messages') }}
    where message_type in ('trigger', 'transactional')
),

customers as (
    select * from {{ ref('int_customers') }}
    where not (is_employee or is_b2b)
),

orders as (
    select * from {{ ref('orders') }}
    where is_counted and customer_id is not null
),

counted as (
    select
        month,
        trigger_name,
        channel,
        count(*) as sent,
        count(case when is_delivered then 1 end) as delivered,
        count(case when is_opened then 1 end) as opened,
        count(case when is_opened and not is_machine_opened then 1 end) as opened_by_person,
        count(case when is_clicked then 1 end) as clicked,
        count(case when is_clicked or is_machine_clicked then 1 end) as clicked_with_machines,
        count(case when is_unsubscribed then 1 end) as unsubscribed
    from messages
    group by month, trigger_name, channel
),

delivered as (
    select
        messages.message_id,
        messages.customer_id,
        coalesce(messages.trigger_name, '') as trigger_key,
        messages.trigger_name,
        messages.channel,
        messages.month,
        messages.sent_at,
        messages.campaign_id,
        cast(row_number() over (
            partition by messages.customer_id, messages.trigger_name order by messages.sent_at, messages.message_id
        ) as bigint) as place,
        lag(messages.sent_at) over (
            partition by messages.customer_id, messages.trigger_name order by messages.sent_at, messages.message_id
        ) as last_sent_at
    from messages
    inner join customers on messages.customer_id = customers.customer_id
    where messages.is_delivered
),

-- A message begins a firing when the one before is too old, or when its campaign was last sent in the firing that is going on.
looking_back as (
    select
        *,
        case
            when last_sent_at is null
                or sent_at > {{ dbt.dateadd('day', rule('triggers.conversion_days'), 'last_sent_at') }}
                then place
            else coalesce(lag(place) over (partition by customer_id, trigger_key, campaign_id order by place), 0)
        end as reaches
    from delivered
),

begun as (
    select
        customer_id,
        trigger_key,
        {{ beginnings('place', 'reaches') }} as places
    from looking_back
    group by customer_id, trigger_key
),

firings as (
    select
        looking_back.message_id as firing_id,
        looking_back.customer_id,
        looking_back.trigger_key,
        looking_back.trigger_name,
        looking_back.channel,
        looking_back.month,
        looking_back.sent_at as fired_at,
        {{ dbt.dateadd('day', rule('triggers.conversion_days'), 'looking_back.sent_at') }} <= {{ as_of() }} as is_due
    from looking_back
    inner join begun
        on looking_back.customer_id = begun.customer_id
            and looking_back.trigger_key = begun.trigger_key
    where array_contains(begun.places, looking_back.place)
),

followed as (
    select
        firings.firing_id,
        orders.order_id,
        orders.net_revenue,
        row_number() over (
            partition by firings.trigger_key, orders.order_id order by firings.fired_at desc, firings.firing_id desc
        ) as place
    from firings
    inner join orders
        on firings.customer_id = orders.customer_id
            and orders.ordered_at > firings.fired_at
            and orders.ordered_at <= {{ dbt.dateadd('day', rule('triggers.conversion_days'), 'firings.fired_at') }}
),

converted as (
    select
        firing_id,
        count(case when place = 1 then 1 end) as orders_count,
        sum(case when place = 1 then net_revenue else 0 end) as revenue
    from followed
    group by firing_id
),

fired as (
    select
        firings.month,
        firings.trigger_name,
        firings.channel,
        count(*) as firings,
        count(case when firings.is_due then 1 end) as conversion_due_firings,
        count(case when firings.is_due then converted.firing_id end) as conversions,
        sum(coalesce(converted.orders_count, 0)) as orders_count,
        sum(coalesce(converted.revenue, 0)) as revenue,
        sum(case when firings.is_due then coalesce(converted.revenue, 0) else 0 end) as revenue_of_due_firings
    from firings
    left join converted on firings.firing_id = converted.firing_id
    group by firings.month, firings.trigger_name, firings.channel
),

final as (
    select
        counted.month,
        counted.trigger_name,
        counted.channel,
        counted.sent,
        counted.delivered,
        {{ ratio('counted.delivered', 'counted.sent') }} as delivery_rate,
        counted.opened,
        {{ ratio('counted.opened', 'counted.delivered') }} as open_rate,
        counted.opened_by_person,
        {{ ratio('counted.opened_by_person', 'counted.delivered') }} as open_rate_human,
        counted.clicked,
        {{ ratio('counted.clicked', 'counted.delivered') }} as click_through_rate,
        counted.clicked_with_machines,
        {{ ratio('counted.clicked_with_machines', 'counted.delivered') }} as click_through_rate_with_machines,
        {{ ratio('counted.clicked', 'counted.opened') }} as click_to_open_rate,
        counted.unsubscribed,
        {{ ratio('counted.unsubscribed', 'counted.delivered') }} as unsubscribe_rate,
        coalesce(fired.firings, 0) as firings,
        coalesce(fired.conversion_due_firings, 0) as conversion_due_firings,
        case when fired.firings > 0 and fired.conversion_due_firings = 0 then null else coalesce(fired.conversions, 0) end as conversions,
        {{ ratio('fired.conversions', 'fired.conversion_due_firings') }} as conversion_rate,
        cast(coalesce(fired.orders_count, 0) as bigint) as orders_count,
        cast(coalesce(fired.revenue, 0) as decimal(18, 2)) as revenue,
        cast(coalesce(fired.revenue_of_due_firings, 0) as decimal(18, 2)) as revenue_of_due_firings,
        {{ ratio('fired.revenue_of_due_firings', 'fired.conversion_due_firings') }} as revenue_per_firing
    from counted
    left join fired
        on counted.month = fired.month
            and coalesce(counted.trigger_name, '') = coalesce(fired.trigger_name, '')
            and counted.channel = fired.channel
)

select * from final
