-- At the end of every month the cohorts have issued together what kpi_loyalty_monthly issued until then, to the point, but for cancelled
-- accruals of which no ledger tells: those lower what was issued, and take the oldest points that are left, which may have been added
-- by hand, or none. Such points were issued in no month, so no cohort can lose them.
with cancelled as (
    select
        operation_id,
        cast({{ dbt.date_trunc('month', 'effective_on') }} as date) as month,
        cast(0 - points as decimal(18, 4)) as points
    from {{ ref('loyalty_operations') }}
    where coalesce(cancels_type, operation_type) = 'earned' and points < 0 and cancels_operation_id is null and not is_pending
),

allocations as (
    select allocations.*
    from {{ ref('int_point_allocations') }} as allocations
    inner join cancelled on allocations.taken_by = cancelled.operation_id
    where allocations.lot_kind = 'issued'
),

-- What is told of the running month before it is over stands in no published row.
cohorts as (
    select
        told.month,
        sum(cast(coalesce(published.points_issued, told.points_issued) as decimal(18, 4))) as points
    from {{ ref('int_point_cohorts') }} as told
    left join {{ ref('kpi_loyalty_cohorts') }} as published
        on told.issue_month = published.issue_month and told.age_months = published.age_months
    group by told.month
),

months as (
    select month, cast(points_issued_to_date as decimal(18, 4)) as points
    from {{ ref('kpi_loyalty_monthly') }}
),

cancelled_by as (
    select months.month, sum(cancelled.points) as points
    from months
    inner join cancelled on months.month >= cancelled.month
    group by months.month
),

taken_by as (
    select months.month, sum(allocations.points) as points
    from months
    inner join allocations
        on months.month >= allocations.from_month
            and (allocations.to_month is null or months.month < allocations.to_month)
    group by months.month
),

held as (
    select
        months.month,
        months.points as issued_by_the_ledger,
        coalesce(cohorts.points, 0) as issued_by_the_cohorts,
        coalesce(cancelled_by.points, 0) - coalesce(taken_by.points, 0) as cancelled_of_points_that_were_not_issued
    from months
    left join cohorts on months.month = cohorts.month
    left join cancelled_by on months.month = cancelled_by.month
    left join taken_by on months.month = taken_by.month
)

select * from held
where abs(issued_by_the_cohorts - issued_by_the_ledger - cancelled_of_points_that_were_not_issued) > 0.001
