-- Who is compared, each with the orders of the window before and of the one after: members around the day on which they enrolled (side
-- member, once in the form enrolment and once in matched), everybody around the programme's start (launch), and non-members around the
-- middle of a month (side other of the form matched), who stand beside members of the same month and orders (0, 1, 2, 3 or more) in each
-- half of the window before. Churn: was not lapsed the day before a window (alive), and grew lapsed in it (lapsed), by the lifecycle;
-- NULL where the history is too short for it.
-- Записи — те, кого сравнивают, с заказами в окнах до и после: участники вокруг дня вступления (side member: один раз в форме enrolment,
-- второй — в matched), все вокруг запуска программы (launch) и неучастники вокруг середины месяца (side other формы matched) с тем же
-- месяцем и числом заказов (0, 1, 2, 3 и больше) в каждой половине окна до. Отток: за день до окна ещё не был в оттоке (alive) и ушёл в
-- отток в самом окне (lapsed) по жизненному циклу; пусто, если для этого мало истории.
-- where metric = N: true
-- A record serves every metric: order values and frequencies by revenue_ and orders_, attrition by early_orders_, churn by
-- alive_ and lapsed_.
-- Запись участвует в каждой метрике: чек и частота — revenue_ и orders_, отсев — early_orders_, отток — alive_ и lapsed_.
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

bought as (
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

-- Days with orders, each with the next one of the same customer.
gaps as (
    select
        customer_id,
        ordered_on,
        lead(ordered_on) over (partition by customer_id order by ordered_on) as next_on,
        min(ordered_on) over (partition by customer_id) + new_days as settled_on
    from (select distinct customer_id, ordered_on from orders)
    cross join (select cast(value as integer) as new_days from marts.parameters where name = 'lifecycle.new_days')
),

-- Where churn can be known: the windows of each, and the last order before them.
windows as (
    select side, customer_id, month, period, from_on, from_on + days as to_on, days
    from (
        select side, customer_id, month, before_to - days as before_from, 'before' as period, before_to - days as from_on
        from bought
        cross join bounds

        union all

        select side, customer_id, month, before_to - days, 'after', after_from
        from bought
        cross join bounds
    )
    cross join bounds
    join marts.lifecycle_thresholds as thresholds on thresholds.year = year(before_from)
    where before_from - begins_on >= lapsed_days and lapsed_days < 2 * days
),

-- Lapsed on the day on which the gap outgrew the threshold of the day's year.
lapses as (
    select customer_id, greatest(ordered_on + lapsed_days + 1, settled_on) as lapsed_on
    from gaps
    join marts.lifecycle_thresholds as thresholds on thresholds.year = year(greatest(ordered_on + lapsed_days + 1, settled_on))
    where next_on is null or next_on > lapsed_on
),

churn as (
    select
        side,
        windows.customer_id,
        windows.month,
        max(if(alive, 1, 0)) filter (where period = 'before') as alive_before,
        max(if(lapsed, 1, 0)) filter (where period = 'before') as lapsed_before,
        max(if(alive, 1, 0)) filter (where period = 'after') as alive_after,
        max(if(lapsed, 1, 0)) filter (where period = 'after') as lapsed_after
    from (
        select
            windows.*,
            exists (
                select 1
                from gaps
                join marts.lifecycle_thresholds as thresholds on thresholds.year = year(windows.from_on - 1)
                where gaps.customer_id = windows.customer_id and ordered_on < windows.from_on
                    and (next_on is null or next_on >= windows.from_on)
                    and (windows.from_on - 1 < settled_on or windows.from_on - 1 - ordered_on <= lapsed_days)
            ) as alive,
            exists (
                select 1
                from lapses
                where lapses.customer_id = windows.customer_id and lapsed_on >= windows.from_on and lapsed_on < windows.to_on
            ) as lapsed
        from windows
    ) as windows
    group by all
),

watched_people as (
    select
        *,
        least(early_orders_before, many) as older_band,
        least(orders_before - early_orders_before, many) as newer_band
    from bought
    cross join (select cast(value as integer) as many from marts.parameters where name = 'loyalty.programme_matching_orders')
    left join churn using (side, customer_id, month)
),

-- A cell with people of both sides is matched.
matched_cells as (
    select month, older_band, newer_band
    from watched_people
    where side <> 'launch'
    group by all
    having count(distinct side) = 2
),

records as (
    select 'launch' as form, * from watched_people
    where side = 'launch'

    union all

    select 'enrolment', * from watched_people
    where side = 'member'

    union all

    select 'matched', watched_people.* from watched_people
    join matched_cells using (month, older_band, newer_band)
    where side <> 'launch'
),

measured as (
    select
        form,
        side,
        month,
        older_band,
        newer_band,
        period,
        count(*) as people,
        sum(coalesce(revenue, 0)) as revenue,
        sum(orders) as orders,
        sum(online_orders) as online_orders,
        count(*) filter (where orders > 0) as buyers,
        count(*) filter (where early_orders > 0) as early,
        count(*) filter (where early_orders > 0 and early_orders = orders) as dropped,
        sum(alive) as alive,
        sum(alive * lapsed) as lapsed
    from (
        select *, 'before' as period, revenue_before as revenue, orders_before as orders, online_orders_before as online_orders,
            early_orders_before as early_orders, alive_before as alive, lapsed_before as lapsed
        from records

        union all by name

        select *, 'after' as period, revenue_after as revenue, orders_after as orders, online_orders_after as online_orders,
            early_orders_after as early_orders, alive_after as alive, lapsed_after as lapsed
        from records
    )
    group by all
),

cells as (
    select
        form,
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
            {'metric': 'churn_rate', 'numerator': lapsed, 'denominator': alive},
            {'metric': 'attrition_rate', 'numerator': dropped, 'denominator': early}
        ], recursive := true)
    from measured
),

forms as (
    select
        own.*,
        others.people as other_people,
        own.people * others.numerator / others.people as other_numerator,
        own.people * others.denominator / others.people as other_denominator
    from cells as own
    left join cells as others
        on others.form = own.form and others.side = 'other' and others.month = own.month and others.older_band = own.older_band
            and others.newer_band = own.newer_band and others.period = own.period and others.metric = own.metric
    where own.side <> 'other'
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
