-- One month of the programme. Flows are of the month, stocks and people as of its last day (of the day of the refresh, in
-- the running month). Points come from the ledger; sales from counted orders. A person is a member from the first
-- enrolment of any of their accounts, and known from the first day that any system dates: a profile, an order or a message;
-- undated, as of today; employees and companies are no people here, tests are no customers, but their points are in the ledger.
-- Who had left when their account was first seen is a member until then and a leaver of that day, whose tenure nobody knows.
-- Shares of transactions are of those of which it can be known whose they were: purchases of employees and companies, of marketplaces
-- and receipts that stand in the sums of a shift alone are in neither part. A point is priced by an order that tells points and money,
-- in the month of its redemption; what was cancelled of it, then or later, is not priced and is nobody's act, as known today.
-- Two liabilities, which differ by design. Management: what the points outstanding will cost, points × share expected to be redeemed ×
-- cost per point. IFRS 15: revenue deferred. The month's member sales before returns and the points that became valid in it, gifts
-- among them, share those sales by stand-alone price, with the share of points expected to be redeemed as it was known at the end of that
-- month; the part of the points is earned as they are redeemed, out of all that are now expected to be (int_point_expectations).
-- What is cancelled of the points takes its part of the deferral with it. Pending points are in neither; what is cancelled of them
-- leaves them on the day of the cancellation and was never issued (int_loyalty_operations).
with accounts as (
    select * from {{ ref('loyalty_accounts') }}
),

operations as (
    select * from {{ ref('loyalty_operations') }}
),

orders as (
    select
        *,
        not (
            coalesce(order_kind, 'order') = 'shift_report' or coalesce(sales_channel, 'unknown') = 'marketplace'
            or coalesce(is_employee_purchase, false) or coalesce(is_b2b, false)
        ) as is_attributable
    from {{ ref('orders') }}
    where is_counted
),

people as (
    {{ known_people() }}
),

first_months as (
    select min(month) as month
    from (
        select cast({{ dbt.date_trunc('month', business_date('min(enrolled_at)')) }} as date) as month from accounts
        union all
        select cast({{ dbt.date_trunc('month', 'min(coalesce(effective_on, occurred_on))') }} as date) as month from operations
    ) as beginnings
),

calendar as (
    select distinct
        dates.month,
        cast(least({{ dbt.last_day('dates.month', 'month') }}, {{ as_of_date() }}) as date) as last_day
    from {{ ref('dates') }} as dates
    cross join first_months
    where dates.month >= first_months.month and dates.month <= {{ as_of_date() }}
),

months as (
    select
        month,
        last_day,
        cast({{ dbt.dateadd('day', -1 * rule('loyalty.active_member_days'), 'last_day') }} as date)
            as window_starts_after
    from calendar
),

memberships as (
    {{ memberships() }}
),

members as (
    select
        months.month,
        count(*) as members,
        cast(sum({{ dbt.datediff('memberships.enrolled_on', 'months.last_day', 'day') }}) as bigint) as tenure_days
    from months
    inner join memberships
        on memberships.enrolled_on <= months.last_day
            and (memberships.left_on is null or memberships.left_on > months.last_day)
    group by months.month
),

leavers as (
    select
        cast({{ dbt.date_trunc('month', 'left_on') }} as date) as month,
        count(*) as leavers,
        count(case when not is_left_on_assumed then 1 end) as dated_leavers,
        cast(
            sum(case when not is_left_on_assumed then {{ dbt.datediff('enrolled_on', 'left_on', 'day') }} else 0 end) as bigint
        ) as leaver_tenure_days
    from memberships
    where left_on is not null and left_on <= {{ as_of_date() }}
    group by 1
),

known as (
    select months.month, count(*) as known_customers
    from months
    inner join people on people.known_on <= months.last_day
    group by months.month
),

orders_of_members as (
    select
        cast({{ dbt.date_trunc('month', 'orders.ordered_on') }} as date) as month,
        orders.ordered_on,
        orders.order_id,
        orders.customer_id,
        orders.net_revenue,
        orders.receipts_count,
        orders.cost_amount,
        orders.assumed_cost_amount,
        orders.is_attributable,
        orders.is_attributable and memberships.customer_id is not null as is_by_member
    from orders
    left join memberships
        on orders.customer_id = memberships.customer_id
            and memberships.enrolled_on <= orders.ordered_on
            and (memberships.left_on is null or memberships.left_on > orders.ordered_on)
),

sales as (
    select
        month,
        cast(sum(receipts_count) as bigint) as orders_count,
        cast(sum(case when is_attributable then receipts_count else 0 end) as bigint) as itemised_orders,
        cast(sum(case when is_by_member then receipts_count else 0 end) as bigint) as member_orders,
        sum(net_revenue) as order_revenue,
        sum(case when is_attributable then net_revenue else 0 end) as itemised_revenue,
        sum(case when is_by_member then net_revenue else 0 end) as member_revenue,
        sum(cost_amount) as cost_amount,
        sum(assumed_cost_amount) as assumed_cost_amount
    from orders_of_members
    group by month
),

cancelled as (
    select cancels_operation_id as operation_id, is_pending, sum(cast(points as decimal(18, 4))) as points
    from operations
    where cancels_operation_id is not null and occurred_on <= {{ as_of_date() }}
    group by 1, 2
),

-- Accruals and redemptions of which something stays. A cancelled redemption whose points wait is not given back yet.
acts as (
    select
        operations.operation_id,
        operations.customer_id,
        operations.operation_type,
        operations.is_gift,
        operations.is_pending,
        operations.occurred_on,
        operations.effective_on,
        operations.order_id,
        cast(cast(operations.points as decimal(18, 4)) + coalesce(cancelled.points, 0) as decimal(18, 4)) as points_left
    from operations
    left join cancelled
        on operations.operation_id = cancelled.operation_id and operations.is_pending = cancelled.is_pending
    where operations.cancels_operation_id is null
        and operations.operation_type in ('earned', 'redeemed')
        and (cast(operations.points as decimal(18, 4)) + coalesce(cancelled.points, 0))
        * case when operations.operation_type = 'redeemed' then -1 else 1 end > 0
),

active_people as (
    select ordered_on as active_on, customer_id from orders_of_members
    where is_by_member
    union
    select acts.occurred_on as active_on, acts.customer_id
    from acts
    inner join memberships on acts.customer_id = memberships.customer_id
    where not coalesce(acts.is_gift, false)  -- what comes by itself is nobody's act
        and acts.occurred_on >= memberships.enrolled_on
        and (memberships.left_on is null or memberships.left_on > acts.occurred_on)
),

active as (
    select
        months.month,
        count(distinct active_people.customer_id) as active_members
    from months
    inner join active_people
        on active_people.active_on <= months.last_day
            and active_people.active_on > months.window_starts_after
    inner join memberships
        on active_people.customer_id = memberships.customer_id
            and (memberships.left_on is null or memberships.left_on > months.last_day)
    group by months.month
),

redeemers as (
    select
        months.month,
        count(distinct acts.customer_id) as redeeming_members
    from months
    inner join acts
        on acts.occurred_on <= months.last_day
            and acts.occurred_on > months.window_starts_after
            and acts.operation_type = 'redeemed'
    inner join memberships
        on acts.customer_id = memberships.customer_id
            and acts.occurred_on >= memberships.enrolled_on
            and (memberships.left_on is null or memberships.left_on > months.last_day)
    group by months.month
),

spending as (
    select
        months.month,
        sum(orders_of_members.net_revenue) as active_window_revenue
    from months
    inner join orders_of_members
        on orders_of_members.ordered_on <= months.last_day
            and orders_of_members.ordered_on > months.window_starts_after
    where orders_of_members.is_by_member
    group by months.month
),

flows as (
    select
        cast({{ dbt.date_trunc('month', 'effective_on') }} as date) as month,
        sum(case when coalesce(cancels_type, operation_type) = 'earned' then points else 0 end) as points_issued,
        0 - sum(case when coalesce(cancels_type, operation_type) = 'redeemed' then points else 0 end)
            as points_redeemed,
        0 - sum(case when coalesce(cancels_type, operation_type) = 'expired' then points else 0 end)
            as points_expired,
        sum(
            case when coalesce(cancels_type, operation_type) in ('adjusted', 'cancelled') then points else 0 end
        ) as points_adjusted
    from operations
    where not is_pending
    group by 1
),

-- What stays of the points that moved with a transaction, whenever a part of them was cancelled; of the month in which they moved. A
-- purchase that the ledger names is a transaction, known here or not; where it names none, a redemption is, with what cancels it.
transactions as (
    select
        coalesce(cancels_type, operation_type) as moved,
        purchase is not null as has_purchase,
        coalesce(purchase, cancels_operation_id, operation_id) as transaction_id,
        min(case when operation_type <> 'cancelled' then effective_on end) as moved_on,
        cast(sum(cast(points as decimal(18, 4))) as double) as points
    from operations
    where not is_pending and coalesce(cancels_type, operation_type) in ('earned', 'redeemed')
    group by 1, 2, 3
),

transacted as (
    select
        cast({{ dbt.date_trunc('month', 'moved_on') }} as date) as month,
        0 - sum(case when moved = 'redeemed' and points < 0 then points else 0 end) as points_charged,
        count(case when moved = 'redeemed' and points < 0 then 1 end) as redeeming_orders,
        sum(case when moved = 'earned' and has_purchase and points > 0 then points else 0 end) as points_earned_on_orders,
        count(case when moved = 'earned' and has_purchase and points > 0 then 1 end) as earning_orders
    from transactions
    group by 1
),

redemptions as (
    -- The money that stays discounted by the points that the month redeemed, each point at the rate of its own order.
    select
        cast({{ dbt.date_trunc('month', 'acts.effective_on') }} as date) as month,
        0 - sum(
            cast(
                cast(acts.points_left as double) * coalesce(
                    cast(discounted.points_discount_amount as double) / nullif(cast(discounted.points_redeemed as double), 0), 0
                ) as decimal(28, 10)  -- a sum of doubles hangs on the order in which threads come to it
            )
        ) as redeemed_value,
        0 - sum(
            case when discounted.points_discount_amount is not null and discounted.points_redeemed <> 0 then acts.points_left else 0 end
        ) as priced_points
    from acts
    left join {{ ref('orders') }} as discounted on acts.order_id = discounted.order_id
    where not acts.is_pending and acts.operation_type = 'redeemed'
    group by 1
),

pending as (
    select months.month, sum(operations.points) as points_pending
    from months
    inner join operations
        on operations.occurred_on <= months.last_day
            and (operations.effective_on > months.last_day or operations.effective_on is null)
    group by months.month
),

expiry as (
    select count(case when operation_type = 'expired' and not is_pending then 1 end) > 0 as has_expiry
    from operations
),

vendor as (
    select cast(sum(balance_difference) as double) as balance_difference
    from accounts
    where vendor_balance is not null
),

monthly as (
    select
        months.month,
        months.last_day,
        coalesce(members.members, 0) as members,
        coalesce(members.tenure_days, 0) as tenure_days,
        coalesce(leavers.leavers, 0) as leavers,
        coalesce(leavers.dated_leavers, 0) as dated_leavers,
        coalesce(leavers.leaver_tenure_days, 0) as leaver_tenure_days,
        coalesce(known.known_customers, 0) as known_customers,
        coalesce(sales.member_orders, 0) as member_orders,
        coalesce(sales.orders_count, 0) as orders_count,
        coalesce(sales.itemised_orders, 0) as itemised_orders,
        cast(coalesce(sales.member_revenue, 0) as decimal(18, 2)) as member_revenue,
        cast(coalesce(sales.order_revenue, 0) as decimal(18, 2)) as order_revenue,
        cast(coalesce(sales.itemised_revenue, 0) as decimal(18, 2)) as itemised_revenue,
        cast(coalesce(sales.cost_amount, 0) as decimal(18, 2)) as cost_amount,
        cast(coalesce(sales.assumed_cost_amount, 0) as decimal(18, 2)) as assumed_cost_amount,
        coalesce(active.active_members, 0) as active_members,
        coalesce(redeemers.redeeming_members, 0) as redeeming_members,
        cast(coalesce(spending.active_window_revenue, 0) as decimal(18, 2)) as active_window_revenue,
        coalesce(flows.points_issued, 0) as points_issued,
        coalesce(flows.points_redeemed, 0) as points_redeemed,
        coalesce(flows.points_expired, 0) as points_expired,
        coalesce(flows.points_adjusted, 0) as points_adjusted,
        coalesce(transacted.redeeming_orders, 0) as redeeming_orders,
        coalesce(transacted.points_earned_on_orders, 0) as points_earned_on_orders,
        coalesce(transacted.earning_orders, 0) as earning_orders,
        coalesce(transacted.points_charged, 0) as points_charged,
        coalesce(redemptions.redeemed_value, 0) as redeemed_value,
        coalesce(redemptions.priced_points, 0) as priced_points,
        coalesce(pending.points_pending, 0) as points_pending,
        coalesce(flows.points_issued, 0) - coalesce(flows.points_redeemed, 0)
        - coalesce(flows.points_expired, 0) + coalesce(flows.points_adjusted, 0) as points_change,
        expiry.has_expiry,
        case when months.last_day = {{ as_of_date() }} then vendor.balance_difference end as balance_difference
    from months
    cross join expiry
    cross join vendor
    left join members on months.month = members.month
    left join leavers on months.month = leavers.month
    left join known on months.month = known.month
    left join sales on months.month = sales.month
    left join active on months.month = active.month
    left join redeemers on months.month = redeemers.month
    left join spending on months.month = spending.month
    left join flows on months.month = flows.month
    left join transacted on months.month = transacted.month
    left join redemptions on months.month = redemptions.month
    left join pending on months.month = pending.month
),

running as (
    select
        *,
        sum(points_change) over (order by month rows between unbounded preceding and current row) as closing_points,
        sum(points_issued) over (order by month rows between unbounded preceding and current row)
            as points_issued_to_date,
        cast(redeemed_value * {{ ratio('cost_amount', 'order_revenue') }} as decimal(18, 2)) as points_discount_at_cost,
        count({{ ratio('redeemed_value', 'priced_points') }}) over (order by month) as prices_known
    from monthly
),

costed as (
    select
        *,
        count({{ ratio('points_discount_at_cost', 'priced_points') }}) over (order by month) as costs_known
    from running
),

-- A month in which no point was priced knows the price of the last one before it that did; at cost, of the last one that also sold.
priced as (
    select
        *,
        max({{ ratio('redeemed_value', 'priced_points') }}) over (partition by prices_known) as point_value,
        max({{ ratio('points_discount_at_cost', 'priced_points') }}) over (partition by costs_known) as point_value_at_cost
    from costed
),

-- A month's points are first told of in the month of their issue, so its sales and price stand in their first row. Points issued
-- before any point had a price are split from their sales by the first price, once it is known, and never again.
standings as (
    select
        expectations.*,
        expectations.points_remaining * expectations.expected_share as expected_redemptions,
        expectations.points_remaining * expectations.unseen_share as unseen_redemptions,
        cast(first_value(priced.member_revenue) over (
            partition by expectations.issue_month order by expectations.month
        ) as double) as sales_at_issue,
        coalesce(
            first_value(priced.point_value) over (partition by expectations.issue_month order by expectations.month),
            case when priced.prices_known > 0 then max(case when priced.prices_known = 1 then priced.point_value end) over () end
        ) as point_value_at_issue
    from {{ ref('int_point_expectations') }} as expectations
    inner join priced on expectations.month = priced.month
),

deferrals as (
    select
        month,
        points_redeemed,
        points_remaining,
        expected_redemptions,
        unseen_redemptions,
        {{ deferred_revenue(
            'sales_at_issue', 'points_issued_at_first', 'point_value_at_issue', 'expected_share_at_issue'
        ) }} * points_issued / nullif(points_issued_at_first, 0) as deferred
    from standings
),

liabilities as (
    select
        month,
        sum(points_remaining) as points_outstanding,
        sum(expected_redemptions) as expected_redemptions,
        sum(unseen_redemptions) as unseen_redemptions,
        cast(sum(deferred) as decimal(18, 2)) as allocated_revenue,
        cast(
            sum({{ contract_liability('deferred', 'points_redeemed', '(points_redeemed + expected_redemptions)') }}) as decimal(18, 2)
        ) as liability_ifrs15
    from deferrals
    group by month
),

final as (
    select
        priced.month,
        members,
        known_customers,
        {{ ratio('members', 'known_customers') }} as participation_rate,
        member_orders,
        orders_count,
        {{ ratio('member_orders', 'itemised_orders') }} as transaction_participation_rate,
        tenure_days,
        {{ ratio('tenure_days', 'members') }} as average_tenure_days,
        closing_points - points_change as opening_points,
        points_issued,
        points_redeemed,
        case when has_expiry then points_expired end as points_expired,
        points_adjusted,
        closing_points,
        points_pending,
        {{ ratio('points_redeemed', 'points_issued') }} as redemption_rate,
        {{ ratio('case when has_expiry then points_expired end', 'points_issued') }} as breakage_rate,
        points_issued_to_date,
        {{ ratio('closing_points', 'points_issued_to_date') }} as unspent_rate,
        redeeming_orders,
        points_charged,
        {{ ratio('points_charged', 'redeeming_orders') }} as average_points_redeemed_per_transaction,
        member_revenue,
        {{ ratio('member_revenue', 'member_orders') }} as member_spend_per_transaction,
        cast(round(redeemed_value, 2) as decimal(18, 2)) as redeemed_value,
        {{ ratio('redeemed_value', 'priced_points') }} as cost_per_point,
        points_discount_at_cost,
        {{ ratio('points_discount_at_cost', 'priced_points') }} as cost_per_point_at_cost,
        cost_amount,
        order_revenue,
        active_members,
        {{ ratio('active_members', 'members') }} as active_member_rate,
        redeeming_members,
        {{ ratio('redeeming_members', 'active_members') }} as redeeming_member_rate,
        active_window_revenue,
        {{ ratio('active_window_revenue', 'active_members') }} as spend_per_member,
        cast(
            closing_points * {{ ratio('expected_redemptions', 'points_outstanding') }} * point_value as decimal(18, 2)
        ) as liability_management,
        liability_ifrs15,
        balance_difference,
        cast(itemised_orders as bigint) as itemised_orders,
        cast(priced_points as double) as priced_points,
        assumed_cost_amount,
        cast(leavers as bigint) as leavers,
        cast(leaver_tenure_days as bigint) as leaver_tenure_days,
        {{ ratio('leaver_tenure_days', 'dated_leavers') }} as average_leaver_tenure_days,
        itemised_revenue,
        {{ ratio('member_revenue', 'itemised_revenue') }} as member_revenue_share,
        cast(itemised_orders - member_orders as bigint) as non_member_orders,
        cast(itemised_revenue - member_revenue as decimal(18, 2)) as non_member_revenue,
        {{ ratio('itemised_revenue - member_revenue', 'itemised_orders - member_orders') }} as non_member_spend_per_transaction,
        points_earned_on_orders,
        cast(earning_orders as bigint) as earning_orders,
        {{ ratio('points_earned_on_orders', 'earning_orders') }} as average_points_earned_per_transaction,
        coalesce(points_outstanding, 0) as points_outstanding,
        coalesce(expected_redemptions, 0) as expected_redemptions,
        {{ ratio('expected_redemptions', 'points_outstanding') }} as ultimate_redemption_rate,
        point_value,
        point_value_at_cost,
        cast(
            closing_points * {{ ratio('expected_redemptions', 'points_outstanding') }} * point_value_at_cost as decimal(18, 2)
        ) as liability_management_at_cost,
        allocated_revenue,
        cast(allocated_revenue - liability_ifrs15 as decimal(18, 2)) as released_revenue,
        cast(dated_leavers as bigint) as dated_leavers,
        coalesce(unseen_redemptions, 0) as unseen_redemptions,
        {{ ratio('unseen_redemptions', 'expected_redemptions') }} as unseen_redemption_share
    from priced
    left join liabilities on priced.month = liabilities.month
)

select * from final
