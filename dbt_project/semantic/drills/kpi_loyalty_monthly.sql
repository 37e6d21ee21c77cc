-- The operations that became valid in a month, the orders of members in it, and who was a member at its end.
-- Записи — операции, вступившие в силу в месяце, заказы и участники на конец месяца.
-- apart: active_members, redeeming_members, active_window_revenue: the same members with an order or an operation in the
-- loyalty.active_member_days up to the end of the month.
-- apart: known_customers: everybody in marts.customer_360 who was dated by then; points_pending, balance_difference: loyalty_accounts.
-- apart: opening_points, closing_points, points_issued_to_date: running sums of the flows.
-- apart: points_pending, balance_difference, redeemed_value, priced_points, points_discount_at_cost, point_value, point_value_at_cost,
-- points_outstanding, expected_redemptions, liability_management, liability_management_at_cost, allocated_revenue, released_revenue,
-- liability_ifrs15, unseen_redemptions: each point at the price of its own order, and what is expected of the cohorts (marts.kpi_loyalty_cohorts).
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
            select cast(timezone(value, timezone('UTC', (select max(published_at) from marts.publications))) as date)
            from marts.parameters where name = 'business.timezone'
        )) as last_day
    from marts.kpi_loyalty_monthly
),

records as (
    select
        'operation' as kind,
        cast(date_trunc('month', effective_on) as date) as month,
        operation_id as record_id,
        customer_id,
        coalesce(cancels_type, operation_type) as moves,
        operation_type,
        order_id,
        points
    from marts.loyalty_operations
    where not is_pending

    union all by name

    select
        'order' as kind,
        cast(date_trunc('month', ordered_on) as date) as month,
        order_id as record_id,
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
)

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
    -sum(points) filter (where moves = 'expired') as points_expired,
    coalesce(-sum(points) filter (where operation_type = 'redeemed'), 0) as points_charged,
    count(distinct coalesce(order_id, record_id)) filter (where operation_type = 'redeemed') as redeeming_orders,
    coalesce(sum(points) filter (where operation_type = 'earned' and order_id is not null), 0) as points_earned_on_orders,
    count(distinct order_id) filter (where operation_type = 'earned') as earning_orders,
    coalesce(sum(receipts_count), 0) as orders_count,
    coalesce(sum(receipts_count) filter (where is_attributable), 0) as itemised_orders,
    coalesce(sum(receipts_count) filter (where is_by_member), 0) as member_orders,
    itemised_orders - member_orders as non_member_orders,
    coalesce(sum(net_revenue), 0) as order_revenue,
    coalesce(sum(net_revenue) filter (where is_attributable), 0) as itemised_revenue,
    coalesce(sum(net_revenue) filter (where is_by_member), 0) as member_revenue,
    itemised_revenue - member_revenue as non_member_revenue,
    coalesce(sum(cost_amount), 0) as cost_amount,
    coalesce(sum(assumed_cost_amount), 0) as assumed_cost_amount
from records
where month in (select month from months)
group by all
