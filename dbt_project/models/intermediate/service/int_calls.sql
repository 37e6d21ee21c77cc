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
    {{ fact_ranks('calls', facts) }}
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

{# how a call went comes from one record, what that one does not know included, else its times would not follow one another #}
believed as (
    select
        translated.*,
        row_number() over (partition by call_id order by call_rank, record_place) as believed_place
    from translated
),

merged as (
    select
        call_id,
        max(case when is_leader then source_system end) as source_system,
        max(case when is_leader then source_account end) as source_account,
        max(case when is_leader then source_record_id end) as source_record_id,
        max(case when not is_leader then call_key end) as mirror_record,
        max(seconds_apart) as mirror_seconds_apart,
        max(case when believed_place = 1 then started_at end) as started_at,
        max(case when believed_place = 1 and is_answered then answered_at end) as answered_at,
        max(case when believed_place = 1 then ended_at end) as ended_at,
        max(case when believed_place = 1 and is_answered then 1 else 0 end) = 1 as is_answered,
        max(case when believed_place = 1 and is_ivr_only and not coalesce(is_answered, false) then 1 else 0 end) = 1 as is_ivr_only,
        max(case when believed_place = 1 then mapped_result end) as mapped_result,
        max(case when believed_place = 1 then wait_seconds end) as wait_seconds,
        max(case when believed_place = 1 then talk_seconds end) as talk_seconds,
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
    from believed
    group by call_id
),

named as (
    {{ orders_named('merged', 'call_id', 'order_number', 'customer_id') }}
),

{# a call within days of an order that was not bought in a store is about that order; about which of several nobody knows #}
ordered as (
    select
        merged.call_id,
        count(*) as orders_count,
        case when count(*) = 1 then min(orders.order_id) end as only_order_id
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

judged as (
    select
        merged.*,
        named.order_id as named_order_id,
        ordered.only_order_id,
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
        ) as is_about_order
    from merged
    left join named on merged.call_id = named.call_id
    left join {{ ref('int_orders') }} as orders on named.order_id = orders.order_id
    left join ordered on merged.call_id = ordered.call_id
),

final as (
    select
        judged.call_id,
        judged.source_system,
        judged.source_account,
        judged.source_record_id,
        judged.mirror_record,
        judged.mirror_seconds_apart,
        judged.records,
        judged.customer_id,
        coalesce(judged.direction, 'unknown') as direction,
        judged.queue,
        judged.employee_id,
        judged.store_id,
        coalesce(judged.named_order_id, case when judged.is_about_order then judged.only_order_id end) as order_id,
        case
            when judged.named_order_id is not null then false
            when judged.is_about_order and judged.only_order_id is not null then true
        end as is_order_assumed,
        judged.started_at,
        {{ business_date('judged.started_at') }} as started_on,
        judged.answered_at,
        judged.ended_at,
        case
            when judged.is_answered then 'answered'
            when judged.is_ivr_only then 'ivr_only'
            when judged.mapped_result in ('busy', 'failed', 'voicemail') then judged.mapped_result
            else 'missed'
        end as result,
        judged.is_answered,
        judged.is_ivr_only,
        returned.returned_at,
        case
            when judged.direction = 'in' and not judged.is_answered and not judged.is_ivr_only
                then coalesce(
                    {{ dbt.datediff('coalesce(judged.ended_at, judged.started_at)', 'returned.returned_at', 'second') }}
                    <= {{ rule('service.call_back_within_minutes') }} * 60,
                    false
                )
        end as is_called_back,
        case
            when not judged.is_ivr_only
                then coalesce(
                    judged.wait_seconds,
                    {{ dbt.datediff('judged.started_at', 'coalesce(judged.answered_at, judged.ended_at)', 'second') }}
                )
        end as wait_seconds,
        case when judged.is_answered then judged.talk_seconds end as talk_seconds,
        judged.is_about_order,
        judged.client_id,
        judged.traffic_source_system,
        judged.traffic_source_account,
        judged.raw_traffic_source,
        judged.utm_source,
        judged.utm_medium,
        judged.utm_campaign
    from judged
    left join returned on judged.call_id = returned.call_id
)

select * from final
