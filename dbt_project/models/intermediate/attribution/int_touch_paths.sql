-- Paths through channels and how they ended. A path is won by the order that its touches lie before. Touches that lie before no
-- order are lost paths: those of a customer that follow each other within attribution.window_days, in pieces of so many days from the
-- first, as long as the path of an order may be. A lost path ends when nothing can win it any more: window_days after its last touch;
-- one that has not ended is not here. So both kinds count on the day on which they end, and a month that is over does not
-- change by itself. The same channel twice running is one step. One row per path and step.
{% set window = rule('attribution.window_days') %}
with order_touches as (
    select * from {{ ref('int_order_touches') }}
),

touches as (
    select * from {{ ref('touchpoints') }}
),

orderless as (
    select
        touches.*,
        lag(touches.occurred_at) over (
            partition by touches.customer_id order by touches.occurred_at, touches.touchpoint_id
        ) as previous_at
    from touches
    left join (select distinct touchpoint_id from order_touches) as won on touches.touchpoint_id = won.touchpoint_id
    where won.touchpoint_id is null
),

runs as (
    select
        *,
        sum(
            case when previous_at >= {{ dbt.dateadd('day', -1 * window, 'occurred_at') }} then 0 else 1 end
        ) over (partition by customer_id order by occurred_at, touchpoint_id rows between unbounded preceding and current row) as run_number
    from orderless
),

pieces as (
    select
        *,
        floor(
            cast({{ dbt.datediff('min(occurred_at) over (partition by customer_id, run_number)', 'occurred_at', 'second') }} as double)
            / {{ window * 86400 }}
        ) as piece
    from runs
),

lost as (
    select
        *,
        first_value(touchpoint_id) over (
            partition by customer_id, run_number, piece order by occurred_at, touchpoint_id
        ) as first_touchpoint_id,
        {{ dbt.dateadd('day', window, 'max(occurred_at) over (partition by customer_id, run_number, piece)') }} as ended_at
    from pieces
),

paths as (
    select 'order:' || order_id as path_id, order_id, ordered_at as ended_at, touchpoint_id, channel, occurred_at
    from order_touches
    union all
    select
        'lost:' || first_touchpoint_id as path_id,
        cast(null as {{ dbt.type_string() }}) as order_id,
        ended_at,
        touchpoint_id,
        channel,
        occurred_at
    from lost
    where ended_at < {{ as_of() }}
),

compared as (
    select
        *,
        lag(channel) over (partition by path_id order by occurred_at, touchpoint_id) as previous_channel,
        count(*) over (partition by path_id) as touches_count,
        min(occurred_at) over (partition by path_id) as first_touched_at
    from paths
),

final as (
    select
        path_id,
        order_id,
        {{ business_date('ended_at') }} as ended_on,
        ended_at,
        first_touched_at,
        touches_count,
        row_number() over (partition by path_id order by occurred_at, touchpoint_id) as step,
        channel,
        previous_channel,
        row_number() over (partition by path_id order by occurred_at desc, touchpoint_id desc) = 1 as is_last_step
    from compared
    where previous_channel is null or previous_channel <> channel
)

select * from final
