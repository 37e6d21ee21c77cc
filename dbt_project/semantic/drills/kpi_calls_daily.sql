-- The calls of a day; those between colleagues are left out.
-- Записи — звонки дня; звонки между сотрудниками не учитываются.
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
            <= (select cast(value as integer) from marts.parameters where name = 'service.answer_within_seconds'), false) as integer),
        null) as is_answered_within,
        talk_seconds
    from marts.calls
    where direction in ('in', 'out')
)

select
    day,
    direction,
    queue,
    count(*) filter (where is_ivr_only) as ivr_only,
    if(direction = 'in', count(*) filter (where not is_ivr_only), null) as offered,
    if(direction = 'in', count(*) filter (where is_answered and not is_ivr_only), null) as answered,
    sum(is_answered_within) as answered_within,
    if(direction = 'in', count(*) filter (where not is_answered and not is_ivr_only), null) as missed,
    if(direction = 'in', count(*) filter (where is_called_back), null) as missed_called_back,
    if(direction = 'out', count(*) filter (where not is_ivr_only), null) as outbound_calls,
    if(direction = 'out', count(*) filter (where is_answered and not is_ivr_only), null) as outbound_answered,
    quantile_cont(wait_seconds, 0.5) filter (where direction = 'in' and is_answered) as wait_p50,
    quantile_cont(wait_seconds, 0.9) filter (where direction = 'in' and is_answered) as wait_p90,
    coalesce(sum(talk_seconds), 0) as talk_seconds,
    count(talk_seconds) as calls_with_talk,
    count(customer_id) as identified_calls
from records
group by day, direction, queue
