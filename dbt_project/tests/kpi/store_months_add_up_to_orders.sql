-- The months of stores hold what kpi_sales_daily tells of receipts that name their store, and those of employees every order that
-- names who sold it.
with stores as (
    select
        coalesce(sum(orders_count), 0) as orders_count,
        coalesce(sum(order_revenue), 0) as order_revenue,
        coalesce(sum(returns_amount), 0) as returns_amount
    from {{ ref('kpi_store_monthly') }}
),

sales as (
    select
        coalesce(sum(orders_count), 0) as orders_count,
        coalesce(sum(order_revenue), 0) as order_revenue,
        coalesce(sum(returns_amount), 0) as returns_amount
    from {{ ref('kpi_sales_daily') }}
    where sales_channel = 'store' and store_id is not null
),

receipts as (
    select coalesce(sum(receipts_count), 0) as orders_count, coalesce(sum(net_revenue), 0) as order_revenue
    from {{ ref('orders') }}
    where is_counted and sales_channel = 'store' and store_id is not null
),

employees as (
    select coalesce(sum(orders_count), 0) as orders_count, coalesce(sum(order_revenue), 0) as order_revenue
    from {{ ref('kpi_employee_monthly') }}
),

sold as (
    select coalesce(sum(receipts_count), 0) as orders_count, coalesce(sum(net_revenue), 0) as order_revenue
    from {{ ref('orders') }}
    where is_counted and employee_id is not null
)

select 'stores' as kpis, stores.orders_count, sales.orders_count as orders_told
from stores
cross join sales
cross join receipts
where stores.orders_count <> sales.orders_count
    or stores.order_revenue <> sales.order_revenue
    or stores.orders_count <> receipts.orders_count
    or stores.order_revenue <> receipts.order_revenue
    or stores.returns_amount <> sales.returns_amount

union all

select 'employees' as kpis, employees.orders_count, sold.orders_count as orders_told
from employees
cross join sold
where employees.orders_count <> sold.orders_count or employees.order_revenue <> sold.order_revenue
