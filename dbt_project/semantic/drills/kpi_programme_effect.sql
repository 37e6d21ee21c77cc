-- The members of the form `enrolment` with their orders in the windows before and after the day on which they enrolled. The form
-- `launch` watches everybody from the programme's start in the same way; `matched` holds non-members of the same month and orders
-- (0, 1, 2, 3 or more in each half of the window before) against them, all of a cell for each of its members.
-- Записи — участники и их заказы в окнах до и после дня вступления (форма enrolment).
-- apart: matched_people, matched_numerator_before, matched_denominator_before, matched_numerator_after, matched_denominator_after,
-- matched_change, effect: the form `matched`.
-- apart: change: value_after less value_before.
-- only: form = 'enrolment' and metric <> 'churn_rate'
with orders as (
    select *
    from marts.orders
    where is_counted and channel_class <> 'marketplace' and not is_employee_purchase and not is_b2b
        and customer_id in (select customer_id from marts.customer_360 where not is_employee and not is_b2b)
),

bounds as (
    select
        (select min(ordered_on) from orders) as begins_on,
        cast(timezone(zone, timezone('UTC', (select max(published_at) from marts.publications))) as date) as as_of_on,
        zone,
        days
    from (select value as zone from marts.parameters where name = 'business.timezone')
    cross join (select cast(value as integer) as days from marts.parameters where name = 'loyalty.programme_effect_days')
),

members as (
    select customer_id, cast(timezone(zone, timezone('UTC', min(enrolled_at))) as date) as enrolled_on
    from marts.loyalty_accounts
    join marts.customer_360 using (customer_id)
    cross join bounds
    where enrolled_at is not null and (is_member or closed_at is not null)
        and not customer_360.is_employee and not customer_360.is_b2b
    group by customer_id, zone
),

records as (
    select
        members.customer_id,
        members.enrolled_on,
        'before' as period,
        members.enrolled_on - days as from_on,
        members.enrolled_on - days + days // 2 as middle_on,
        members.enrolled_on as to_on
    from members
    cross join bounds
    where members.enrolled_on - days >= begins_on and members.enrolled_on + 1 + days <= as_of_on

    union all

    select
        members.customer_id,
        members.enrolled_on,
        'after',
        members.enrolled_on + 1,
        members.enrolled_on + 1 + days // 2,
        members.enrolled_on + 1 + days
    from members
    cross join bounds
    where members.enrolled_on - days >= begins_on and members.enrolled_on + 1 + days <= as_of_on
),

bought as (
    select
        records.customer_id,
        records.period,
        count(orders.order_id) as orders,
        coalesce(sum(orders.net_revenue), 0) as revenue,
        count(*) filter (where orders.channel_class = 'online') as online_orders,
        count(*) filter (where orders.ordered_on < records.middle_on) as early_orders
    from records
    left join orders
        on orders.customer_id = records.customer_id and orders.ordered_on >= records.from_on and orders.ordered_on < records.to_on
    group by records.customer_id, records.period
),

compared as (
    select *
    from bought
    where customer_id in (select customer_id from bought where period = 'before' and orders > 0)
),

summed as (
    select
        period,
        count(*) as people,
        sum(revenue) as revenue,
        sum(orders) as orders,
        sum(online_orders) as online_orders,
        count(*) filter (where orders > 0) as buyers,
        count(*) filter (where early_orders > 0) as early,
        count(*) filter (where early_orders > 0 and early_orders = orders) as dropped
    from compared
    group by period
),

measured as (
    select
        period,
        people,
        unnest([
            {'metric': 'average_order_value', 'numerator': revenue, 'denominator': orders},
            {'metric': 'purchase_frequency', 'numerator': orders, 'denominator': buyers},
            {'metric': 'orders_per_customer', 'numerator': orders, 'denominator': people},
            {'metric': 'revenue_per_customer', 'numerator': revenue, 'denominator': people},
            {'metric': 'online_orders_per_customer', 'numerator': online_orders, 'denominator': people},
            {'metric': 'attrition_rate', 'numerator': dropped, 'denominator': early}
        ], recursive := true)
    from summed
)

select
    'enrolment' as form,
    metric,
    any_value(people) as people,
    max(numerator) filter (where period = 'before') as numerator_before,
    max(denominator) filter (where period = 'before') as denominator_before,
    max(numerator) filter (where period = 'after') as numerator_after,
    max(denominator) filter (where period = 'after') as denominator_after
from measured
group by metric
