-- Opening + signed points by type = closing, in every month, in total and for every account: the months' closing points,
-- summed from flows by type, are the accounts' balances, summed from operations.
with months as (
    select
        *,
        lag(closing_points) over (order by month) as closed_before,
        row_number() over (order by month desc) as months_ago
    from {{ ref('kpi_loyalty_monthly') }}
),

operations as (
    select * from {{ ref('loyalty_operations') }}
    where not is_pending
),

accounts as (
    select * from {{ ref('loyalty_accounts') }}
),

by_account as (
    select
        loyalty_account_id,
        sum(case when operation_type = 'earned' then points else 0 end)
        + sum(case when operation_type = 'redeemed' then points else 0 end)
        + sum(case when operation_type = 'expired' then points else 0 end)
        + sum(case when operation_type = 'adjusted' then points else 0 end)
        + sum(case when operation_type = 'cancelled' then points else 0 end) as points
    from operations
    group by loyalty_account_id
),

total as (
    select sum(points_balance) as points_balance from accounts
)

select 'the month ' || cast(month as {{ dbt.type_string() }}) || ' does not open as the one before closed' as what_is_wrong
from months
where abs(opening_points - coalesce(closed_before, 0)) > 0.001

union all

select 'the month ' || cast(month as {{ dbt.type_string() }}) || ' does not add up' as what_is_wrong
from months
where abs(opening_points + points_issued - points_redeemed - coalesce(points_expired, 0) + points_adjusted - closing_points) > 0.001

union all

select 'the last month does not close with what the accounts hold' as what_is_wrong
from months
cross join total
where months.months_ago = 1 and abs(months.closing_points - total.points_balance) > 0.001

union all

select 'the account ' || accounts.loyalty_account_id || ' does not hold what its operations say' as what_is_wrong
from accounts
left join by_account on accounts.loyalty_account_id = by_account.loyalty_account_id
where abs(accounts.points_balance - coalesce(by_account.points, 0)) > 0.001

union all

select 'operations stand without an account: ' || by_account.loyalty_account_id as what_is_wrong
from by_account
left join accounts on by_account.loyalty_account_id = accounts.loyalty_account_id
where accounts.loyalty_account_id is null
