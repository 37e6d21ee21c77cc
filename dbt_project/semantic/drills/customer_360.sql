-- The orders of a customer, and what the purchase model is told of them: repeat days (x), weeks to the last one (t_x) and to today (age).
-- The simple value is that of the customer's segment (shopper type and membership): in place of the last select, the customers of a
-- segment stand in `select * from segment_people`, those that it began the last 365 days with in `select * from began`.
-- Записи — заказы клиента и то, что о них знает модель покупок: повторные дни (x), недели до последнего (t_x) и до сегодня (age). Простая
-- ценность — ценность сегмента клиента (тип покупателя и участие в программе): вместо последнего select клиентов сегмента покажет
-- `select * from segment_people`, а тех, с кем он начал последние 365 дней, — `select * from began`.
-- apart: clv_predicted_12m_margin: a forecast; its inputs per person are x, t_x, age and the values of the repeat days below, its
-- parameters stand in marts.clv_models. Прогноз: входы по человеку — x, t_x, age и суммы повторных дней, параметры — в marts.clv_models.
with records as (
    select orders.*
    from marts.orders
    where is_counted and customer_id is not null and channel_class <> 'marketplace'
),

today as (
    select cast(timezone(value, timezone('UTC', (select max(refreshed_at) from marts.load_reconciliation))) as date) as as_of_on
    from marts.parameters where name = 'business.timezone'
),

people_orders as (
    select * from records
    where not is_employee_purchase and not is_b2b
        and customer_id in (select customer_id from marts.customer_360 where not is_employee and not is_b2b)
),

histories as (
    select
        customer_id,
        count(distinct ordered_on) - 1 as x,
        (max(ordered_on) - min(ordered_on)) / 7.0 as t_x,
        (any_value(as_of_on) - min(ordered_on)) / 7.0 as age
    from people_orders
    cross join today
    group by customer_id
),

memberships as (
    select
        customer_id,
        cast(timezone(zone, timezone('UTC', min(enrolled_at))) as date) as enrolled_on,
        if(count(*) filter (where closed_at is null) = 0,
            cast(timezone(zone, timezone('UTC', max(closed_at))) as date), null) as left_on
    from marts.loyalty_accounts
    cross join (select value as zone from marts.parameters where name = 'business.timezone')
    where enrolled_at is not null and (is_member or closed_at is not null)
    group by customer_id, zone
),

-- Who is in a segment today, with the orders of the last 365 days.
segment_people as (
    select
        customer_360.shopper_type,
        customer_360.is_loyalty_member,
        histories.customer_id,
        count(people_orders.order_id) as orders_count,
        sum(people_orders.net_revenue) as order_revenue,
        sum(people_orders.margin_amount) as margin_amount
    from histories
    join marts.customer_360 using (customer_id)
    cross join today
    left join people_orders on people_orders.customer_id = histories.customer_id and people_orders.ordered_on > as_of_on - 365
    group by all
),

gaps as (
    select
        customer_id,
        ordered_on,
        coalesce(lead(ordered_on) over (partition by customer_id order by ordered_on), as_of_on + 1) as next_on,
        ordered_on + lapsed_days + 1 as lapsed_on
    from (select distinct customer_id, ordered_on from people_orders)
    cross join today
    join marts.lifecycle_thresholds as thresholds on thresholds.year = year(as_of_on)
),

-- Who had not lapsed 365 days ago, in the segment of that day, and whether they have since.
began as (
    select
        case
            when bool_or(channel_class = 'online') and bool_or(channel_class = 'offline') then 'omnichannel'
            when bool_or(channel_class = 'online') then 'online_only'
            when bool_or(channel_class = 'offline') then 'offline_only'
            else 'no_purchase'
        end as shopper_type,
        exists (
            select 1
            from memberships
            where memberships.customer_id = customers.customer_id
                and enrolled_on <= begins_on and (left_on is null or left_on > begins_on)
        ) as is_loyalty_member,
        customers.customer_id,
        exists (
            select 1
            from gaps
            where gaps.customer_id = customers.customer_id and lapsed_on > begins_on and lapsed_on < next_on
        ) as has_lapsed
    from (
        select customer_id, as_of_on - 365 as begins_on
        from gaps
        cross join today
        where ordered_on <= begins_on and next_on > begins_on and lapsed_on > begins_on
    ) as customers
    cross join (select cast(value as integer) as window_days from marts.parameters where name = 'sales.omnichannel_window_days')
    left join people_orders
        on people_orders.customer_id = customers.customer_id
            and people_orders.ordered_on <= begins_on and people_orders.ordered_on > begins_on - window_days
    group by customers.customer_id, begins_on
),

churn as (
    select shopper_type, is_loyalty_member, count(*) as customers_a_year_ago, count(*) filter (where has_lapsed) as churned_customers
    from began
    group by all
),

-- A segment's average order × orders a year × years × margin. Years: 1 / churn and at most so many; unknown before anybody can have lapsed.
segments as (
    select
        shopper_type,
        is_loyalty_member,
        cast(sum(order_revenue) as double) / nullif(sum(orders_count), 0) as average_order_value,
        sum(orders_count) / nullif(count(*) filter (where orders_count > 0), 0) as purchase_frequency_per_year,
        case
            when any_value(customers_a_year_ago) > 0 and any_value(has_lapses) then least(
                coalesce(any_value(customers_a_year_ago) / nullif(any_value(churned_customers), 0), any_value(years_at_most)),
                any_value(years_at_most)
            )
        end as lifespan_years,
        cast(sum(margin_amount) as double) / nullif(cast(sum(order_revenue) as double), 0) as margin_rate
    from segment_people
    left join churn using (shopper_type, is_loyalty_member)
    cross join (select min(lapsed_on) <= any_value(as_of_on) as has_lapses from gaps cross join today)
    cross join (select cast(value as double) as years_at_most from marts.parameters where name = 'customer_value.lifespan_years_at_most')
    group by all
),

summed as (
    select
        customer_id,
        sum(net_revenue - returned_amount) as clv_historic_revenue,
        cast(sum(if(net_revenue = 0, cast(margin_amount as double),
            cast(net_revenue - returned_amount as double) * cast(margin_amount as double) / cast(net_revenue as double)
        )) as decimal(18, 2)) as clv_historic_margin
    from records
    group by all
)

select
    customer_id,
    clv_historic_revenue,
    clv_historic_margin,
    cast(average_order_value * purchase_frequency_per_year * lifespan_years * margin_rate as decimal(18, 2)) as clv_simple_margin,
    case
        when models.r is null then null
        when x = 0 then 1
        else 1 / (1 + a / (b + x - 1) * ((alpha + age) / (alpha + t_x)) ** (r + x))
    end as p_alive
from summed
join (select customer_id, shopper_type, is_loyalty_member from marts.customer_360) as customers using (customer_id)
left join histories using (customer_id)
left join (select * from marts.clv_models where fit = 'in_force') as models on histories.customer_id is not null
left join segments
    on segments.shopper_type = customers.shopper_type and segments.is_loyalty_member = customers.is_loyalty_member
        and histories.customer_id is not null
