-- Calls over tracked numbers; one row per call. The tracker tells no end: it is the beginning, the wait and the talk together.
{% set not_told = '<не указано>' %}
{% set phone = '^[+]?[0-9]{8,15}$' %}
{% set order = [
    ('order_number', 'orderNumber', 'text', ''),
] %}
with

calls as (
    {{ live_documents('calltouch', 'calls') }}
),

named as (
    select
        p.source_account,
        p.call_id,
        min(e.order_number) as order_number
    from {{ child_rows('calls', 'orders', order) }}
    group by p.source_account, p.call_id
),

judged as (
    select
        calls.*,
        named.order_number,
        coalesce(calls.is_successful, calls.talk_seconds > 0, false) as is_answered,
        case when calls.waited_seconds >= 0 then calls.waited_seconds end as wait_seconds,
        case when calls.talk_seconds >= 0 then calls.talk_seconds end as talked_seconds
    from calls
    left join named
        on calls.source_account = named.source_account
            and calls.call_id = named.call_id
),

final as (
    select
        source_system,
        source_account,
        call_id as source_record_id,
        'in' as direction,
        -- numbers come as digits with their country's code; what is no such number is a hidden one
        {%- for number, name in [('caller_number', 'customer_phone'), ('dialled_number', 'own_phone')] %}
        case
            when not {{ matches(number, phone) }} then null
            when length({{ number }}) = 10 and {{ number }} not like '+%' then '+7' || {{ number }}
            when length({{ number }}) = 11 and {{ number }} like '8%' then '+7' || substring({{ number }}, 2)
            else '+' || replace({{ number }}, '+', '')
        end as {{ name }},
        {%- endfor %}
        manager as employee_reference,
        order_number,
        began_at as started_at,
        case when is_answered then {{ dbt.dateadd('second', 'cast(wait_seconds as integer)', 'began_at') }} end as answered_at,
        {{ dbt.dateadd(
            'second', 'cast(wait_seconds + case when is_answered then talked_seconds else 0 end as integer)', 'began_at'
        ) }} as ended_at,
        is_answered,
        wait_seconds,
        case when is_answered then talked_seconds end as talk_seconds,
        coalesce(status_details, case when is_answered then 'answered' else 'no answer' end) as raw_result,
        client_id,
        nullif(medium, '{{ not_told }}') as raw_traffic_source,
        nullif(utm_source, '{{ not_told }}') as utm_source,
        nullif(utm_medium, '{{ not_told }}') as utm_medium,
        nullif(utm_campaign, '{{ not_told }}') as utm_campaign
    from judged
)

select * from final
