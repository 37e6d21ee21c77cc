-- The points of each account that were issued in a month (lot_kind credited: as they were told), and what became of them: the oldest
-- are taken first by what goes out, stretches of all points in laid on stretches of all points out; a cancellation undoes what it
-- cancels from its month on.
-- Записи — баллы каждого счёта, начисленные в месяце (lot_kind credited — как начислены), и чем они кончились: расход берёт сначала
-- самые старые (отрезки прихода накладываются на отрезки расхода), отмена снимает то, что отменяет, начиная со своего месяца.
-- where age_months = N: from_age <= N and coalesce(until_age > N, true)
-- What is taken at an age stays taken at all later ones. Списанное к одному возрасту остаётся списанным и во всех следующих.
with operations as (
    select
        loyalty_account_id,
        operation_id,
        cancels_operation_id,
        coalesce(cancels_type, operation_type) as kind,
        operation_type = 'cancelled' and cancels_type is not null as is_undoing,
        effective_on,
        occurred_at,
        cast(date_trunc('month', effective_on) as date) as month,
        cast(points as decimal(18, 4)) as points
    from marts.loyalty_operations
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

uses as (
    select * from taken
    where from_month < to_month

    union all

    select * from shrunk
),

records as (
    select
        if(lot_kind = 'issued', lot_month, null) as issue_month,
        datediff('month', lot_month, from_month) as from_age,
        if(to_month < date '9999-12-01', datediff('month', lot_month, to_month), null) as until_age,
        loyalty_account_id,
        lot_id,
        lot_kind,
        lot_month,
        taken_by,
        taken_as,
        cast(points as decimal(18, 4)) as points
    from uses
    where points > 0

    union all by name

    select
        cast(date_trunc('month', effective_on) as date) as issue_month,
        0 as from_age,
        loyalty_account_id,
        operation_id as lot_id,
        'credited' as lot_kind,
        issue_month as lot_month,
        cast(points as decimal(18, 4)) as points
    from marts.loyalty_operations
    where operation_type = 'earned' and points > 0 and not is_pending
),

credited as (
    select issue_month, sum(points) as points_credited
    from records
    where lot_kind = 'credited'
    group by issue_month
),

-- What stands at the end of a month is not known before it.
told as (
    select
        cells.issue_month,
        cells.age_months,
        is_month_over,
        any_value(credited.points_credited) as points_credited,
        coalesce(sum(points) filter (where taken_as = 'cancelled'), 0) as cancelled,
        coalesce(sum(points) filter (where taken_as = 'redeemed'), 0) as redeemed,
        if(has_expiry, coalesce(sum(points) filter (where taken_as = 'expired'), 0), null) as expired,
        coalesce(sum(points) filter (where taken_as = 'removed'), 0) as removed
    from (select issue_month, age_months, is_month_over from marts.kpi_loyalty_cohorts) as cells
    join credited using (issue_month)
    cross join (select count(*) > 0 as has_expiry from marts.loyalty_operations where operation_type = 'expired' and not is_pending)
    left join records
        on records.issue_month = cells.issue_month and from_age <= cells.age_months and coalesce(until_age > cells.age_months, true)
    group by cells.issue_month, cells.age_months, is_month_over, has_expiry
)

select
    issue_month,
    age_months,
    points_credited,
    if(is_month_over, cancelled, null) as points_cancelled,
    points_credited - points_cancelled as points_issued,
    if(is_month_over, redeemed, null) as points_redeemed,
    if(is_month_over, expired, null) as points_expired,
    if(is_month_over, removed, null) as points_removed,
    points_issued - points_redeemed - coalesce(points_expired, 0) - points_removed as points_remaining
from told
