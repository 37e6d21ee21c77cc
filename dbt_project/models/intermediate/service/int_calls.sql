-- Every call once, of each fact what the best ranked record says (seed field_precedence): the telephone exchange of how it
-- went, the call tracker of what brought it. A record that was not believed stays named. One row per call.
{% set facts = ['call', 'people', 'traffic'] %}
{% set sales_queues = rule('service.sales_queues') if rule('service.sales_queues') is iterable else [] %}

with records as (
    select * from {{ ref('int_calls__united') }}
),

matched as (
    select * from {{ ref('int_calls__matched') }}
),

precedence as (
    select
        {%- for fact in facts %}
        coalesce(
            min(case when field = '{{ fact }}' then {{ adapter.quote('rank') }} end),
            min(case when field = '*' then {{ adapter.quote('rank') }} end),
            99
        ) as {{ fact }}_rank,
        {%- endfor %}
        source_system
    from {{ ref('field_precedence') }}
    where entity = 'calls'
    group by source_system
),

translated as (
    select
        records.*,
        matched.call_id,
        matched.is_leader,
        matched.seconds_apart,
        matched.phone,
        {{ contact_customer(by='phone') }} as customer_id,
        {{ mapped_value('call_result') }} as mapped_result,
        {{ referenced_id('employee') }} as employee_id,
        {{ referenced_id('store') }} as store_id,
        coalesce(precedence.call_rank, 99) as call_rank,
        coalesce(precedence.people_rank, 99) as people_rank,
        coalesce(precedence.traffic_rank, 99) as traffic_rank,
        row_number() over (
            partition by matched.call_id
            order by
                case when matched.is_leader then 0 else 1 end,
                records.source_system, records.source_account, records.source_record_id
        ) as record_place
    from records
    inner join matched on records.call_key = matched.call_key
    left join precedence on records.source_system = precedence.source_system
    {{ contact_owner(phone='records.customer_phone') }}
    {{ mapped('call_result', 'records.source_system', 'records.raw_result') }}
    {{ referenced('employee', 'records.source_system', 'records.employee_reference') }}
    {{ referenced('store', 'records.source_system', 'records.store_reference') }}
),

{# how a call went comes from one record, else its times would not follow one another #}
merged as (
    select
        call_id,
        max(case when is_leader then source_system end) as source_system,
        max(case when is_leader then source_account end) as source_account,
        max(case when is_leader then source_record_id end) as source_record_id,
        max(case when not is_leader then call_key end) as mirror_record,
        max(seconds_apart) as mirror_seconds_apart,
        min_by(started_at, call_rank * 1000 + record_place) as started_at,
        min_by(answered_at, call_rank * 1000 + record_place) as answered_at,
        min_by(ended_at, call_rank * 1000 + record_place) as ended_at,
        min_by(coalesce(is_answered, false), call_rank * 1000 + record_place) as is_answered,
        min_by(coalesce(is_ivr_only, false), call_rank * 1000 + record_place) as is_ivr_only,
        min_by(mapped_result, call_rank * 1000 + record_place) as mapped_result,
        min_by(wait_seconds, call_rank * 1000 + record_place) as wait_seconds,
        min_by(talk_seconds, call_rank * 1000 + record_place) as talk_seconds,
        {{ preferred('direction', 'call') }} as direction,
        {{ preferred('phone', 'call') }} as phone,
        {{ preferred('customer_id', 'call') }} as customer_id,
        {{ preferred('queue', 'people') }} as queue,
        {{ preferred('employee_id', 'people') }} as employee_id,
        {{ preferred('store_id', 'people') }} as store_id,
        {{ preferred('order_number', 'people') }} as order_number,
        {{ preferred('client_id', 'traffic') }} as client_id,
        {{ preferred('case when raw_traffic_source is not null then source_system end', 'traffic') }} as traffic_source_system,
        {{ preferred('case when raw_traffic_source is not null then source_account end', 'traffic') }} as traffic_source_account,
        {{ preferred('raw_traffic_source', 'traffic') }} as raw_traffic_source,
        {{ preferred('utm_source', 'traffic') }} as utm_source,
        {{ preferred('utm_medium', 'traffic') }} as utm_medium,
        {{ preferred('utm_campaign', 'traffic') }} as utm_campaign,
        count(*) as records
    from translated
    group by call_id
),

named as (
    {{ orders_named('merged', 'call_id', 'order_number', 'customer_id') }}
),

{# a call within days of an order that was not bought in a store is about that order #}
ordered as (
    select merged.call_id, count(*) as orders_count
    from merged
    inner join {{ ref('int_orders') }} as orders
        on merged.customer_id = orders.customer_id
            and orders.ordered_at < merged.started_at
            and orders.ordered_at
            >= {{ dbt.dateadd('day', -1 * rule('service.order_contact_days'), 'merged.started_at') }}
    where orders.sales_channel <> 'store' and not orders.is_test
    group by merged.call_id
),

outgoing as (
    select phone, started_at from merged
    where direction = 'out' and phone is not null
),

returned as (
    select merged.call_id, min(outgoing.started_at) as returned_at
    from merged
    inner join outgoing
        on merged.phone = outgoing.phone
            and outgoing.started_at >= coalesce(merged.ended_at, merged.started_at)
            and outgoing.started_at
            <= {{ dbt.dateadd('day', rule('service.repeat_contact_days'), 'coalesce(merged.ended_at, merged.started_at)') }}
    where merged.direction = 'in' and not merged.is_answered and not merged.is_ivr_only
    group by merged.call_id
),

final as (
    select
        merged.call_id,
        merged.source_system,
        merged.source_account,
        merged.source_record_id,
        merged.mirror_record,
        merged.mirror_seconds_apart,
        merged.records,
        merged.customer_id,
        coalesce(merged.direction, 'unknown') as direction,
        merged.queue,
        merged.employee_id,
        merged.store_id,
        named.order_id,
        merged.started_at,
        {{ business_date('merged.started_at') }} as started_on,
        merged.answered_at,
        merged.ended_at,
        case
            when merged.is_answered then 'answered'
            when merged.is_ivr_only then 'ivr_only'
            when merged.mapped_result in ('busy', 'failed', 'voicemail') then merged.mapped_result
            else 'missed'
        end as result,
        merged.is_answered,
        merged.is_ivr_only,
        returned.returned_at,
        case
            when merged.direction = 'in' and not merged.is_answered and not merged.is_ivr_only
                then coalesce(
                    {{ dbt.datediff('coalesce(merged.ended_at, merged.started_at)', 'returned.returned_at', 'second') }}
                    <= {{ rule('service.call_back_within_minutes') }} * 60,
                    false
                )
        end as is_called_back,
        coalesce(
            merged.wait_seconds,
            {{ dbt.datediff('merged.started_at', 'coalesce(merged.answered_at, merged.ended_at)', 'second') }}
        ) as wait_seconds,
        case when merged.is_answered then merged.talk_seconds end as talk_seconds,
        coalesce(
            merged.direction = 'in' and not merged.is_ivr_only
            and (
                orders.ordered_at <= merged.started_at
                or (
                    ordered.orders_count > 0
                    and lower(coalesce(merged.queue, ''))
                    not in ({% for queue in sales_queues %}'{{ queue | lower }}', {% endfor %}'-')
                )
            ),
            false
        ) as is_about_order,
        merged.client_id,
        merged.traffic_source_system,
        merged.traffic_source_account,
        merged.raw_traffic_source,
        merged.utm_source,
        merged.utm_medium,
        merged.utm_campaign
    from merged
    left join named on merged.call_id = named.call_id
    left join {{ ref('int_orders') }} as orders on named.order_id = orders.order_id
    left join ordered on merged.call_id = ordered.call_id
    left join returned on merged.call_id = returned.call_id
)

select * from final
