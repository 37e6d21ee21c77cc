-- First in, first out loses no point. In every month no lot gives more than it had and no operation takes more than it is. Today
-- every account's lots hold what is left of them and no other: what came in less what was taken is the account's balance (nothing,
-- where it spent more than it had), and of all accounts what the cohorts say is left of the points issued. Found apart from the model:
-- what undoes more redemptions than there were before it is new points, as soon as these do not wait.
with operations as (
    select
        loyalty_account_id,
        operation_id,
        coalesce(cancels_type, operation_type) as kind,
        operation_type = 'cancelled' and cancels_type is not null as is_undoing,
        is_pending,
        cast(points as decimal(18, 4)) as points
    from {{ ref('loyalty_operations') }}
    where points <> 0
),

allocations as (
    select * from {{ ref('int_point_allocations') }}
),

-- Each account is looked at in every month in which something in it changes.
looks as (
    select distinct loyalty_account_id, from_month as month
    from allocations
),

seen as (
    select looks.month, allocations.*
    from looks
    inner join allocations
        on looks.loyalty_account_id = allocations.loyalty_account_id
            and allocations.from_month <= looks.month
            and (allocations.to_month is null or allocations.to_month > looks.month)
),

taken as (
    select 'gave' as did, month, lot_id as operation_id, sum(points) as points
    from seen
    group by month, lot_id
    union all
    select 'took' as did, month, taken_by as operation_id, sum(points) as points
    from seen
    group by month, taken_by
),

redemptions as (
    select
        *,
        coalesce(cancels_type, operation_type) as kind,
        lower(source_record_id) = upper(source_record_id) as has_number,
        min(case when points < 0 then occurred_at end) over (
            partition by loyalty_account_id, coalesce(cancels_type, operation_type), purchase
        ) < occurred_at as is_after_some
    from {{ ref('int_loyalty_operations__dated') }}
    where coalesce(cancels_type, operation_type) in ('redeemed', 'expired')
),

placed as (
    select
        *,
        row_number() over (
            partition by loyalty_account_id, kind, purchase
            order by
                occurred_at,
                case when has_number then 0 when points < 0 then 1 when is_after_some then 0 else 2 end,
                length(operation_id),
                operation_id
        ) as moment
    from redemptions
),

balances as (
    select
        loyalty_account_id,
        kind,
        purchase,
        is_pending,
        moment,
        sum(cast(points as decimal(18, 4))) over (
            partition by loyalty_account_id, kind, purchase order by moment
            rows between unbounded preceding and current row
        ) as undone_beyond_what_is_there
    from placed
),

given as (
    select
        loyalty_account_id,
        kind,
        purchase,
        is_pending,
        moment,
        greatest(max(undone_beyond_what_is_there) over (
            partition by loyalty_account_id, kind, purchase order by moment
            rows between unbounded preceding and current row
        ), 0) as given_back_by_then
    from balances
),

-- What waits is nobody's yet, but it stands in its place: what follows it does not find what it found.
each_given as (
    select
        loyalty_account_id,
        is_pending,
        given_back_by_then
        - coalesce(lag(given_back_by_then) over (partition by loyalty_account_id, kind, purchase order by moment), 0) as given_back
    from given
),

corrections as (
    select loyalty_account_id, sum(given_back) as given_back
    from each_given
    where not is_pending
    group by loyalty_account_id
),

came_in as (
    select
        loyalty_account_id,
        sum(points) as balance,
        sum(case when points > 0 and kind not in ('redeemed', 'expired') then points else 0 end) as points
    from operations
    where not is_pending
    group by loyalty_account_id
),

went_out as (
    select loyalty_account_id, sum(points) as points
    from allocations
    where from_month <= {{ as_of_date() }} and (to_month is null or to_month > {{ as_of_date() }})
    group by loyalty_account_id
),

held as (
    select
        came_in.loyalty_account_id,
        came_in.points + coalesce(corrections.given_back, 0) - coalesce(went_out.points, 0) as points,
        came_in.balance
    from came_in
    left join went_out on came_in.loyalty_account_id = went_out.loyalty_account_id
    left join corrections on came_in.loyalty_account_id = corrections.loyalty_account_id
),

issued as (
    select sum(points) as points from operations
    where kind = 'earned' and points > 0 and not is_pending
),

gone as (
    select coalesce(sum(points), 0) as points from allocations
    where lot_kind = 'issued' and from_month <= {{ as_of_date() }} and (to_month is null or to_month > {{ as_of_date() }})
),

cohorts as (
    select sum(points_remaining) as points from {{ ref('int_point_cohorts') }}
    where not is_month_over
)

select 'the operation ' || taken.operation_id || ' ' || taken.did || ' more than it is' as what_is_wrong
from taken
inner join operations on taken.operation_id = operations.operation_id
where taken.points > abs(operations.points)

union all

select 'the lots of the account ' || loyalty_account_id || ' do not hold its balance' as what_is_wrong
from held
where abs(points - greatest(balance, 0)) > 0.001

union all

select 'the cohorts do not hold what is left of the points issued' as what_is_wrong
from issued
cross join gone
cross join cohorts
where abs(issued.points - gone.points - cohorts.points) > 0.001
