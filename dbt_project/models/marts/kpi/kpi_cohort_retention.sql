-- Customers by the month of their first counted order, followed month by month. Retained is who ordered in the month of that age; a
-- return lessens the month in which the goods came back. A cohort has a row for every age up to the month of the refresh, also
-- when nobody of it bought. Who is retained in the running month is not known yet: retained_customers and what they are divided by
-- (customers_known) are NULL in it.
with customer_months as (
    select * from {{ ref('int_customer_months') }}
),

ages as (
    select
        first_order_month,
        cast({{ dbt.datediff('first_order_month', 'month', 'month') }} as bigint) as age_months,
        max(month) as month,
        count(*) as customers,
        sum(case when orders_count > 0 then 1 else 0 end) as retained_customers,
        sum(orders_count) as orders_count,
        sum(order_revenue) as order_revenue,
        sum(returned_amount) as returned_amount,
        sum(net_revenue) as net_revenue,
        sum(margin_amount) as margin_amount
    from customer_months
    group by 1, 2
),

running as (
    select
        *,
        sum(net_revenue) over (partition by first_order_month order by age_months) as cumulative_net_revenue
    from ages
),

dated as (
    select *, {{ dbt.last_day('month', 'month') }} < {{ as_of_date() }} as is_month_over
    from running
),

final as (
    select
        first_order_month,
        age_months,
        month,
        is_month_over,
        cast(customers as bigint) as customers,
        cast(case when is_month_over then customers end as bigint) as customers_known,
        cast(case when is_month_over then retained_customers end as bigint) as retained_customers,
        case when is_month_over then {{ ratio('retained_customers', 'customers') }} end as retention_rate,
        cast(orders_count as bigint) as orders_count,
        cast(order_revenue as decimal(18, 2)) as order_revenue,
        cast(returned_amount as decimal(18, 2)) as returned_amount,
        cast(net_revenue as decimal(18, 2)) as net_revenue,
        cast(margin_amount as decimal(18, 2)) as margin_amount,
        cast(cumulative_net_revenue as decimal(18, 2)) as cumulative_net_revenue,
        {{ ratio('cumulative_net_revenue', 'customers') }} as cumulative_revenue_per_customer
    from dated
)

select * from final
