-- A return is a document of the system that took the goods back. An order whose status says returned, while no system
-- holds a document, counts as brought back whole when its status changed: else its revenue would stand for ever.
-- One row per return.
with returns as (
    select * from {{ ref('int_returns__united') }}
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

documents as (
    select
        returns.return_id,
        returns.source_system,
        returns.source_account,
        returns.source_record_id,
        matched.order_id,
        coalesce(orders.customer_id, customer_of_profile.customer_id) as customer_id,
        returns.returned_at,
        {{ business_date('returns.returned_at') }} as returned_on,
        returns.amount,
        coalesce(returns.currency, orders.currency, '{{ rule('business.currency') }}') as currency,
        case
            when mapped.mapped_to is not null then mapped.mapped_to
            when returns.raw_return_channel is not null then 'unknown'
        end as return_channel,
        stores.store_id as return_store_id,
        returns.reason,
        'document' as evidence
    from returns
    left join matched on returns.order_key = matched.order_key
    left join orders on matched.order_id = orders.order_id
    left join customer_of_profile on returns.profile_id = customer_of_profile.profile_id
    left join stores on returns.store_key = stores.record_key
    left join mapped
        on returns.source_system = mapped.source_system
            and returns.source_account = mapped.source_account
            and returns.raw_return_channel = mapped.raw_value
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
        documents.evidence
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
        'order status' as evidence
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
