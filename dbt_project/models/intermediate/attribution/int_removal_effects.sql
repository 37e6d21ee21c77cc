-- Markov's removal effects as of the end of each month: of the paths that ended in the attribution.fit_months up to it, orders and
-- losses alike (int_touch_paths). One row per month and channel.
with steps as (
    select *, cast({{ dbt.date_trunc('month', 'ended_on') }} as date) as month
    from {{ ref('int_touch_paths') }}
),

moves as (
    select month, coalesce(previous_channel, '(start)') as origin, channel as destination, count(*) as paths_count
    from steps
    group by 1, 2, 3
    union all
    select
        month,
        channel as origin,
        case when order_id is null then '(lost)' else '(order)' end as destination,
        count(*) as paths_count
    from steps
    where is_last_step
    group by 1, 2, 3
),

months as (
    select distinct month as fit_month from steps
    where order_id is not null
),

fitted as (
    select months.fit_month, moves.origin, moves.destination, sum(moves.paths_count) as paths_count
    from months
    inner join moves
        on moves.month <= months.fit_month
            and moves.month > {{ dbt.dateadd('month', -1 * rule('attribution.fit_months'), 'months.fit_month') }}
    group by months.fit_month, moves.origin, moves.destination
),

final as (
    {{ removal_effects('fitted') }}
)

select fit_month as month, channel, removal_effect from final
