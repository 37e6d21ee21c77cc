-- Who is compared, each with the orders of the window before and of the one after: members around the day on which they enrolled
-- (`member`, of the forms `enrolment` and `matched`), everybody around the programme's start (`launch`), and non-members around the middle
-- of a month (`other`), who stand beside members of the same month and orders (0, 1, 2, 3 or more) in each half of the window before.
-- Записи — те, кого сравнивают, с заказами в окнах до и после: участники вокруг дня вступления (member; формы enrolment и matched), все
-- вокруг запуска программы (launch) и неучастники вокруг середины месяца (other) с тем же месяцем и числом заказов (0, 1, 2, 3 и больше) в
-- каждой половине окна до. Отток (churn_rate) — та же пара окон, но по жизненному циклу: см. запрос kpi_customer_value_monthly.
-- only: metric <> 'churn_rate'
with orders as (
    select *
    from marts.orders
    where is_counted and channel_class <> 'marketplace' and not is_employee_purchase and not is_b2b
        and customer_id in (select customer_id from marts.customer_360 where not is_employee and not is_b2b)
),

bounds as (
    select
        (select min(ordered_on) from orders) as begins_on,
        cast(timezone(zone, timezone('UTC', (select max(refreshed_at) from marts.load_reconciliation))) as date) as as_of_on,
        days
    from (select value as zone from marts.parameters where name = 'business.timezone')
    cross join (select cast(value as integer) as days from marts.parameters where name = 'loyalty.programme_effect_days')
),

members as (
    select customer_id, cast(timezone(zone, timezone('UTC', min(enrolled_at))) as date) as enrolled_on
    from marts.loyalty_accounts
    join marts.customer_360 using (customer_id)
    cross join (select value as zone from marts.parameters where name = 'business.timezone')
    where enrolled_at is not null and (is_member or closed_at is not null)
        and not customer_360.is_employee and not customer_360.is_b2b
    group by customer_id, zone
),

launches as (
    select coalesce((select min(programme_started_on) from marts.loyalty_accounts), (select min(enrolled_on) from members)) as launched_on
),

months as (
    select distinct month + 14 as middle_on from marts.dates
),

watched as (
    select distinct 'launch' as side, customer_id, launched_on as before_to, launched_on as after_from
    from launches
    cross join bounds
    join orders on ordered_on >= launched_on - days and ordered_on < launched_on + days

    union all

    select 'member', customer_id, enrolled_on, enrolled_on + 1 from members

    union all

    select 'other', buyers.customer_id, middle_on, middle_on + 1
    from (select distinct customer_id from orders) as buyers
    cross join months
    cross join bounds
    left join members using (customer_id)
    where enrolled_on is null or enrolled_on > middle_on + days
),

records as (
    select
        side,
        customer_id,
        cast(date_trunc('month', before_to) as date) as month,
        before_to,
        after_from,
        sum(net_revenue) filter (where ordered_on < before_to) as revenue_before,
        count(*) filter (where ordered_on < before_to) as orders_before,
        count(*) filter (where ordered_on < before_to and channel_class = 'online') as online_orders_before,
        count(*) filter (where ordered_on < before_to - days + days // 2) as early_orders_before,
        sum(net_revenue) filter (where ordered_on >= after_from) as revenue_after,
        count(*) filter (where ordered_on >= after_from) as orders_after,
        count(*) filter (where ordered_on >= after_from and channel_class = 'online') as online_orders_after,
        count(*) filter (where ordered_on >= after_from and ordered_on < after_from + days // 2) as early_orders_after
    from watched
    cross join bounds
    join orders using (customer_id)
    where before_to - days >= begins_on and after_from + days <= as_of_on
        and ordered_on >= before_to - days and ordered_on < after_from + days
    group by all
    having side = 'launch' or orders_before > 0
),

measured as (
    select
        side,
        month,
        least(early_orders_before, 3) as older_band,
        least(orders_before - early_orders_before, 3) as newer_band,
        period,
        count(*) as people,
        sum(coalesce(revenue, 0)) as revenue,
        sum(orders) as orders,
        sum(online_orders) as online_orders,
        count(*) filter (where orders > 0) as buyers,
        count(*) filter (where early_orders > 0) as early,
        count(*) filter (where early_orders > 0 and early_orders = orders) as dropped
    from (
        select *, 'before' as period, revenue_before as revenue, orders_before as orders, online_orders_before as online_orders,
            early_orders_before as early_orders
        from records

        union all by name

        select *, 'after' as period, revenue_after as revenue, orders_after as orders, online_orders_after as online_orders,
            early_orders_after as early_orders
        from records
    )
    group by all
),

cells as (
    select
        side,
        month,
        older_band,
        newer_band,
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
    from measured
),

forms as (
    select if(side = 'launch', 'launch', 'enrolment') as form, * exclude (side), null as other_people, null as other_numerator,
        null as other_denominator
    from cells
    where side in ('launch', 'member')

    union all by name

    select
        'matched' as form,
        own.* exclude (side),
        others.people as other_people,
        own.people * others.numerator / others.people as other_numerator,
        own.people * others.denominator / others.people as other_denominator
    from cells as own
    join cells as others using (month, older_band, newer_band, period, metric)
    where own.side = 'member' and others.side = 'other'
),

summed as (
    select
        form,
        metric,
        sum(people) filter (where period = 'before') as people,
        sum(other_people) filter (where period = 'before') as matched_people,
        sum(numerator) filter (where period = 'before') as numerator_before,
        sum(denominator) filter (where period = 'before') as denominator_before,
        sum(numerator) filter (where period = 'after') as numerator_after,
        sum(denominator) filter (where period = 'after') as denominator_after,
        sum(other_numerator) filter (where period = 'before') as matched_numerator_before,
        sum(other_denominator) filter (where period = 'before') as matched_denominator_before,
        sum(other_numerator) filter (where period = 'after') as matched_numerator_after,
        sum(other_denominator) filter (where period = 'after') as matched_denominator_after
    from forms
    group by form, metric
)

select
    *,
    numerator_after / nullif(denominator_after, 0) - numerator_before / nullif(denominator_before, 0) as change,
    matched_numerator_after / nullif(matched_denominator_after, 0)
    - matched_numerator_before / nullif(matched_denominator_before, 0) as matched_change,
    change - matched_change as effect
from summed
