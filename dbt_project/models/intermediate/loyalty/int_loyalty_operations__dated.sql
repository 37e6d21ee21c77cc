-- Every movement of points once, as its ledger tells it: the operations of the ledgers that count. Points are signed. Until the day
-- from which they may be spent they are pending, and from that day (`effective_on`) they are issued; where the vendor says that they
-- wait and not until when, nobody knows the day and it is NULL. Points that go out wait for nothing. The order behind one is what its
-- ledger names by id or number, else what a mirroring ledger names; the purchase is that order or, where it is not known here, what the
-- ledger calls it. Points that nobody names a purchase for are a gift (of welcome, of a birthday), where the account of the ledger names
-- purchases at all. What its ledger dates after the day of the refresh has not happened: it is pending, whichever way its points go, and
-- counts in nothing until its day. One row per operation.
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

told as (
    select
        operations.*,
        coalesce(accounts.customer_id, customer_of_profile.customer_id) as customer_id
    from operations
    left join accounts on operations.account_key = accounts.loyalty_account_id
    left join customer_of_profile on operations.profile_id = customer_of_profile.profile_id
),

named as (
    {{ orders_named('told', 'operation_key', 'order_number', 'customer_id') }}
),

lent as (
    select
        mirrors.original_key,
        min(coalesce(orders.order_id, named.order_id)) as order_id,
        max(coalesce(mirrors.order_key, {{ reference_key('operations.order_number') }}, operations.order_number)) as purchase_named
    from mirrors
    inner join operations on mirrors.operation_key = operations.operation_key
    left join orders on mirrors.order_key = orders.order_key
    left join named on mirrors.operation_key = named.operation_key
    group by mirrors.original_key
),

dated as (
    select
        told.operation_key as operation_id,
        told.source_system,
        told.source_account,
        told.source_record_id,
        told.customer_id,
        told.account_key as loyalty_account_id,
        told.operation_type,
        case when told.operation_type = 'cancelled' then told.cancels_type end as cancels_type,
        cast(told.points as double) as points,
        told.is_pending as told_pending,
        told.available_on,
        told.occurred_at,
        {{ business_date('told.occurred_at') }} as occurred_on,
        coalesce(own_order.order_id, named.order_id, lent.order_id) as order_id,
        told.operation_type = 'earned' as is_earned,
        coalesce(
            told.order_key, {{ reference_key('told.order_number') }}, told.order_number, lent.purchase_named
        ) as purchase_named
    from told
    inner join ledgers on told.source_system = ledgers.source_system
    left join orders as own_order on told.order_key = own_order.order_key
    left join named on told.operation_key = named.operation_key
    left join lent on told.operation_key = lent.original_key
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
        occurred_on > {{ as_of_date() }}
        or points > 0 and coalesce(available_on > {{ as_of_date() }}, told_pending, false) as is_pending,
        available_on,
        case
            when points > 0 and available_on > occurred_on then available_on
            when points > 0 and available_on is null and told_pending then null
            else occurred_on
        end as effective_on,
        occurred_at,
        occurred_on,
        order_id,
        coalesce(order_id, 'unknown ' || loyalty_account_id || ' ' || purchase_named) as purchase,
        is_earned and purchase_named is null
        and count(case when is_earned then purchase_named end) over (partition by source_system, source_account) > 0 as is_gift
    from dated
)

select * from final
