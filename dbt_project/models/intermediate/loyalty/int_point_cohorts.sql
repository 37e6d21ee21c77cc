-- What became of the points issued in a month, at the end of every month since (of the day of the refresh, in the running month).
-- Which points were spent or expired is told by first in, first out (int_point_allocations); points added by hand are lots too and
-- are spent in their turn, but they were not issued and are in no cohort. Every month's row is what the ledger said then: a redemption
-- cancelled later counts until the month of the cancellation. Points issued are net of cancelled ones, as in kpi_loyalty_monthly, and
-- together the same as there, but for a cancellation that finds no issue and takes points added by hand, or none: it lowers the ledger's
-- total, and no month issued what it takes (tests/loyalty/cohorts_issue_what_the_ledger_issues.sql).
-- A month in which nothing was issued has no rows. One row per issue month and age.
with lots as (
    select
        cast({{ dbt.date_trunc('month', 'effective_on') }} as date) as issue_month,
        sum(cast(points as decimal(18, 4))) as points_credited
    from {{ ref('loyalty_operations') }}
    where operation_type = 'earned' and points > 0 and not is_pending
    group by 1
),

months as (
    select distinct month from {{ ref('dates') }}
    where month <= {{ as_of_date() }}
),

expiry as (
    select count(case when operation_type = 'expired' and not is_pending then 1 end) > 0 as has_expiry
    from {{ ref('loyalty_operations') }}
),

allocations as (
    select * from {{ ref('int_point_allocations') }}
    where lot_kind = 'issued'
),

-- An allocation comes in the month from which it holds and goes in the one from which it holds no longer.
changes as (
    select lot_month, taken_as, from_month as month, points from allocations
    union all
    select lot_month, taken_as, to_month as month, 0 - points as points from allocations
    where to_month is not null
),

flows as (
    select
        lot_month as issue_month,
        month,
        sum(case when taken_as = 'cancelled' then points else 0 end) as cancelled,
        sum(case when taken_as = 'redeemed' then points else 0 end) as redeemed,
        sum(case when taken_as = 'expired' then points else 0 end) as expired,
        sum(case when taken_as = 'removed' then points else 0 end) as removed
    from changes
    group by lot_month, month
),

states as (
    select
        lots.issue_month,
        months.month,
        lots.points_credited,
        sum(coalesce(flows.cancelled, 0)) over (partition by lots.issue_month order by months.month) as points_cancelled,
        sum(coalesce(flows.redeemed, 0)) over (partition by lots.issue_month order by months.month) as points_redeemed,
        sum(coalesce(flows.expired, 0)) over (partition by lots.issue_month order by months.month) as points_expired,
        sum(coalesce(flows.removed, 0)) over (partition by lots.issue_month order by months.month) as points_removed
    from lots
    inner join months on lots.issue_month <= months.month
    left join flows on lots.issue_month = flows.issue_month and months.month = flows.month
),

measured as (
    select
        states.issue_month,
        states.month,
        expiry.has_expiry,
        cast(states.points_credited as double) as points_credited,
        cast(states.points_cancelled as double) as points_cancelled,
        cast(states.points_credited - states.points_cancelled as double) as points_issued,
        cast(states.points_redeemed as double) as points_redeemed,
        cast(states.points_expired as double) as points_expired,
        cast(states.points_removed as double) as points_removed,
        cast(
            states.points_credited - states.points_cancelled - states.points_redeemed - states.points_expired - states.points_removed
            as double
        ) as points_remaining
    from states
    cross join expiry
),

final as (
    select
        issue_month,
        cast({{ dbt.datediff('issue_month', 'month', 'month') }} as bigint) as age_months,
        month,
        {{ dbt.dateadd('month', 1, 'month') }} <= {{ as_of_date() }} as is_month_over,
        points_credited,
        points_cancelled,
        points_issued,
        points_redeemed,
        case when has_expiry then points_expired end as points_expired,
        points_removed,
        points_remaining
    from measured
)

select * from final
