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
        min(case when result = 'voicemail' then initiated_at end) as mailbox_at,
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
        told_by_legs.mailbox_at,
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
        case when is_answered then coalesce(leg_answered_at, bridged_at) end as answered_at,
        case when is_answered then coalesce(leg_answered_at, bridged_at) else coalesce(mailbox_at, hung_up_at) end as waits_until
    from together
),

-- What came after the answer was not waited in: a menu that asks how it was, a queue one is handed over to.
waited as (
    select
        judged.source_account,
        judged.call_id,
        max(case when legs.kind = 'queue' then legs.initiated_at end) as queued_at,
        max(case when legs.kind = 'ivr' then legs.hung_up_at end) as menu_ended_at
    from judged
    inner join legs
        on judged.source_account = legs.source_account
            and judged.call_id = legs.call_record_id
    where legs.kind in ('queue', 'ivr')
        and {{ dbt.datediff(
            "case when legs.kind = 'queue' then legs.initiated_at else legs.hung_up_at end",
            'judged.waits_until', 'second'
        ) }} >= 0
    group by judged.source_account, judged.call_id
),

timed as (
    select
        judged.*,
        not judged.is_answered and judged.flow = 'in' and judged.is_machine_only as is_ivr_only,
        coalesce(waited.queued_at, waited.menu_ended_at, judged.initiated_at) as waits_since
    from judged
    left join waited
        on judged.source_account = waited.source_account
            and judged.call_id = waited.call_id
),

final as (
    select
        timed.source_system,
        timed.source_account,
        timed.call_id as source_record_id,
        case
            when timed.customer_phone is null and timed.is_between_extensions then 'internal'
            when timed.flow = 'in' then 'in'
            else 'out'
        end as direction,
        timed.customer_phone,
        timed.own_phone,
        coalesce(extensions.label, {{ dbt.split_part('timed.queue_extension', "'*'", 2) }}) as queue,
        case
            when timed.is_answered and timed.leg_extension is not null then timed.leg_extension
            when timed.flow = 'out' and timed.from_username like '%*%' then timed.from_username
            when timed.is_answered and timed.bridged_username like '%*%' then timed.bridged_username
        end as employee_reference,
        -- a queue may be named after a shop; whether it is, its references tell
        coalesce(extensions.label, {{ dbt.split_part('timed.queue_extension', "'*'", 2) }}) as store_reference,
        timed.initiated_at as started_at,
        timed.answered_at,
        timed.hung_up_at as ended_at,
        timed.is_answered,
        timed.is_ivr_only,
        case
            when not timed.is_ivr_only
                and {{ dbt.datediff('timed.waits_since', 'timed.waits_until', 'second') }} >= 0
                then {{ dbt.datediff('timed.waits_since', 'timed.waits_until', 'second') }}
        end as wait_seconds,
        case
            when not timed.is_answered then null
            when timed.bridged_duration >= 0 then timed.bridged_duration
            when timed.leg_talk_seconds is not null then timed.leg_talk_seconds
            when timed.hung_up_at >= timed.answered_at
                then {{ dbt.datediff('timed.answered_at', 'timed.hung_up_at', 'second') }}
        end as talk_seconds,
        case when timed.is_voicemail and not timed.is_answered then 'voicemail' else timed.result end as raw_result
    from timed
    left join extensions
        on timed.source_account = extensions.source_account
            and timed.queue_extension = extensions.name
)

select * from final
