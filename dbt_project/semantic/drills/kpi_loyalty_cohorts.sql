-- The operations that issued the points of a month.
-- Записи — операции, начислившие баллы месяца.
-- apart: points_cancelled, points_issued, points_redeemed, points_expired, points_removed, points_remaining: which points were spent or
-- expired is told by taking the oldest of each account first: list the account's marts.loyalty_operations by effective_on.
with records as (
    select
        cast(date_trunc('month', effective_on) as date) as issue_month,
        operation_id,
        customer_id,
        loyalty_account_id,
        order_id,
        occurred_at,
        points
    from marts.loyalty_operations
    where operation_type = 'earned' and points > 0 and not is_pending
)

select
    issue_month,
    ages.age_months,
    sum(points) as points_credited
from records
join (select issue_month, age_months from marts.kpi_loyalty_cohorts) as ages using (issue_month)
group by all
