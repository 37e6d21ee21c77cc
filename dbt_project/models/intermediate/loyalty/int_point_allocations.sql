-- Where each point went: first in, first out, account by account, as the ledger stood at the end of every month.
-- A movement is read by its sign: points that come in are lots (issued; added by hand or given back), points that go out take
-- from the oldest lots (redeemed, expired, removed by hand; cancelled where an issue is cancelled that names no lot of its own).
-- A cancellation undoes what it cancels (int_loyalty_operations__undone): a cancelled issue shrinks its lot, a cancelled redemption is
-- as though it had not been, so that what was redeemed after it moves up to older lots. What is cancelled of an issue and finds none
-- takes the oldest points that are left. Until the month of the cancellation the old state stands: an
-- account whose cancellations fall into later months than what they cancel is walked anew from each such month on (`versions`), and a
-- row says from which month until which it holds.
-- Points are laid end to end: a lot is the stretch [a, b) of all that came in, a redemption the stretch [c, d) of all that went out, and
-- what they share is what that redemption took of that lot. Who spends more than there is takes from the next lots as they come.
-- Pending points are no lots, and what is cancelled of them is told when they would have become valid.
-- One row per account, lot, what took from it and stretch of months.
with operations as (
    select
        loyalty_account_id,
        operation_id,
        cancels_operation_id,
        coalesce(cancels_type, operation_type) as kind,
        operation_type = 'cancelled' and cancels_type is not null as is_undoing,
        effective_on,
        occurred_at,
        cast({{ dbt.date_trunc('month', 'effective_on') }} as date) as month,
        cast(points as decimal(18, 4)) as points
    from {{ ref('loyalty_operations') }}
    where points <> 0 and not is_pending
),

undone as (
    select
        undoings.loyalty_account_id,
        undoings.operation_id as undoing_id,
        targets.operation_id as target_id,
        targets.kind,
        greatest(undoings.month, targets.month) as undone_in,
        greatest(undoings.month, targets.month) > targets.month as is_later,
        abs(undoings.points) as points
    from operations as undoings
    inner join operations as targets on undoings.cancels_operation_id = targets.operation_id
),

-- What comes in and what goes out, before anything is undone; of an undoing what found nothing to undo.
movements as (
    select
        loyalty_account_id,
        operation_id,
        case
            when kind = 'earned' and points < 0 then 'cancelled'
            when kind in ('redeemed', 'expired') and points < 0 then kind
            when points < 0 then 'removed'
            when kind = 'earned' and not is_undoing then 'issued'
            else 'added'
        end as movement,
        points > 0 as is_lot,
        effective_on,
        occurred_at,
        month,
        abs(points) as points
    from operations
    where cancels_operation_id is null
),

beginnings as (
    select distinct loyalty_account_id, undone_in as from_month
    from undone
    where is_later

    union all

    select distinct loyalty_account_id, date '1900-01-01' as from_month
    from movements
),

versions as (
    select
        loyalty_account_id,
        from_month,
        coalesce(
            lead(from_month) over (partition by loyalty_account_id order by from_month), date '9999-12-01'
        ) as to_month
    from beginnings
),

standing_undone as (
    select versions.loyalty_account_id, versions.from_month, undone.target_id, sum(undone.points) as points
    from versions
    inner join undone
        on versions.loyalty_account_id = undone.loyalty_account_id
            and (undone.undone_in <= versions.from_month or not undone.is_later)
    group by versions.loyalty_account_id, versions.from_month, undone.target_id
),

standing as (
    select
        versions.loyalty_account_id,
        versions.from_month,
        versions.to_month,
        movements.operation_id,
        movements.movement,
        movements.is_lot,
        movements.month,
        movements.points - coalesce(standing_undone.points, 0) as points,
        sum(movements.points - coalesce(standing_undone.points, 0)) over (
            partition by versions.loyalty_account_id, versions.from_month, movements.is_lot
            order by movements.effective_on, movements.occurred_at, movements.operation_id
            rows between unbounded preceding and current row
        ) as upto
    from versions
    inner join movements
        on versions.loyalty_account_id = movements.loyalty_account_id
            and movements.month < versions.to_month
    left join standing_undone
        on versions.loyalty_account_id = standing_undone.loyalty_account_id
            and versions.from_month = standing_undone.from_month
            and movements.operation_id = standing_undone.target_id
),

taken as (
    select
        lots.loyalty_account_id,
        lots.operation_id as lot_id,
        lots.movement as lot_kind,
        lots.month as lot_month,
        takes.operation_id as taken_by,
        takes.movement as taken_as,
        greatest(lots.from_month, lots.month, takes.month) as from_month,
        lots.to_month,
        least(lots.upto, takes.upto) - greatest(lots.upto - lots.points, takes.upto - takes.points) as points
    from standing as lots
    inner join standing as takes
        on lots.loyalty_account_id = takes.loyalty_account_id
            and lots.from_month = takes.from_month
            and lots.upto - lots.points < takes.upto
            and takes.upto - takes.points < lots.upto
    where lots.is_lot and not takes.is_lot
),

shrunk as (
    select
        undone.loyalty_account_id,
        undone.target_id as lot_id,
        'issued' as lot_kind,
        movements.month as lot_month,
        undone.undoing_id as taken_by,
        'cancelled' as taken_as,
        undone.undone_in as from_month,
        date '9999-12-01' as to_month,
        undone.points
    from undone
    inner join movements on undone.target_id = movements.operation_id
    where undone.kind = 'earned'
),

final as (
    select
        loyalty_account_id,
        lot_id,
        lot_kind,
        lot_month,
        taken_by,
        taken_as,
        from_month,
        case when to_month < date '9999-12-01' then to_month end as to_month,
        cast(points as decimal(18, 4)) as points
    from taken
    where from_month < to_month and points > 0

    union all

    select
        loyalty_account_id,
        lot_id,
        lot_kind,
        lot_month,
        taken_by,
        taken_as,
        from_month,
        cast(null as date) as to_month,
        cast(points as decimal(18, 4)) as points
    from shrunk
)

select * from final
