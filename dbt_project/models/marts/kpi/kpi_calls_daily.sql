-- Offered are calls that asked for a person: those that ended in the menu and those between colleagues are not. Of calls out
-- only how many there were and were answered is told; waiting and missing are the caller's.
with calls as (
    select
        *,
        direction = 'in' as is_in,
        coalesce(queue, 'none') as queue_name
    from {{ ref('calls') }}
    where direction in ('in', 'out')
),

counted as (
    select
        started_on as day,
        direction,
        queue_name as queue,
        count(case when is_ivr_only then 1 end) as ivr_only,
        count(case when not is_ivr_only then 1 end) as offered,
        count(case when is_answered and not is_ivr_only then 1 end) as answered,
        count(
            case when is_in and is_answered and wait_seconds <= {{ rule('service.answer_within_seconds') }} then 1 end
        ) as answered_within,
        count(case when is_in and not is_answered and not is_ivr_only then 1 end) as missed,
        count(case when is_called_back then 1 end) as missed_called_back,
        cast({{ quantile('case when is_in and is_answered then wait_seconds end', 0.5) }} as double) as wait_p50,
        cast({{ quantile('case when is_in and is_answered then wait_seconds end', 0.9) }} as double) as wait_p90,
        cast(coalesce(sum(talk_seconds), 0) as double) as talk_seconds,
        count(talk_seconds) as calls_with_talk,
        count(customer_id) as identified_calls
    from calls
    group by started_on, direction, queue_name
),

final as (
    select
        day,
        direction,
        queue,
        offered,
        answered,
        {{ ratio('answered', 'offered') }} as answer_rate,
        case when direction = 'in' then answered_within end as answered_within,
        case when direction = 'in' then {{ ratio('answered_within', 'offered') }} end as service_level,
        missed,
        missed_called_back,
        {{ ratio('missed_called_back', 'missed') }} as called_back_share,
        wait_p50,
        wait_p90,
        talk_seconds,
        calls_with_talk,
        {{ ratio('talk_seconds', 'calls_with_talk') }} as average_talk_seconds,
        ivr_only,
        identified_calls
    from counted
)

select * from final
