-- A return is a document of the system that took the goods back; one that two systems hold is one return, of each fact what the
-- best ranked record says (seed field_precedence: record, amounts); the amount that gave way stays named. An order whose status
-- says returned, while no system holds a document, counts as brought back whole when its status changed: else its revenue would
-- stand for ever. One row per return.
with returns as (
    select * from {{ ref('int_returns__united') }}
),

return_records as (
    select * from {{ ref('int_returns__matched') }}
    where not is_ignored
),

ranks as (
    {{ fact_ranks('returns', ['record', 'amounts']) }}
),

orders as (
    select * from {{ ref('int_orders') }}
),

matched as (
    select * from {{ ref('int_orders__matched') }}
),

mapped as (
    select * from {{ ref('int_values__mapped') }}
    where resource = 'returns' and field = 'return_channel'
),

rates as (
    select * from {{ ref('int_exchange_rates') }}
),

stores as (
    select * from {{ ref('int_store_records') }}
),

customer_of_profile as (
    select * from {{ ref('int_customer_of_profile') }}
),

told as (
    select
        return_records.return_key,
        return_records.return_id,
        return_records.is_leader,
        return_records.matched_by,
        returns.source_system,
        returns.source_account,
        returns.source_record_id,
        matched.order_id,
        customer_of_profile.customer_id,
        returns.returned_at,
        returns.amount,
        returns.currency,
        case
            when mapped.mapped_to is not null then mapped.mapped_to
            when returns.raw_return_channel is not null then 'unknown'
        end as return_channel,
        stores.store_id,
        returns.reason,
        coalesce(ranks.record_rank, 99) as record_rank,
        coalesce(ranks.amounts_rank, 99) as amounts_rank,
        row_number() over (
            partition by return_records.return_id
            order by
                case when return_records.is_leader then 0 else 1 end,
                returns.source_system, returns.source_account, returns.source_record_id
        ) as record_place
    from returns
    inner join return_records on returns.return_id = return_records.return_key
    left join ranks on returns.source_system = ranks.source_system
    left join matched on returns.order_key = matched.order_key
    left join customer_of_profile on returns.profile_id = customer_of_profile.profile_id
    left join stores on returns.store_key = stores.record_key
    left join mapped
        on returns.source_system = mapped.source_system
            and returns.source_account = mapped.source_account
            and returns.raw_return_channel = mapped.raw_value
),

placed as (
    select
        *,
        row_number() over (
            partition by return_id
            order by case when amount is null then 1 else 0 end, amounts_rank, record_place
        ) as amounts_place
    from told
),

merged as (
    select
        return_id,
        max(case when is_leader then source_system end) as source_system,
        max(case when is_leader then source_account end) as source_account,
        max(case when is_leader then source_record_id end) as source_record_id,
        {{ preferred('order_id', 'record') }} as order_id,
        {{ preferred('customer_id', 'record') }} as customer_id,
        {{ preferred('returned_at', 'record') }} as returned_at,
        max(case when amounts_place = 1 then amount end) as amount,
        max(case when amounts_place = 1 then currency end) as currency,
        {{ preferred("case when return_channel <> 'unknown' then return_channel end", 'record') }} as return_channel,
        max(return_channel) as any_return_channel,
        {{ preferred('store_id', 'record') }} as return_store_id,
        {{ preferred('reason', 'record') }} as reason,
        min_by(return_key, case when not is_leader then record_rank * 1000 + record_place end) as mirror_record,
        min_by(matched_by, case when not is_leader then record_rank * 1000 + record_place end) as mirror_matched_by,
        max(case when amounts_place = 2 then amount end) as mirror_amount
    from placed
    group by return_id
),

documents as (
    select
        merged.return_id,
        merged.source_system,
        merged.source_account,
        merged.source_record_id,
        merged.order_id,
        coalesce(orders.customer_id, merged.customer_id) as customer_id,
        merged.returned_at,
        {{ business_date('merged.returned_at') }} as returned_on,
        merged.amount,
        coalesce(merged.currency, orders.currency, '{{ rule('business.currency') }}') as currency,
        coalesce(merged.return_channel, merged.any_return_channel) as return_channel,
        merged.return_store_id,
        merged.reason,
        'document' as evidence,
        merged.mirror_record,
        merged.mirror_matched_by,
        merged.mirror_amount
    from merged
    left join orders on merged.order_id = orders.order_id
),

converted as (
    select
        documents.return_id,
        documents.source_system,
        documents.source_account,
        documents.source_record_id,
        documents.order_id,
        documents.customer_id,
        documents.returned_at,
        documents.returned_on,
        cast(documents.amount * rates.rate as decimal(18, 2)) as amount,
        documents.return_channel,
        documents.return_store_id,
        documents.reason,
        documents.evidence,
        documents.mirror_record,
        documents.mirror_matched_by,
        cast(documents.mirror_amount * rates.rate as decimal(18, 2)) as mirror_amount
    from documents
    left join rates
        on documents.currency = rates.currency
            and documents.returned_on >= rates.valid_from
            and documents.returned_on < rates.valid_before
),

undocumented as (
    select
        orders.order_id || ':returned' as return_id,
        orders.source_system,
        orders.source_account,
        orders.source_record_id,
        orders.order_id,
        orders.customer_id,
        coalesce(orders.status_changed_at, orders.received_at, orders.ordered_at) as returned_at,
        {{ business_date('coalesce(orders.status_changed_at, orders.received_at, orders.ordered_at)') }}
            as returned_on,
        orders.net_revenue as amount,
        cast(null as {{ dbt.type_string() }}) as return_channel,
        cast(null as {{ dbt.type_string() }}) as return_store_id,
        cast(null as {{ dbt.type_string() }}) as reason,
        'order status' as evidence,
        cast(null as {{ dbt.type_string() }}) as mirror_record,
        cast(null as {{ dbt.type_string() }}) as mirror_matched_by,
        cast(null as decimal(18, 2)) as mirror_amount
    from orders
    left join (select distinct order_id from documents) as documented on orders.order_id = documented.order_id
    where orders.status = 'returned' and documented.order_id is null
),

together as (
    select * from converted
    union all
    select * from undocumented
),

final as (
    select
        together.*,
        orders.sales_channel as order_sales_channel,
        orders.brand,
        orders.store_key as order_store_key,
        coalesce(orders.is_counted, true) and together.amount is not null as is_counted
    from together
    left join orders on together.order_id = orders.order_id
)

select * from final
