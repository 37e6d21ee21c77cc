{{ config(database='relations') }}
-- Generated from semantic/drills/kpi_calls_daily.sql. The records behind the mart, with its dimensions and what is told over them anew.
with records as (
    select
        started_on as day,
        direction,
        coalesce(queue, 'none') as queue,
        call_id,
        customer_id,
        is_ivr_only,
        is_answered,
        is_called_back,
        wait_seconds,
        if(direction = 'in', cast(coalesce(is_answered and wait_seconds
            <= (select cast(value as integer) from omnimart.marts.parameters where name = 'service.answer_within_seconds'), false) as integer),
        null) as is_answered_within,
        talk_seconds
    from omnimart.marts.calls
    where direction in ('in', 'out')
)

select
    day,
    direction,
    queue,
    case when direction = 'in' and is_answered then wait_seconds end as wait_p50,
    case when direction = 'in' and is_answered then wait_seconds end as wait_p90
from records
