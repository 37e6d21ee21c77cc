-- The touches before the orders of a month with the credit that each model gives them, what the channels cost (by month and channel),
-- and the orders themselves (by month).
-- Записи — касания перед заказами месяца с долей, которую даёт каждая модель, затраты каналов (по месяцу и каналу) и заказы (по месяцу).
-- where month = N (model_credit, fit_conversions): month <= N and month > N - to_months((select fit_months from rules))
-- where channel = N (model_credit): (channel = N or N <> 'unattributed' and model = 'markov' and channel <> 'unattributed')
-- where channel = N (fit_conversions): channel <> 'unattributed'
-- where model = N (fit_conversions): model = 'linear'
-- where model = N (credited_profit): (model = N or kind = 'cost')
-- Of the fit window are all of its months. Окно расчёта — все его месяцы.
-- apart: removal_effect: it is fitted over all paths of attribution.fit_months (marts.kpi_conversion_paths) together; Markov's
-- model_credit is the orders of that window, shared by it. Эффект удаления оценивается по всем путям окна сразу; итог Маркова — заказы
-- этого окна, поделённые по нему.
with rules as (
    select cast(value as integer) as fit_months from marts.parameters
    where name = 'attribution.fit_months'
),

orders as (
    select *, cast(date_trunc('month', ordered_on) as date) as month
    from marts.orders
    where is_counted and sales_channel <> 'marketplace' and order_kind <> 'shift_report'
),

known as (
    select
        month,
        sum(receipts_count) as itemised_orders,
        sum(receipts_count) filter (where customer_id is not null) as identified_orders,
        sum(receipts_count) filter (
            where order_id in (select order_id from marts.order_attribution where channel <> 'unattributed')
        ) as orders_with_source
    from orders
    group by month
),

records as (
    select
        'credit' as kind,
        cast(date_trunc('month', credits.ordered_on) as date) as month,
        credits.channel,
        credits.model,
        credits.order_id,
        credits.touchpoint_id,
        credits.occurred_at,
        credits.credit * orders.receipts_count as credit,
        credits.credited_revenue,
        credits.credited_margin,
        if(credits.credit = 0, 0, credits.credit * orders.assumed_cost_amount) as assumed_cost_amount
    from marts.order_attribution as credits
    join marts.orders using (order_id)

    union all by name

    select 'cost' as kind, cast(date_trunc('month', cost_on) as date) as month, channel, cost_on, campaign_id, impressions, clicks, cost
    from marts.channel_costs

    union all by name

    select 'order' as kind, month, order_id, ordered_at as occurred_at, customer_id, receipts_count from orders
),

costs as (
    select
        cast(date_trunc('month', cost_on) as date) as month,
        channel,
        sum(impressions) as impressions,
        sum(clicks) as clicks,
        sum(cost) as cost
    from marts.channel_costs
    group by all
),

cells as (
    select month, channel, model, removal_effect from marts.kpi_attribution_monthly
),

-- The orders of the months that a model is fitted on.
in_window as (
    select cells.month, cells.channel, cells.model, sum(records.credit) as orders_in_window
    from cells
    cross join rules
    join records
        on records.channel = cells.channel and records.model = cells.model
            and records.month <= cells.month and records.month > cells.month - to_months(fit_months)
    where cells.month in (select month from known)
    group by all
),

conversions as (
    select month, round(sum(orders_in_window)) as fit_conversions
    from in_window
    where model = 'linear' and channel <> 'unattributed'
    group by month
)

select
    month,
    channel,
    model,
    coalesce(sum(records.credit), 0) as credited_orders,
    coalesce(sum(records.credited_revenue), 0) as credited_revenue,
    coalesce(sum(records.credited_margin), 0) as credited_margin,
    any_value(costs.impressions) as impressions,
    any_value(costs.clicks) as clicks,
    any_value(costs.cost) as cost,
    if(any_value(costs.cost) is null, null, coalesce(sum(records.credit), 0)) as credited_orders_with_cost,
    coalesce(sum(records.credited_margin), 0) - any_value(costs.cost) as credited_profit,
    any_value(known.orders_with_source) as orders_with_source,
    any_value(known.itemised_orders) as itemised_orders,
    any_value(known.identified_orders) as identified_orders,
    coalesce(round(sum(records.assumed_cost_amount)::decimal(28, 8), 2), 0) as assumed_cost_amount,
    coalesce(any_value(fit_conversions), 0) as fit_conversions,
    if(model = 'markov' and channel <> 'unattributed',
        coalesce(any_value(removal_effect) / sum(any_value(removal_effect)) over (partition by month, model), 0)
        * any_value(fit_conversions),
        coalesce(any_value(orders_in_window), 0)) as model_credit
from cells
left join in_window using (month, channel, model)
left join conversions using (month)
left join records using (month, channel, model)
left join costs using (month, channel)
left join known using (month)
group by month, channel, model
