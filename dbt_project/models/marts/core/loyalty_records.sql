-- Every movement of points that any ledger holds, counted or not; one row per system's operation.
with operations as (
    select * from {{ ref('int_loyalty_operations__united') }}
),

ledgers as (
    select * from {{ ref('int_ledgers') }}
),

mirrors as (
    select * from {{ ref('int_loyalty_operations__matched') }}
),

accounts as (
    select * from {{ ref('int_loyalty_accounts') }}
),

customer_of_profile as (
    select * from {{ ref('int_customer_of_profile') }}
),

final as (
    select
        case when ledgers.is_counted then operations.operation_key else mirrors.original_key end as operation_id,
        operations.source_system,
        operations.source_account,
        operations.source_record_id,
        ledgers.is_counted,
        mirrors.matched_by,
        coalesce(accounts.customer_id, customer_of_profile.customer_id) as customer_id,
        operations.operation_type,
        case when operations.operation_type = 'cancelled' then operations.cancels_type end as cancels_type,
        cast(operations.points as double) as points,
        operations.occurred_at
    from operations
    inner join ledgers on operations.source_system = ledgers.source_system
    left join mirrors on operations.operation_key = mirrors.operation_key
    left join accounts on operations.account_key = accounts.loyalty_account_id
    left join customer_of_profile on operations.profile_id = customer_of_profile.profile_id
)

select * from final
