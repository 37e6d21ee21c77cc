-- What each cancellation cancels, found by account, kind and purchase: only what occurred before it, and what it takes is gone for the
-- next. A redemption without a purchase is found by a cancellation without one. An issue without a purchase is a gift, and what is
-- cancelled is a purchase's points: a cancellation that names none finds no issue. Of several redemptions the earliest is cancelled first,
-- and of several accruals that whose points become valid last (on a day that nobody knows: before all), so that at any moment what is
-- pending goes before what is issued. What occurred in one second is in the order of its ids where they are numbers; else a cancellation
-- comes before what is credited anew in its second, unless nothing was credited earlier: then it comes after.
-- Walked along a purchase, accruals add and cancellations take away, and what they would take below zero finds nothing. Of the accruals
-- that go first, be it one, two or all, the walk along these and all cancellations says what is taken of them together, since those
-- behind them never stand in for them; what one accrual loses is what its walk says more than the one before. Redemptions are taken in
-- the order in which they occurred, so one walk says what is found, and laid end to end the stretch [a, b) of all that is found and the
-- stretch [c, d) of all that was redeemed share what this cancels of that.
-- One row per cancellation and operation that it cancels a part of.
with operations as (
    select
        operation_id,
        source_record_id,
        loyalty_account_id,
        coalesce(cancels_type, operation_type) as kind,
        cancels_type is not null as is_cancellation,
        purchase,
        effective_on,
        occurred_at,
        is_pending,
        cast(points as decimal(18, 4)) as points
    from {{ ref('int_loyalty_operations__dated') }}
),

signed as (
    select
        operation_id,
        source_record_id,
        loyalty_account_id,
        kind,
        purchase,
        effective_on,
        occurred_at,
        is_pending,
        abs(points) as points,
        points < 0 as is_undoing
    from operations
    where kind = 'earned' and purchase is not null and (points < 0 or (points > 0 and not is_cancellation))

    union all

    select
        operation_id,
        source_record_id,
        loyalty_account_id,
        kind,
        coalesce(purchase, '') as purchase,
        effective_on,
        occurred_at,
        is_pending,
        abs(points) as points,
        points > 0 as is_undoing
    from operations
    where kind in ('redeemed', 'expired') and points <> 0
),

placed as (
    select
        *,
        case
            when lower(source_record_id) = upper(source_record_id) then 0  -- no letter in it
            when not is_undoing then 1
            when
                min(case when not is_undoing then occurred_at end) over (partition by loyalty_account_id, kind, purchase)
                < occurred_at
                then 0
            else 2
        end as place_in_second
    from signed
),

ordered as (
    select
        *,
        row_number() over (
            partition by loyalty_account_id, kind, purchase
            order by occurred_at, place_in_second, length(operation_id), operation_id
        ) as moment,
        count(case when is_undoing then 1 end) over (partition by loyalty_account_id, kind, purchase) as undoings
    from placed
),

targets as (
    select
        *,
        row_number() over (
            partition by loyalty_account_id, kind, purchase
            order by
                case when kind = 'earned' then coalesce(effective_on, date '9999-12-31') end desc,
                moment
        ) as turn
    from ordered
    where not is_undoing and undoings > 0
),

-- Accruals: a walk for each, along the cancellations and the accruals whose turn is not after its own. Redemptions: one walk along all.
walks as (
    select
        walked.loyalty_account_id,
        walked.kind,
        walked.purchase,
        walked.turn as walk,
        undoings.operation_id,
        undoings.moment,
        true as is_undoing,
        undoings.points
    from targets as walked
    inner join ordered as undoings
        on walked.loyalty_account_id = undoings.loyalty_account_id
            and walked.kind = undoings.kind
            and walked.purchase = undoings.purchase
    where undoings.is_undoing and walked.kind = 'earned'

    union all

    select
        walked.loyalty_account_id,
        walked.kind,
        walked.purchase,
        walked.turn as walk,
        targets.operation_id,
        targets.moment,
        false as is_undoing,
        targets.points
    from targets as walked
    inner join targets
        on walked.loyalty_account_id = targets.loyalty_account_id
            and walked.kind = targets.kind
            and walked.purchase = targets.purchase
            and walked.turn >= targets.turn
    where walked.kind = 'earned'

    union all

    select
        loyalty_account_id,
        kind,
        purchase,
        0 as walk,
        operation_id,
        moment,
        is_undoing,
        points
    from ordered
    where kind <> 'earned' and undoings > 0
),

netted as (
    select
        *,
        sum(case when is_undoing then 0 - points else points end) over (
            partition by loyalty_account_id, kind, purchase, walk
            order by moment
            rows between unbounded preceding and current row
        ) as net
    from walks
),

missed as (
    select
        *,
        greatest(
            max(0 - net) over (
                partition by loyalty_account_id, kind, purchase, walk
                order by moment
                rows between unbounded preceding and current row
            ),
            0
        ) as missing
    from netted
),

found as (
    select
        *,
        points - (
            missing - coalesce(
                lag(missing) over (partition by loyalty_account_id, kind, purchase, walk order by moment), 0
            )
        ) as taken
    from missed
),

of_each as (
    select
        *,
        taken - coalesce(
            lag(taken) over (partition by loyalty_account_id, kind, purchase, operation_id order by walk), 0
        ) as taken_of_it,
        sum(taken) over (
            partition by loyalty_account_id, kind, purchase, walk
            order by moment
            rows between unbounded preceding and current row
        ) as upto
    from found
    where is_undoing
),

laid as (
    select
        *,
        sum(points) over (
            partition by loyalty_account_id, kind, purchase order by turn rows between unbounded preceding and current row
        ) as upto
    from targets
    where kind <> 'earned'
),

final as (
    select
        of_each.operation_id,
        targets.operation_id as cancels_operation_id,
        targets.kind,
        targets.effective_on as cancelled_from,
        targets.is_pending as cancels_pending,
        of_each.taken_of_it as points
    from of_each
    inner join targets
        on of_each.loyalty_account_id = targets.loyalty_account_id
            and of_each.kind = targets.kind
            and of_each.purchase = targets.purchase
            and of_each.walk = targets.turn
    where of_each.taken_of_it > 0

    union all

    select
        of_each.operation_id,
        laid.operation_id as cancels_operation_id,
        laid.kind,
        laid.effective_on as cancelled_from,
        laid.is_pending as cancels_pending,
        least(of_each.upto, laid.upto) - greatest(of_each.upto - of_each.taken, laid.upto - laid.points) as points
    from of_each
    inner join laid
        on of_each.loyalty_account_id = laid.loyalty_account_id
            and of_each.kind = laid.kind
            and of_each.purchase = laid.purchase
            and of_each.upto - of_each.taken < laid.upto
            and laid.upto - laid.points < of_each.upto
    where of_each.taken > 0
)

select * from final
