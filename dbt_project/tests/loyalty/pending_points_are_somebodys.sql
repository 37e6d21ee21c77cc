-- What is pending is somebody's: at the end of no month do the pending points of an account stand below zero, and those of the last month
-- are those of the accounts.
with months as (
    select
        month,
        points_pending,
        cast(least({{ dbt.last_day('month', 'month') }}, {{ as_of_date() }}) as date) as last_day,
        row_number() over (order by month desc) as months_ago
    from {{ ref('kpi_loyalty_monthly') }}
),

operations as (
    select * from {{ ref('loyalty_operations') }}
    where effective_on > occurred_on or effective_on is null
),

by_account as (
    select months.month, operations.loyalty_account_id, sum(operations.points) as points
    from months
    inner join operations
        on months.last_day >= operations.occurred_on
            and (months.last_day < operations.effective_on or operations.effective_on is null)
    group by months.month, operations.loyalty_account_id
),

total as (
    select coalesce(sum(points_pending), 0) as points_pending from {{ ref('loyalty_accounts') }}
)

select
    'at the end of ' || cast(month as {{ dbt.type_string() }}) || ' less than nothing is pending for the account ' || loyalty_account_id
        as what_is_wrong
from by_account
where points < -0.001

union all

select 'the last month has other points pending than the accounts' as what_is_wrong
from months
cross join total
where months.months_ago = 1 and abs(months.points_pending - total.points_pending) > 0.001
