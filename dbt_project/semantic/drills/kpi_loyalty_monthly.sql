-- The operations that became valid in a month, the orders of members in it, and who was a member at its end.
-- Записи — операции, вступившие в силу в месяце, заказы и участники на конец месяца.
-- where month = N (closing_points, points_issued_to_date, liability_management, liability_management_at_cost): month <= N
-- where month = N (opening_points): month < N
-- where month = N (point_value, point_value_at_cost): month <= N and moves = 'redeemed'
-- apart: points_outstanding, expected_redemptions, unseen_redemptions, allocated_revenue, released_revenue, liability_ifrs15: what becomes
-- of points is estimated from all issue months together (marts.kpi_loyalty_cohorts); liability_management is the closing points of these
-- records at their price, with the share estimated. Чем кончатся баллы, оценивается по всем месяцам начисления вместе; управленческое
-- обязательство — остаток этих записей по их цене с оценённой долей списания.
with memberships as (
    select
        accounts.customer_id,
        cast(timezone(zone, timezone('UTC', min(accounts.enrolled_at))) as date) as enrolled_on,
        if(count(*) filter (where accounts.closed_at is null) = 0,
            cast(timezone(zone, timezone('UTC', max(accounts.closed_at))) as date), null) as left_on,
        coalesce(max(accounts.closed_at) filter (where accounts.is_closed_at_assumed) = max(accounts.closed_at), false) as is_undated
    from marts.loyalty_accounts as accounts
    join marts.customer_360 using (customer_id)
    cross join (select value as zone from marts.parameters where name = 'business.timezone')
    where accounts.enrolled_at is not null
        and (accounts.is_member or accounts.closed_at is not null)
        and not customer_360.is_employee and not customer_360.is_b2b
    group by accounts.customer_id, zone
),

months as (
    select
        month,
        least(last_day(month), (
            select cast(timezone(value, timezone('UTC', (select max(refreshed_at) from marts.load_reconciliation))) as date)
            from marts.parameters where name = 'business.timezone'
        )) as last_day,
        (select cast(value as integer) from marts.parameters where name = 'loyalty.active_member_days') as active_days,
        ultimate_redemption_rate
    from marts.kpi_loyalty_monthly
),

people as (
    select
        customers.customer_id,
        coalesce(min(meetings.met_on), (select max(last_day) from months)) as known_on
    from marts.customer_360 as customers
    left join (
        select customer_id, cast(timezone(value, timezone('UTC', first_seen_at)) as date) as met_on
        from marts.customer_360
        cross join (select value from marts.parameters where name = 'business.timezone')

        union all

        select customer_id, ordered_on from marts.orders
        where is_counted

        union all

        select customer_id, sent_on from marts.messages
    ) as meetings using (customer_id)
    where not customers.is_employee and not customers.is_b2b
    group by customers.customer_id
),

cancelled as (
    select cancels_operation_id as operation_id, is_pending, sum(cast(points as decimal(18, 4))) as points
    from marts.loyalty_operations
    where cancels_operation_id is not null and occurred_on <= (select max(last_day) from months)
    group by all
),

-- What stays of an accrual or a redemption. Что осталось от начисления или погашения после отмен.
acts as (
    select
        loyalty_operations.*,
        cast(loyalty_operations.points as decimal(18, 4)) + coalesce(cancelled.points, 0) as points_left
    from marts.loyalty_operations
    left join cancelled using (operation_id, is_pending)
    where cancels_operation_id is null and operation_type in ('earned', 'redeemed')
        and if(operation_type = 'redeemed', -points_left, points_left) > 0
),

attributable as (
    select
        order_id,
        ordered_on,
        customer_id,
        receipts_count,
        net_revenue,
        cost_amount,
        assumed_cost_amount,
        not (coalesce(order_kind, 'order') = 'shift_report' or coalesce(sales_channel, 'unknown') = 'marketplace'
            or coalesce(is_employee_purchase, false) or coalesce(is_b2b, false)) as is_attributable,
        is_attributable and exists (
            select 1
            from memberships
            where memberships.customer_id = orders.customer_id
                and enrolled_on <= ordered_on and (left_on is null or left_on > ordered_on)
        ) as is_by_member
    from marts.orders
    where is_counted
),

records as (
    select
        'operation' as kind,
        cast(date_trunc('month', effective_on) as date) as month,
        operation_id as record_id,
        customer_id,
        coalesce(cancels_type, operation_type) as moves,
        operation_type,
        purchase,
        points,
        -- of a redemption, what stays of it
        coalesce(if(operation_type = 'redeemed', acts.points_left, null), 0) as points_left,
        -- beside the first operation of a transaction: what stays of its points, whenever a part was cancelled
        if(
            operation_type <> 'cancelled' and row_number() over (
                partition by moves, purchase is null, coalesce(purchase, cancels_operation_id, operation_id)
                order by operation_type = 'cancelled', effective_on, operation_id
            ) = 1,
            greatest(
                if(moves = 'redeemed', -1, 1)
                * sum(cast(points as decimal(18, 4))) over (partition by moves, purchase is null, coalesce(purchase, cancels_operation_id, operation_id)),
                0
            ),
            0
        ) as kept_points,
        if(moves = 'redeemed', orders.points_discount_amount / nullif(orders.points_redeemed, 0), null) as money_per_point
    from marts.loyalty_operations
    left join (select order_id, points_discount_amount, points_redeemed from marts.orders) as orders using (order_id)
    left join (select operation_id, points_left from acts) as acts using (operation_id)
    where not is_pending

    union all by name

    select 'pending' as kind, month, operation_id as record_id, customer_id, points as pending_points
    from months
    join marts.loyalty_operations on occurred_on <= last_day and (effective_on > last_day or effective_on is null)

    union all by name

    select 'known' as kind, month, customer_id as record_id, customer_id
    from months
    join people on known_on <= last_day

    union all by name

    -- Members whose window of activity holds a purchase or an operation: one row for each.
    select
        'active' as kind,
        months.month,
        acts.record_id,
        acts.customer_id,
        acts.operation_type = 'redeemed' as is_redeeming,
        acts.operation_type is null or acts.occurred_on >= enrolled_on and (left_on is null or left_on > acts.occurred_on) as is_active
    from months
    join (
        select operation_id as record_id, customer_id, operation_type, occurred_on from acts
        where not is_gift

        union all

        select order_id, customer_id, null, ordered_on from attributable
        where is_by_member
    ) as acts on acts.occurred_on <= last_day and acts.occurred_on > last_day - active_days
    join memberships on memberships.customer_id = acts.customer_id and (left_on is null or left_on > last_day)
        and acts.occurred_on >= enrolled_on

    union all by name

    select 'spent in the window' as kind, months.month, order_id as record_id, customer_id, net_revenue as window_revenue
    from months
    join attributable on ordered_on <= last_day and ordered_on > last_day - active_days and is_by_member

    union all by name

    select 'balance' as kind, max(month) as month, loyalty_account_id as record_id, customer_id, balance_difference
    from months, marts.loyalty_accounts
    where vendor_balance is not null
    group by all

    union all by name

    select 'order' as kind, cast(date_trunc('month', ordered_on) as date) as month, order_id as record_id, * exclude (order_id, ordered_on)
    from attributable

    union all by name

    select 'member' as kind, months.month, customer_id as record_id, customer_id, date_diff('day', enrolled_on, last_day) as days
    from months
    join memberships on enrolled_on <= last_day and (left_on is null or left_on > last_day)

    union all by name

    select
        'leaver' as kind,
        cast(date_trunc('month', left_on) as date) as month,
        customer_id as record_id,
        customer_id,
        if(is_undated, null, date_diff('day', enrolled_on, left_on)) as days
    from memberships
    where left_on <= (select max(last_day) from months)
),

summed as (
    select
        month,
        count(*) filter (where kind = 'member') as members,
        coalesce(sum(days) filter (where kind = 'member'), 0) as tenure_days,
        count(*) filter (where kind = 'leaver') as leavers,
        count(days) filter (where kind = 'leaver') as dated_leavers,
        coalesce(sum(days) filter (where kind = 'leaver'), 0) as leaver_tenure_days,
        coalesce(sum(points) filter (where moves = 'earned'), 0) as points_issued,
        coalesce(-sum(points) filter (where moves = 'redeemed'), 0) as points_redeemed,
        coalesce(sum(points) filter (where moves in ('adjusted', 'cancelled')), 0) as points_adjusted,
        if(has_expiry, coalesce(-sum(points) filter (where moves = 'expired'), 0), null) as points_expired,
        coalesce(sum(kept_points) filter (where moves = 'redeemed'), 0) as points_charged,
        count(*) filter (where moves = 'redeemed' and kept_points > 0) as redeeming_orders,
        coalesce(sum(kept_points) filter (where moves = 'earned' and purchase is not null), 0) as points_earned_on_orders,
        count(*) filter (where moves = 'earned' and purchase is not null and kept_points > 0) as earning_orders,
        coalesce(sum(receipts_count), 0) as orders_count,
        coalesce(sum(receipts_count) filter (where is_attributable), 0) as itemised_orders,
        coalesce(sum(receipts_count) filter (where is_by_member), 0) as member_orders,
        itemised_orders - member_orders as non_member_orders,
        coalesce(sum(net_revenue), 0) as order_revenue,
        coalesce(sum(net_revenue) filter (where is_attributable), 0) as itemised_revenue,
        coalesce(sum(net_revenue) filter (where is_by_member), 0) as member_revenue,
        itemised_revenue - member_revenue as non_member_revenue,
        coalesce(sum(cost_amount), 0) as cost_amount,
        coalesce(sum(assumed_cost_amount), 0) as assumed_cost_amount,
        count(*) filter (where kind = 'known') as known_customers,
        count(distinct customer_id) filter (where is_active) as active_members,
        count(distinct customer_id) filter (where is_redeeming) as redeeming_members,
        coalesce(sum(window_revenue), 0) as active_window_revenue,
        coalesce(sum(pending_points), 0) as points_pending,
        sum(balance_difference) as balance_difference,
        coalesce(-sum(cast(cast(points_left as double) * cast(money_per_point as double) as decimal(28, 10))), 0) as redeemed_money,
        cast(coalesce(-sum(points_left) filter (where money_per_point is not null), 0) as double) as priced_points
    from records
    cross join (select count(*) > 0 as has_expiry from marts.loyalty_operations where operation_type = 'expired' and not is_pending)
    where month in (select month from months)
    group by month, has_expiry
),

priced as (
    select
        *,
        round(redeemed_money, 2) as redeemed_value,
        round(redeemed_money * cost_amount / nullif(order_revenue, 0), 2) as points_discount_at_cost,
        sum(points_issued) over to_date as points_issued_to_date,
        sum(points_issued - points_redeemed - coalesce(points_expired, 0) + points_adjusted) over to_date as closing_points,
        last_value(redeemed_money / nullif(priced_points, 0) ignore nulls) over to_date as point_value,
        last_value(round(redeemed_money * cost_amount / nullif(order_revenue, 0), 2) / nullif(priced_points, 0) ignore nulls) over to_date
            as point_value_at_cost
    from summed
    window to_date as (order by month rows between unbounded preceding and current row)
)

select
    * exclude (redeemed_money, ultimate_redemption_rate),
    closing_points - points_issued + points_redeemed + coalesce(points_expired, 0) - points_adjusted as opening_points,
    round(closing_points * ultimate_redemption_rate * point_value, 2) as liability_management,
    round(closing_points * ultimate_redemption_rate * point_value_at_cost, 2) as liability_management_at_cost
from priced
join (select month, ultimate_redemption_rate from months) using (month)
