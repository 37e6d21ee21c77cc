-- Calls that have ended; one row per call, however many legs it had. A menu, a queue and a voice mailbox answer too, and are nobody.
{{ config(materialized='table') }}
{% set phone = '^[+]?[0-9]{8,15}$' %}
with

calls as (
    {{ live_documents('telphin', 'calls') }}
),

legs as (
    select * from {{ ref('stg_telphin__call_legs') }}
),

extensions as (
    {{ live_documents('telphin', 'extensions') }}
),

ranked as (
    select
        *,
        row_number() over (
            partition by source_account, call_record_id, is_answered_by_person
            order by answered_at, initiated_at, leg_number
        ) as answer_rank,
        row_number() over (
            partition by source_account, call_record_id, kind
            order by initiated_at desc, leg_number desc
        ) as latest_rank
    from legs
),

told_by_legs as (
    select
        source_account,
        call_record_id,
        max(case when is_answered_by_person and answer_rank = 1 then answered_at end) as answered_at,
        max(case when is_answered_by_person and answer_rank = 1 then extension end) as extension,
        sum(case when is_answered_by_person then duration_seconds end) as talk_seconds,
        max(case when kind = 'queue' and latest_rank = 1 then extension end) as queue,
        max(case when flow = 'out' and called_number not like '%*%' then called_number end) as called_number,
        max(did_number) as did_number,
        max(ani_number) as ani_number,
        max(case when is_answered_by_person then 1 else 0 end) = 1 as is_answered_by_person,
        max(case when result = 'voicemail' then 1 else 0 end) = 1 as is_voicemail,
        max(case when kind in ('ivr', 'fax') then 0 else 1 end) = 0 as is_machine_only
    from ranked
    group by source_account, call_record_id
),

together as (
    select
        calls.*,
        told_by_legs.answered_at as leg_answered_at,
        told_by_legs.extension as leg_extension,
        told_by_legs.talk_seconds as leg_talk_seconds,
        told_by_legs.queue as queue_extension,
        case
            when calls.flow = 'in' then calls.from_username
            when {{ matches('calls.to_username', phone) }} then calls.to_username
            when {{ matches('calls.bridged_username', phone) }} then calls.bridged_username
            else told_by_legs.called_number
        end as outside_number,
        case
            when calls.flow = 'in' then coalesce(calls.did_number, told_by_legs.did_number)
            else coalesce(told_by_legs.ani_number, calls.did_number, told_by_legs.did_number)
        end as own_number,
        (calls.from_username like '%*%' or length(calls.from_username) <= 4)
        and (calls.to_username like '%*%' or length(calls.to_username) <= 4) as is_between_extensions,
        coalesce(told_by_legs.is_answered_by_person, calls.result = 'answered' and calls.extension_type = 'phone', false)
        or (coalesce(calls.result, '') = 'bridged' and not coalesce(told_by_legs.is_voicemail, false)) as is_answered,
        coalesce(told_by_legs.is_voicemail, false) as is_voicemail,
        coalesce(told_by_legs.is_machine_only, calls.extension_type in ('ivr', 'fax'), false) as is_machine_only
    from calls
    left join told_by_legs
        on calls.source_account = told_by_legs.source_account
            and calls.call_id = told_by_legs.call_record_id
),

-- An exchange writes numbers itself: digits with their country's code, now and then with a plus, the Russian 8 or no code. What is
-- no such number (an extension, a hidden caller, a short service) is no outside party.
judged as (
    select
        *,
        {%- for number, name in [('outside_number', 'customer_phone'), ('own_number', 'own_phone')] %}
        case
            when not {{ matches(number, phone) }} then null
            when length({{ number }}) = 10 and {{ number }} not like '+%' then '+7' || {{ number }}
            when length({{ number }}) = 11 and {{ number }} like '8%' then '+7' || substring({{ number }}, 2)
            else '+' || replace({{ number }}, '+', '')
        end as {{ name }},
        {%- endfor %}
        case when is_answered then coalesce(leg_answered_at, bridged_at) end as answered_at
    from together
),

final as (
    select
        judged.source_system,
        judged.source_account,
        judged.call_id as source_record_id,
        case
            when judged.customer_phone is null and judged.is_between_extensions then 'internal'
            when judged.flow = 'in' then 'in'
            else 'out'
        end as direction,
        judged.customer_phone,
        judged.own_phone,
        coalesce(extensions.label, {{ dbt.split_part('judged.queue_extension', "'*'", 2) }}) as queue,
        case
            when judged.is_answered and judged.leg_extension is not null then judged.leg_extension
            when judged.flow = 'out' and judged.from_username like '%*%' then judged.from_username
            when judged.is_answered and judged.bridged_username like '%*%' then judged.bridged_username
        end as employee_reference,
        -- a queue may be named after a shop; whether it is, its references tell
        coalesce(extensions.label, {{ dbt.split_part('judged.queue_extension', "'*'", 2) }}) as store_reference,
        judged.initiated_at as started_at,
        judged.answered_at,
        judged.hung_up_at as ended_at,
        judged.is_answered,
        not judged.is_answered and judged.flow = 'in' and judged.is_machine_only as is_ivr_only,
        case
            when judged.answered_at >= judged.initiated_at
                then {{ dbt.datediff('judged.initiated_at', 'judged.answered_at', 'second') }}
        end as wait_seconds,
        case
            when not judged.is_answered then null
            when judged.bridged_duration >= 0 then judged.bridged_duration
            when judged.leg_talk_seconds is not null then judged.leg_talk_seconds
            when judged.hung_up_at >= judged.answered_at
                then {{ dbt.datediff('judged.answered_at', 'judged.hung_up_at', 'second') }}
        end as talk_seconds,
        case when judged.is_voicemail and not judged.is_answered then 'voicemail' else judged.result end as raw_result
    from judged
    left join extensions
        on judged.source_account = extensions.source_account
            and judged.queue_extension = extensions.name
)

select * from final
