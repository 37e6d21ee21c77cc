-- The credits of each of the eight models add up to their order, its revenue and its margin to the kopeck, for every order outside
-- marketplaces; and by month kpi_attribution_monthly and kpi_conversion_paths tell the same sums, and what Markov credits
-- the channels with adds up to the orders that it is fitted on.
with orders as (
    select * from {{ ref('orders') }}
    where is_counted and sales_channel <> 'marketplace'
),

credited as (
    select
        order_id,
        model,
        sum(credit) as credit,
        sum(credited_revenue) as credited_revenue,
        sum(credited_margin) as credited_margin
    from {{ ref('order_attribution') }}
    group by order_id, model
),

compared as (
    select
        orders.order_id,
        count(credited.model) as models,
        count(
            case
                when credited.credited_revenue = orders.net_revenue
                    and credited.credited_margin = orders.margin_amount
                    and abs(credited.credit - 1) < 0.000000001
                    then 1
            end
        ) as whole
    from orders
    left join credited on orders.order_id = credited.order_id
    group by orders.order_id
),

months as (
    select
        cast({{ dbt.date_trunc('month', 'ordered_on') }} as date) as month,
        sum(receipts_count) as orders_count,
        sum(net_revenue) as revenue,
        sum(margin_amount) as margin
    from orders
    group by 1
),

of_models as (
    select
        month,
        model,
        sum(credited_orders) as orders_count,
        sum(credited_revenue) as revenue,
        sum(credited_margin) as margin
    from {{ ref('kpi_attribution_monthly') }}
    group by month, model
),

of_markov as (
    select marts.month, sum(marts.model_credit) as model_credit, max(marts.fit_conversions) as fit_conversions
    from {{ ref('kpi_attribution_monthly') }} as marts
    inner join (select distinct month from {{ ref('int_removal_effects') }}) as fitted on marts.month = fitted.month
    where marts.model = 'markov' and marts.channel <> 'unattributed'
    group by marts.month
),

of_paths as (
    select month, sum(orders) as orders_count, sum(revenue) as revenue
    from {{ ref('kpi_conversion_paths') }}
    group by month
),

final as (
    select order_id as what, 'a model does not credit the whole order' as what_is_wrong
    from compared
    where models <> 8 or whole <> 8

    union all

    select credited.order_id as what, 'credited, but no counted order' as what_is_wrong
    from credited
    left join orders on credited.order_id = orders.order_id
    where orders.order_id is null

    union all

    select of_models.model as what, 'a month of kpi_attribution_monthly is not its orders' as what_is_wrong
    from of_models
    left join months on of_models.month = months.month
    where abs(of_models.orders_count - coalesce(months.orders_count, 0)) > 0.000001
        or of_models.revenue <> coalesce(months.revenue, 0)
        or of_models.margin <> coalesce(months.margin, 0)

    union all

    select 'markov' as what, 'a month of kpi_attribution_monthly does not share out its conversions' as what_is_wrong
    from of_markov
    where abs(model_credit - fit_conversions) > 0.000001

    union all

    select 'paths' as what, 'a month of kpi_conversion_paths is not its orders' as what_is_wrong
    from months
    left join of_paths on months.month = of_paths.month
    where coalesce(of_paths.orders_count, -1) <> months.orders_count or coalesce(of_paths.revenue, -1) <> months.revenue
)

select * from final
