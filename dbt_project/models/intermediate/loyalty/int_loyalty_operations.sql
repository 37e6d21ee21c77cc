-- Every movement of points once: the operations of the ledgers that count. Points are signed. Until the day from which
-- they may be spent they are pending, and from that day (`effective_on`) they are issued.
-- One row per operation.
with operations as (
    select * from {{ ref('int_loyalty_operations__united') }}
),

ledgers as (
    select * from {{ ref('int_ledgers') }}
    where is_counted
),

accounts as (
    select * from {{ ref('int_loyalty_accounts') }}
),

mirrors as (
    select * from {{ ref('int_loyalty_operations__matched') }}
),

orders as (
    select * from {{ ref('int_orders__matched') }}
),

customer_of_profile as (
    select * from {{ ref('int_customer_of_profile') }}
),

dated as (
    select
        operations.operation_key as operation_id,
        operations.source_system,
        operations.source_account,
        operations.source_record_id,
        coalesce(accounts.customer_id, customer_of_profile.customer_id) as customer_id,
        operations.account_key as loyalty_account_id,
        operations.operation_type,
        case when operations.operation_type = 'cancelled' then operations.cancels_type end as cancels_type,
        cast(operations.points as double) as points,
        operations.is_pending as told_pending,
        operations.available_on,
        operations.occurred_at,
        {{ business_date('operations.occurred_at') }} as occurred_on,
        coalesce(own_order.order_id, mirrored_order.order_id) as order_id
    from operations
    inner join ledgers on operations.source_system = ledgers.source_system
    left join accounts on operations.account_key = accounts.loyalty_account_id
    left join customer_of_profile on operations.profile_id = customer_of_profile.profile_id
    left join orders as own_order on operations.order_key = own_order.order_key
    left join mirrors on operations.operation_key = mirrors.original_key
    left join orders as mirrored_order on mirrors.order_key = mirrored_order.order_key
),

final as (
    select
        operation_id,
        source_system,
        source_account,
        source_record_id,
        customer_id,
        loyalty_account_id,
        operation_type,
        cancels_type,
        points,
        coalesce(available_on > {{ as_of_date() }}, told_pending, false) as is_pending,
        available_on,
        greatest(occurred_on, coalesce(available_on, occurred_on)) as effective_on,
        occurred_at,
        occurred_on,
        order_id
    from dated
)

select * from final
