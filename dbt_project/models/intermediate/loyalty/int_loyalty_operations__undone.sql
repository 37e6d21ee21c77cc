-- What each cancellation cancels, found by account, kind and order. A redemption without an order is found by a cancellation without
-- one. An issue without an order is a gift, and what is cancelled is an order's points: a cancellation that names no order finds no
-- issue. Of several the redemption of the earliest day is cancelled first, and the accrual whose points become valid last, so that
-- what is still pending goes before what is issued; of an order credited again after a cancellation the earlier accruals go first.
-- Points are laid end to end: what may be undone is the stretch [a, b) of all there is, a cancellation the stretch [c, d) of all that
-- is cancelled, and what they share is what this cancels of that. One row per cancellation and operation that it cancels a part of.
with operations as (
    select
        operation_id,
        loyalty_account_id,
        coalesce(cancels_type, operation_type) as kind,
        cancels_type is not null as is_cancellation,
        order_id,
        effective_on,
        occurred_at,
        is_pending,
        cast(points as decimal(18, 4)) as points
    from {{ ref('int_loyalty_operations__dated') }}
),

signed as (
    select
        operation_id,
        loyalty_account_id,
        kind,
        coalesce(order_id, '') as order_named,
        effective_on,
        occurred_at,
        is_pending,
        abs(points) as points,
        points < 0 as is_undoing
    from operations
    where kind = 'earned' and order_id is not null and (points < 0 or (points > 0 and not is_cancellation))

    union all

    select
        operation_id,
        loyalty_account_id,
        kind,
        coalesce(order_id, '') as order_named,
        effective_on,
        occurred_at,
        is_pending,
        abs(points) as points,
        points > 0 as is_undoing
    from operations
    where kind in ('redeemed', 'expired') and points <> 0
),

ranked as (
    select
        *,
        case when kind = 'earned' and not is_undoing then effective_on end as issued_on,
        sum(case when is_undoing and kind = 'earned' then 1 else 0 end) over (
            partition by loyalty_account_id, kind, order_named
            order by occurred_at, operation_id
            rows between unbounded preceding and current row
        ) as cancellations_before
    from signed
),

laid as (
    select
        *,
        sum(points) over (
            partition by loyalty_account_id, kind, order_named, is_undoing
            order by
                case when is_undoing then 0 else cancellations_before end,
                issued_on desc,
                effective_on,
                occurred_at,
                operation_id
            rows between unbounded preceding and current row
        ) as upto
    from ranked
),

final as (
    select
        undoings.operation_id,
        targets.operation_id as cancels_operation_id,
        targets.kind,
        targets.effective_on as cancelled_from,
        targets.is_pending as cancels_pending,
        least(undoings.upto, targets.upto)
        - greatest(undoings.upto - undoings.points, targets.upto - targets.points) as points
    from laid as undoings
    inner join laid as targets
        on undoings.loyalty_account_id = targets.loyalty_account_id
            and undoings.kind = targets.kind
            and undoings.order_named = targets.order_named
            and undoings.upto - undoings.points < targets.upto
            and targets.upto - targets.points < undoings.upto
    where undoings.is_undoing and not targets.is_undoing
)

select * from final
