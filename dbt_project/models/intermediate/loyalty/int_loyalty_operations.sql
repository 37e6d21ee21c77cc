-- Every movement of points once: the operations of the ledgers that count. Points are signed. Until the day from which
-- they may be spent they are pending, and from that day (`effective_on`) they are issued. The order behind one is what its
-- ledger names by id or number, else what a mirroring ledger names.
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

naming as (
    select
        operations.operation_key,
        operations.order_number,
        coalesce(accounts.customer_id, customer_of_profile.customer_id) as customer_id
    from operations
    left join accounts on operations.account_key = accounts.loyalty_account_id
    left join customer_of_profile on operations.profile_id = customer_of_profile.profile_id
    where operations.order_number is not null
),

named as (
    {{ orders_named('naming', 'operation_key', 'order_number', 'customer_id') }}
),

lent as (
    select
        mirrors.original_key,
        min(coalesce(orders.order_id, named.order_id)) as order_id
    from mirrors
    left join orders on mirrors.order_key = orders.order_key
    left join named on mirrors.operation_key = named.operation_key
    group by mirrors.original_key
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
        coalesce(own_order.order_id, named.order_id, lent.order_id) as order_id
    from operations
    inner join ledgers on operations.source_system = ledgers.source_system
    left join accounts on operations.account_key = accounts.loyalty_account_id
    left join customer_of_profile on operations.profile_id = customer_of_profile.profile_id
    left join orders as own_order on operations.order_key = own_order.order_key
    left join named on operations.operation_key = named.operation_key
    left join lent on operations.operation_key = lent.original_key
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
