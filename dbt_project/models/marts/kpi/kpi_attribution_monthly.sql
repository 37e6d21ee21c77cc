-- A month of a channel in the eyes of one model: what order_attribution credits it with for orders placed in the month, beside what
-- the channel cost in the month. Cost, impressions and clicks stand in the rows of every model, and orders whose source is known in
-- every row of the month: sum them within one model, and within one channel. A cost is divided by credited_orders_with_cost alone: who sums
-- over channels must not divide it by orders of channels of which nobody knows what they cost.
-- Two forms: credited_* sums the credits of the month's orders. model_credit is the channel's total by the model itself over the
-- attribution.fit_months up to the end of the month: of Markov removal effect / sum of removal effects x orders with a touch; of the
-- others, which judge order by order, the sum of their credits. Credits are added up as decimals, so that a sum does not
-- hang on the order of its rows.
-- A channel has a row for a month in which anything is credited to it by any model, in its fit window, or it cost anything. Markov credits
-- also a channel that no order of the window came from, when people who bought nothing went on from it to one that sells.
{% set models = ['first_touch', 'last_touch', 'last_significant', 'linear', 'position_based', 'time_decay', 'markov', 'shapley'] -%}
with orders as (
    select *, cast({{ dbt.date_trunc('month', 'ordered_on') }} as date) as month
    from {{ ref('orders') }}
    where is_counted and sales_channel <> 'marketplace'
),

credits as (
    select
        credits.*,
        orders.month,
        cast(credits.credit as decimal(20, 15)) * cast(orders.receipts_count as decimal(9, 0)) as credited_orders,
        cast(credits.credit as decimal(20, 15)) * orders.assumed_cost_amount as credited_assumed_cost
    from {{ ref('order_attribution') }} as credits
    inner join orders on credits.order_id = orders.order_id
),

credited as (
    select
        month,
        channel,
        model,
        sum(credited_orders) as credited_orders,
        sum(credited_revenue) as credited_revenue,
        sum(credited_margin) as credited_margin,
        sum(credited_assumed_cost) as assumed_cost_amount
    from credits
    group by month, channel, model
),

months as (
    select distinct month from {{ ref('dates') }}
    where month <= {{ as_of_date() }}
),

windows as (
    select
        month,
        {{ dbt.dateadd('month', -1 * rule('attribution.fit_months'), 'month') }} as starts_after
    from months
),

in_window as (
    select windows.month, credited.channel, credited.model, sum(credited.credited_orders) as orders_in_window
    from windows
    inner join credited on credited.month <= windows.month and credited.month > windows.starts_after
    where exists (select 1 from orders where orders.month = windows.month)
    group by windows.month, credited.channel, credited.model
),

conversions as (
    select month, sum(orders_in_window) as fit_conversions
    from in_window
    where model = 'linear' and channel <> 'unattributed'
    group by month
),

effects as (
    select *, cast(sum(cast(removal_effect as decimal(18, 17))) over (partition by month) as double) as effects_of_all
    from {{ ref('int_removal_effects') }}
),

costs as (
    select
        cast({{ dbt.date_trunc('month', 'cost_on') }} as date) as month,
        channel,
        sum(impressions) as impressions,
        sum(clicks) as clicks,
        sum(cost) as cost
    from {{ ref('channel_costs') }}
    where cost_on <= {{ as_of_date() }}
    group by 1, 2
),

known as (
    select
        orders.month,
        count(*) as itemised_orders,
        count(touched.order_id) as orders_with_source,
        count(orders.customer_id) as identified_orders
    from orders
    left join (select distinct order_id from {{ ref('int_order_touches') }}) as touched on orders.order_id = touched.order_id
    where orders.order_kind <> 'shift_report'
    group by orders.month
),

channels as (
    select month, channel from in_window
    union
    select month, channel from effects where removal_effect > 0.000000001  -- less is the rounding of a matrix
    union
    select month, channel from costs
),

models as (
    {%- for model in models %}
    select '{{ model }}' as model
    {{ 'union all' if not loop.last }}
    {%- endfor %}
),

joined as (
    select
        channels.month,
        channels.channel,
        models.model,
        cast(round(coalesce(credited.credited_orders, 0), 15) as double) as credited_orders,
        cast(coalesce(credited.credited_revenue, 0) as decimal(18, 2)) as credited_revenue,
        cast(coalesce(credited.credited_margin, 0) as decimal(18, 2)) as credited_margin,
        {# the fifteenth digit of a credit decides over no kopeck: half a kopeck goes up #}
        cast(round(round(coalesce(credited.assumed_cost_amount, 0), 8), 2) as decimal(18, 2)) as assumed_cost_amount,
        case
            when models.model = 'markov' and channels.channel <> 'unattributed'
                then round(
                    coalesce(effects.removal_effect / effects.effects_of_all, 0)
                    * cast(round(coalesce(conversions.fit_conversions, 0)) as double), 12
                )
            else cast(round(coalesce(in_window.orders_in_window, 0), 15) as double)
        end as model_credit,
        cast(round(coalesce(conversions.fit_conversions, 0)) as bigint) as fit_conversions,
        case when models.model = 'markov' then effects.removal_effect end as removal_effect,
        costs.impressions,
        costs.clicks,
        costs.cost,
        cast(coalesce(known.orders_with_source, 0) as bigint) as orders_with_source,
        cast(coalesce(known.itemised_orders, 0) as bigint) as itemised_orders,
        cast(coalesce(known.identified_orders, 0) as bigint) as identified_orders
    from channels
    cross join models
    left join credited
        on channels.month = credited.month and channels.channel = credited.channel and models.model = credited.model
    left join in_window
        on channels.month = in_window.month and channels.channel = in_window.channel and models.model = in_window.model
    left join effects on channels.month = effects.month and channels.channel = effects.channel
    left join conversions on channels.month = conversions.month
    left join costs on channels.month = costs.month and channels.channel = costs.channel
    left join known on channels.month = known.month
),

final as (
    select
        month,
        channel,
        model,
        credited_orders,
        credited_revenue,
        credited_margin,
        assumed_cost_amount,
        model_credit,
        fit_conversions,
        removal_effect,
        cast(impressions as bigint) as impressions,
        cast(clicks as bigint) as clicks,
        cast(cost as decimal(18, 2)) as cost,
        case when cost is not null then credited_orders end as credited_orders_with_cost,
        {{ ratio('cost', 'case when cost is not null then credited_orders end') }} as cost_per_order,
        cast(credited_margin - cost as decimal(18, 2)) as credited_profit,
        {{ ratio('credited_margin - cost', 'cost') }} as roi,
        orders_with_source,
        itemised_orders,
        {{ ratio('orders_with_source', 'itemised_orders') }} as source_known_share,
        identified_orders,
        {{ ratio('orders_with_source', 'identified_orders') }} as identified_source_known_share
    from joined
)

select * from final
