-- Months of people add up to their orders and returns; who was a customer at the start, came, lapsed and came back is who is one at
-- the end; and both forms of churn count the same people.
with orders as (
    {{ people_orders() }}
),

by_order as (
    select
        cast({{ dbt.date_trunc('month', 'ordered_on') }} as date) as month,
        count(*) as orders_count,
        sum(net_revenue) as order_revenue
    from orders
    group by 1
),

by_month as (
    select
        month,
        sum(orders_count) as orders_count,
        sum(order_revenue) as order_revenue,
        sum(churned_customers) as churned_customers,
        sum(customers_at_start) as customers_at_start,
        sum(opening_segment_churned_customers) as opening_segment_churned_customers,
        sum(opening_segment_customers) as opening_segment_customers,
        sum(active_customers) as active_customers,
        sum(new_customers) as new_customers
    from {{ ref('kpi_customer_value_monthly') }}
    group by month
),

by_cohort as (
    select month, sum(orders_count) as orders_count, sum(order_revenue) as order_revenue
    from {{ ref('kpi_cohort_retention') }}
    group by month
),

-- one who lapses, comes back and stays counts in each of the flows; who lapsed and was back within the month is a customer at its end
turned as (
    select
        month,
        sum(case when was_reactivated then 1 else 0 end) as reactivated_customers,
        sum(case when became_lapsed then 1 else 0 end) as lapsed_customers
    from {{ ref('int_customer_months') }}
    group by month
),

final as (
    select by_month.month
    from by_month
    left join by_order on by_month.month = by_order.month
    left join by_cohort on by_month.month = by_cohort.month
    left join turned on by_month.month = turned.month
    where by_month.orders_count <> coalesce(by_order.orders_count, 0)
        or by_month.order_revenue <> coalesce(by_order.order_revenue, 0)
        or by_month.orders_count <> coalesce(by_cohort.orders_count, 0)
        or by_month.order_revenue <> coalesce(by_cohort.order_revenue, 0)
        or by_month.churned_customers <> by_month.opening_segment_churned_customers
        or by_month.customers_at_start <> by_month.opening_segment_customers
        or by_month.customers_at_start + by_month.new_customers + coalesce(turned.reactivated_customers, 0)
        <> by_month.active_customers + coalesce(turned.lapsed_customers, 0)
)

select * from final
