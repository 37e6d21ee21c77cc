-- The orders of a customer, and what the purchase model is told of them: repeat days (x), weeks to the last one (t_x) and to today (age).
-- Записи — заказы клиента и то, что о них знает модель покупок: повторные дни (x), недели до последнего (t_x) и до сегодня (age).
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

histories as (
    select
        customer_id,
        count(distinct ordered_on) - 1 as x,
        (max(ordered_on) - min(ordered_on)) / 7.0 as t_x,
        (any_value(as_of_on) - min(ordered_on)) / 7.0 as age
    from records
    cross join today
    where not is_employee_purchase and not is_b2b
        and customer_id in (select customer_id from marts.customer_360 where not is_employee and not is_b2b)
    group by customer_id
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
    segments.clv_simple_margin,
    case
        when models.r is null then null
        when x = 0 then 1
        else 1 / (1 + a / (b + x - 1) * ((alpha + age) / (alpha + t_x)) ** (r + x))
    end as p_alive
from summed
join (select customer_id, shopper_type, is_loyalty_member from marts.customer_360) as customers using (customer_id)
left join histories using (customer_id)
left join (select * from marts.clv_models where fit = 'in_force') as models on histories.customer_id is not null
left join marts.clv_segments as segments
    on segments.shopper_type = customers.shopper_type and segments.is_loyalty_member = customers.is_loyalty_member
        and histories.customer_id is not null
