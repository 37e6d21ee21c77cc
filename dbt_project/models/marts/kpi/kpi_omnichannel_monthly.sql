-- Omnichannel shoppers beside those of one channel class: what they are at the end of the month by the purchases of the rolling 12 months
-- (sales.omnichannel_window_days), what they bought in the month and what they have been worth so far. Who buys in more channels buys
-- more often, so every comparison also stands inside each band of orders in those 12 months, and by the number of channels.
-- Rows of totals stand beside the cells: frequency_band all, channels_count NULL, shopper_type all; in every combination.
-- Compared is an omnichannel row with both single classes of its month and band, whatever their channels (baseline single_class), and a
-- row of all types with two channels or more with that of one channel (baseline one_channel).
-- Repeat visits are the Harvard Business Review's form (2017, 46 000 shoppers): the index day is that of the first order in a second
-- channel class. The customer's visits to stores in the channels.uplift_window_days after it are held against the mean of all customers
-- of one class so far who ordered on the same day and were in the same band that day, both counting that day's orders: nobody is drawn
-- at random, and nobody is left out because of what came later. An index customer without such a person is not matched. The month is
-- that of the index day, the band that of the index day; NULL until the time is over for the whole month.
-- By touch also browsing, clicks, visits and events count, and people who have not bought.
{% set window = rule('sales.omnichannel_window_days') %}
{% set uplift_days = rule('channels.uplift_window_days') %}
{% set facts = {
    'customers': 'bigint', 'orders': 'bigint', 'order_revenue': 'decimal(18, 2)', 'net_revenue': 'decimal(18, 2)',
    'lifetime_revenue': 'decimal(18, 2)',
} %}

with orders as (
    {{ people_orders() }}
),

purchase_windows as (
    select * from {{ ref('int_purchase_windows') }}
),

store_visits as (
    select * from {{ ref('int_store_visits') }}
),

visits_of_months as (
    select
        customer_id,
        cast({{ dbt.date_trunc('month', 'visited_on') }} as date) as month,
        count(*) as visits
    from store_visits
    group by customer_id, cast({{ dbt.date_trunc('month', 'visited_on') }} as date)
),

customer_months as (
    select
        *,
        sum(net_revenue) over (partition by customer_id order by month) as lifetime_revenue
    from {{ ref('int_customer_months') }}
),

months as (
    select distinct month, last_day from customer_months
),

counted as (
    select
        customer_months.month,
        case when grouping(customer_months.frequency_band) = 1 then 'all' else customer_months.frequency_band end as frequency_band,
        customer_months.channels_count,
        case when grouping(customer_months.shopper_type) = 1 then 'all' else customer_months.shopper_type end as shopper_type,
        count(*) as customers,
        count(case when customer_months.orders_12m >= 2 then 1 end) as repeat_buyers,
        sum(customer_months.orders_count) as orders,
        sum(customer_months.order_revenue) as order_revenue,
        sum(customer_months.net_revenue) as net_revenue,
        sum(customer_months.lifetime_revenue) as lifetime_revenue,
        sum(visits_of_months.visits) as visits
    from customer_months
    left join visits_of_months
        on customer_months.customer_id = visits_of_months.customer_id and customer_months.month = visits_of_months.month
    where customer_months.shopper_type <> 'no_purchase'
    group by customer_months.month, cube (customer_months.frequency_band, customer_months.channels_count, customer_months.shopper_type)
),

-- One row per month and band that others are compared with.
baselines as (
    select
        month,
        frequency_band,
        {%- for fact in facts %}
        sum({{ fact }}) as {{ fact }},
        {%- endfor %}
        'single_class' as baseline
    from counted
    where shopper_type in ('online_only', 'offline_only') and channels_count is null
    group by month, frequency_band

    union all

    select
        month,
        frequency_band,
        {%- for fact in facts %}
        {{ fact }},
        {%- endfor %}
        'one_channel' as baseline
    from counted
    where shopper_type = 'all' and channels_count = 1
),

-- A touch of day d counts for day t when t - window < d <= t: touches less than a window apart are one stretch.
touches as (
    select
        customer_id,
        channel_class = 'online' as is_online,
        ordered_on as touched_on
    from orders
    where channel_class in ('online', 'offline')

    union

    select
        touchpoints.customer_id,
        touchpoints.touch_type in ('ad_visit', 'visit', 'message_click') as is_online,
        {{ business_date('touchpoints.occurred_at') }} as touched_on
    from {{ ref('touchpoints') }} as touchpoints
    inner join {{ ref('int_customers') }} as people on touchpoints.customer_id = people.customer_id
    where touchpoints.touch_type in ('ad_visit', 'visit', 'message_click', 'store_visit', 'event')
        and not (people.is_employee or people.is_b2b)
),

covered as (
    select
        customer_id,
        is_online,
        touched_on,
        cast({{ dbt.dateadd('day', window, 'touched_on') }} as date) as gone_on,
        lead(touched_on) over (partition by customer_id, is_online order by touched_on) as next_on
    from touches
),

touched as (
    select
        covered.customer_id,
        months.month,
        max(case when covered.is_online then 1 else 0 end) as touched_online,
        max(case when covered.is_online then 0 else 1 end) as touched_offline
    from covered
    inner join months
        on covered.touched_on <= months.last_day
            and covered.gone_on > months.last_day
            and (covered.next_on is null or covered.next_on > months.last_day)
    group by covered.customer_id, months.month
),

counted_by_touch as (
    select
        month,
        case
            when grouping(touched_online) = 1 then 'all'
            when touched_online + touched_offline = 2 then 'omnichannel'
            when touched_online = 1 then 'online_only'
            else 'offline_only'
        end as shopper_type,
        count(*) as customers
    from touched
    group by grouping sets ((month, touched_online, touched_offline), (month))
),

-- The day of the first order in a second channel class; nobody else's.
classes as (
    select
        customer_id,
        min(case when channel_class = 'online' then ordered_on end) as first_online_on,
        min(case when channel_class = 'offline' then ordered_on end) as first_offline_on
    from orders
    where channel_class in ('online', 'offline')
    group by customer_id
),

crossings as (
    select
        customer_id,
        case
            when first_online_on is not null and first_offline_on is not null then greatest(first_online_on, first_offline_on)
        end as crossed_on
    from classes
),

order_days as (
    select distinct
        orders.customer_id,
        orders.ordered_on,
        coalesce(orders.ordered_on = crossings.crossed_on, false) as is_index
    from orders
    inner join crossings
        on orders.customer_id = crossings.customer_id and orders.ordered_on <= coalesce(crossings.crossed_on, orders.ordered_on)
    where orders.channel_class in ('online', 'offline')
),

ripe_days as (
    select
        order_days.*,
        months.month,
        {{ frequency_band('purchase_windows.orders_count') }} as frequency_band
    from order_days
    inner join months
        on order_days.ordered_on >= months.month
            and order_days.ordered_on <= months.last_day
            and {{ dbt.dateadd('day', uplift_days, dbt.last_day('months.month', 'month')) }} < {{ as_of_date() }}
    inner join purchase_windows
        on order_days.customer_id = purchase_windows.customer_id
            and purchase_windows.from_on <= order_days.ordered_on
            and purchase_windows.to_on > order_days.ordered_on
),

followed as (
    select
        ripe_days.month,
        ripe_days.frequency_band,
        ripe_days.ordered_on,
        ripe_days.customer_id,
        ripe_days.is_index,
        count(store_visits.store_visit_id) as visits
    from ripe_days
    left join store_visits
        on ripe_days.customer_id = store_visits.customer_id
            and store_visits.visited_on > ripe_days.ordered_on
            and store_visits.visited_on <= {{ dbt.dateadd('day', uplift_days, 'ripe_days.ordered_on') }}
    group by ripe_days.month, ripe_days.frequency_band, ripe_days.ordered_on, ripe_days.customer_id, ripe_days.is_index
),

days as (
    select
        month,
        frequency_band,
        ordered_on,
        count(case when is_index then 1 end) as index_customers,
        sum(case when is_index then visits end) as visits,
        avg(case when not is_index then visits end) as usual_visits
    from followed
    group by month, frequency_band, ordered_on
),

crossed as (
    select
        month,
        case when grouping(frequency_band) = 1 then 'all' else frequency_band end as frequency_band,
        sum(index_customers) as index_customers,
        sum(case when usual_visits is not null then index_customers else 0 end) as matched_customers,
        sum(case when usual_visits is not null then visits else 0 end) as repeat_visits,
        sum(cast(index_customers * usual_visits as decimal(28, 12))) as baseline_repeat_visits  -- exact, in whatever order
    from days
    where index_customers > 0
    group by grouping sets ((month, frequency_band), (month))
),

cells as (
    select month, frequency_band, channels_count, shopper_type from counted
    union
    select month, frequency_band, cast(null as integer) as channels_count, 'omnichannel' as shopper_type from crossed
    union
    select month, 'all' as frequency_band, cast(null as integer) as channels_count, shopper_type from counted_by_touch
),

measured as (
    select
        cells.month,
        cells.frequency_band,
        cells.channels_count,
        cells.shopper_type,
        cast(coalesce(counted.customers, 0) as bigint) as customers,
        case when cells.shopper_type <> 'all' then cast(coalesce(everybody.customers, 0) as bigint) end as buyers,
        case when cells.shopper_type = 'omnichannel' then cast(coalesce(everybody.repeat_buyers, 0) as bigint) end as repeat_buyers,
        cast(coalesce(counted.orders, 0) as bigint) as orders,
        cast(coalesce(counted.order_revenue, 0) as decimal(18, 2)) as order_revenue,
        cast(coalesce(counted.net_revenue, 0) as decimal(18, 2)) as net_revenue,
        cast(coalesce(counted.lifetime_revenue, 0) as decimal(18, 2)) as lifetime_revenue,
        cast(coalesce(counted.visits, 0) as bigint) as visits,
        case
            when cells.shopper_type = 'omnichannel' then 'single_class'
            when cells.shopper_type = 'all' and cells.channels_count >= 2 then 'one_channel'
        end as baseline,
        case when cells.frequency_band = 'all' and cells.channels_count is null then coalesce(counted_by_touch.customers, 0) end
            as customers_by_touch,
        case
            when cells.shopper_type <> 'all' and cells.frequency_band = 'all' and cells.channels_count is null
                then coalesce(everybody_touched.customers, 0)
        end as touched_customers,
        cells.shopper_type = 'omnichannel' and cells.channels_count is null
        and {{ dbt.dateadd('day', uplift_days, dbt.last_day('cells.month', 'month')) }} < {{ as_of_date() }} as is_ripe
    from cells
    left join counted
        on cells.month = counted.month
            and cells.frequency_band = counted.frequency_band
            and coalesce(cells.channels_count, 0) = coalesce(counted.channels_count, 0)
            and cells.shopper_type = counted.shopper_type
    left join counted as everybody
        on cells.month = everybody.month
            and cells.frequency_band = everybody.frequency_band
            and coalesce(cells.channels_count, 0) = coalesce(everybody.channels_count, 0)
            and everybody.shopper_type = 'all'
    left join counted_by_touch
        on cells.month = counted_by_touch.month and cells.shopper_type = counted_by_touch.shopper_type
    left join counted_by_touch as everybody_touched
        on cells.month = everybody_touched.month and everybody_touched.shopper_type = 'all'
),

compared as (
    select
        measured.*,
        {%- for fact in facts %}
        case when measured.baseline is not null then cast(coalesce(baselines.{{ fact }}, 0) as {{ facts[fact] }}) end
            as baseline_{{ fact }},
        {%- endfor %}
        case when measured.is_ripe then cast(coalesce(crossed.index_customers, 0) as bigint) end as index_customers,
        case when measured.is_ripe then cast(coalesce(crossed.matched_customers, 0) as bigint) end as matched_customers,
        case when measured.is_ripe then cast(coalesce(crossed.repeat_visits, 0) as bigint) end as repeat_visits,
        case when measured.is_ripe then cast(coalesce(crossed.baseline_repeat_visits, 0) as double) end as baseline_repeat_visits
    from measured
    left join baselines
        on measured.month = baselines.month
            and measured.frequency_band = baselines.frequency_band
            and measured.baseline = baselines.baseline
    left join crossed on measured.month = crossed.month and measured.frequency_band = crossed.frequency_band
),

valued as (
    select
        *,
        {{ ratio('order_revenue', 'orders') }} as average_order_value,
        {{ ratio('net_revenue', 'customers') }} as revenue_per_customer,
        {{ ratio('lifetime_revenue', 'customers') }} as ltv,
        {{ ratio('visits', 'customers') }} as visits_per_customer,
        {{ ratio('baseline_order_revenue', 'baseline_orders') }} as baseline_average_order_value,
        {{ ratio('baseline_net_revenue', 'baseline_customers') }} as baseline_revenue_per_customer,
        {{ ratio('baseline_lifetime_revenue', 'baseline_customers') }} as baseline_ltv
    from compared
),

final as (
    select
        month,
        frequency_band,
        channels_count,
        shopper_type,
        customers,
        buyers,
        {{ ratio('customers', 'buyers') }} as shopper_type_share,
        case when shopper_type = 'omnichannel' then customers end as omnichannel_customers,
        case when shopper_type = 'omnichannel' then {{ ratio('customers', 'buyers') }} end as omnichannel_share,
        repeat_buyers,
        {{ ratio('customers', 'repeat_buyers') }} as omnichannel_share_of_repeat_buyers,
        customers_by_touch,
        touched_customers,
        {{ ratio('customers_by_touch', 'touched_customers') }} as shopper_type_share_by_touch,
        case when shopper_type = 'omnichannel' then customers_by_touch end as omnichannel_customers_by_touch,
        case when shopper_type = 'omnichannel' then {{ ratio('customers_by_touch', 'touched_customers') }} end
            as omnichannel_share_by_touch,
        orders,
        order_revenue,
        average_order_value,
        net_revenue,
        revenue_per_customer,
        lifetime_revenue,
        ltv,
        visits,
        visits_per_customer,
        baseline,
        baseline_customers,
        baseline_orders,
        baseline_order_revenue,
        baseline_average_order_value,
        {{ uplift('average_order_value', 'baseline_average_order_value') }} as uplift_average_order_value,
        baseline_net_revenue,
        baseline_revenue_per_customer,
        {{ uplift('revenue_per_customer', 'baseline_revenue_per_customer') }} as uplift_revenue,
        baseline_lifetime_revenue,
        baseline_ltv,
        {{ uplift('ltv', 'baseline_ltv') }} as uplift_ltv,
        index_customers,
        matched_customers,
        repeat_visits,
        baseline_repeat_visits,
        {{ uplift('repeat_visits', 'baseline_repeat_visits') }} as uplift_repeat_visits
    from valued
)

select * from final
