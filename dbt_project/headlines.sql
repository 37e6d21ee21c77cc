-- (name, value, format) in the order they are shown. Money and orders are of all time; what ages is of the last 30 days or
-- 12 months before the publication. Sums of parts first, then one division; nothing to divide by gives NULL, never 0.
with as_of as (
    -- the business day of the publication, as everywhere else
    select cast(timezone(max(parameters.value), timezone('UTC', max(publications.published_at))) as date) as today
    from marts.publications
    cross join (select value from marts.parameters where name = 'business.timezone') as parameters
),

sales as (
    select sum(orders_count) as orders, sum(net_revenue) as net_revenue, sum(order_revenue) as order_revenue from marts.kpi_sales_daily
),

people as (
    select orders.customer_id, count(*) as orders
    from marts.orders
    where orders.is_counted and orders.customer_id is not null and not orders.is_employee_purchase and not orders.is_b2b
    group by orders.customer_id
),

shoppers as (
    select
        count(*) filter (where shopper_type = 'omnichannel') as omnichannel,
        count(*) filter (where shopper_type in ('omnichannel', 'online_only', 'offline_only')) as buyers
    from marts.customer_360
    where not is_employee and not is_b2b
),

members as (
    select arg_max(members, month) as members, arg_max(known_customers, month) as known_customers from marts.kpi_loyalty_monthly
),

points as (
    select sum(points_redeemed) as redeemed, sum(points_issued) as issued
    from marts.kpi_loyalty_monthly, as_of
    where month > as_of.today - interval 12 month
),

email as (
    select sum(delivered) as delivered, sum(opened) as opened, sum(clicked) as clicked
    from marts.kpi_messaging_daily, as_of
    where channel = 'email' and day > as_of.today - interval 30 day
),

subscribers as (
    -- of one channel, since whoever is new in two is one of the people of each
    select sum(new_subscribers) as new_subscribers
    from marts.kpi_subscribers_daily, as_of
    where channel = 'email' and day > as_of.today - interval 30 day
),

pressure as (
    select sum(messages_7d) as messages, count(*) as people from marts.customer_360 where messages_7d > 0
)

select 'orders' as name, orders as value, 'count' as format from sales
union all select 'net revenue', net_revenue, 'money' from sales
union all select 'average order value', order_revenue / nullif(orders, 0), 'money' from sales
union all select 'buyers', count(*), 'count' from people
union all select 'purchase frequency (orders per buyer)', sum(orders) / nullif(count(*), 0), 'number' from people
union all select 'omnichannel share (12 months)', omnichannel / nullif(buyers, 0), 'share' from shoppers
union all select 'loyalty participation rate', members / nullif(known_customers, 0), 'share' from members
union all select 'points redemption rate (12 months)', redeemed / nullif(issued, 0), 'share' from points
union all select 'e-mail open rate (30 days)', opened / nullif(delivered, 0), 'share' from email
union all select 'e-mail click-through rate (30 days)', clicked / nullif(delivered, 0), 'small share' from email
union all select 'new e-mail subscribers (30 days)', new_subscribers, 'count' from subscribers
union all select 'messages per person reached (7 days)', messages / nullif(people, 0), 'number' from pressure
