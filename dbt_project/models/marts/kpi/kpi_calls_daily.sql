-- Offered are calls in that asked for a person: those that ended in the menu and those between colleagues are not. Whom we call asks for
-- nobody and waits in no line: calls out have counts of their own, and what is said of calls in is NULL there (and the other way round),
-- so that a sum over both directions is the ratio of one.
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
        count(case when not is_ivr_only then 1 end) as asked_for_a_person,
        count(case when is_answered and not is_ivr_only then 1 end) as talked_to_a_person,
        count(
            case when is_answered and wait_seconds <= {{ rule('service.answer_within_seconds') }} then 1 end
        ) as answered_within,
        count(case when not is_answered and not is_ivr_only then 1 end) as missed,
        count(case when is_called_back then 1 end) as missed_called_back,
        cast({{ quantile('case when is_in and is_answered then wait_seconds end', 0.5) }} as double) as wait_p50,
        cast({{ quantile('case when is_in and is_answered then wait_seconds end', 0.9) }} as double) as wait_p90,
        cast(coalesce(sum(talk_seconds), 0) as double) as talk_seconds,
        count(talk_seconds) as calls_with_talk,
        count(customer_id) as identified_calls
    from calls
    group by started_on, direction, queue_name
),

by_direction as (
    select
        day,
        direction,
        queue,
        case when direction = 'in' then asked_for_a_person end as offered,
        case when direction = 'in' then talked_to_a_person end as answered,
        case when direction = 'in' then answered_within end as answered_within,
        case when direction = 'in' then missed end as missed,
        case when direction = 'in' then missed_called_back end as missed_called_back,
        case when direction = 'out' then asked_for_a_person end as outbound_calls,
        case when direction = 'out' then talked_to_a_person end as outbound_answered,
        wait_p50,
        wait_p90,
        talk_seconds,
        calls_with_talk,
        ivr_only,
        identified_calls
    from counted
),

final as (
    select
        day,
        direction,
        queue,
        offered,
        answered,
        {{ ratio('answered', 'offered') }} as answer_rate,
        answered_within,
        {{ ratio('answered_within', 'offered') }} as service_level,
        missed,
        missed_called_back,
        {{ ratio('missed_called_back', 'missed') }} as called_back_share,
        outbound_calls,
        outbound_answered,
        {{ ratio('outbound_answered', 'outbound_calls') }} as outbound_answer_rate,
        wait_p50,
        wait_p90,
        talk_seconds,
        calls_with_talk,
        {{ ratio('talk_seconds', 'calls_with_talk') }} as average_talk_seconds,
        ivr_only,
        identified_calls
    from by_direction
)

select * from final
