-- The customers of a cohort with what they bought and brought back in each month of its age.
-- Записи — клиенты когорты и то, что они купили и вернули в каждом месяце её возраста.
-- where age_months = N (cumulative_net_revenue): age_months <= N
with orders as (
    select *
    from marts.orders
    where is_counted and channel_class <> 'marketplace' and not is_employee_purchase and not is_b2b
        and customer_id in (select customer_id from marts.customer_360 where not is_employee and not is_b2b)
),

cohorts as (
    select customer_id, cast(date_trunc('month', min(ordered_on)) as date) as first_order_month
    from orders
    group by customer_id
),

facts as (
    select customer_id, cast(date_trunc('month', ordered_on) as date) as month, receipts_count, net_revenue, margin_amount, 0 as returned
    from orders

    union all by name

    select orders.customer_id, cast(date_trunc('month', returns.returned_on) as date) as month, returns.amount as returned
    from marts.returns
    join orders using (order_id)
    where returns.is_counted
),

records as (
    select
        first_order_month,
        ages.age_months,
        ages.is_month_over,
        customer_id,
        sum(receipts_count) as orders_count,
        sum(net_revenue) as order_revenue,
        sum(returned) as returned_amount,
        sum(margin_amount) as margin_amount
    from cohorts
    join (select first_order_month, age_months, month, is_month_over from marts.kpi_cohort_retention) as ages using (first_order_month)
    left join facts using (customer_id, month)
    group by all
),

summed as (
    select
        first_order_month,
        age_months,
        count(*) as customers,
        if(is_month_over, count(*), null) as customers_known,
        if(is_month_over, count(*) filter (where orders_count > 0), null) as retained_customers,
        coalesce(sum(orders_count), 0) as orders_count,
        coalesce(sum(order_revenue), 0) as order_revenue,
        coalesce(sum(returned_amount), 0) as returned_amount,
        coalesce(sum(order_revenue), 0) - coalesce(sum(returned_amount), 0) as net_revenue,
        coalesce(sum(margin_amount), 0) as margin_amount
    from records
    group by first_order_month, age_months, is_month_over
)

select *, sum(net_revenue) over (partition by first_order_month order by age_months) as cumulative_net_revenue
from summed
