-- The touches before the orders of a month with the credit that each model gives them, and what the channels cost.
-- Записи — касания перед заказами месяца с долей, которую даёт каждая модель; рядом затраты каналов.
-- apart: model_credit, fit_conversions, removal_effect: they are fitted over all paths of attribution.fit_months
-- (marts.kpi_conversion_paths), not order by order.
with known as (
    select
        cast(date_trunc('month', ordered_on) as date) as month,
        sum(receipts_count) as itemised_orders,
        sum(receipts_count) filter (where customer_id is not null) as identified_orders,
        sum(receipts_count) filter (
            where order_id in (select order_id from marts.order_attribution where channel <> 'unattributed')
        ) as orders_with_source
    from marts.orders
    where is_counted and sales_channel <> 'marketplace' and order_kind <> 'shift_report'
    group by 1
),

records as (
    select
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
    coalesce(sum(records.credited_margin), 0) - any_value(costs.cost) as credited_profit,
    any_value(known.orders_with_source) as orders_with_source,
    any_value(known.itemised_orders) as itemised_orders,
    any_value(known.identified_orders) as identified_orders,
    round(sum(records.assumed_cost_amount), 2) as assumed_cost_amount
from (select distinct month, channel, model from marts.kpi_attribution_monthly) as cells
left join records using (month, channel, model)
left join costs using (month, channel)
left join known using (month)
group by all
