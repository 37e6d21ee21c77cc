-- The accounts of the ledgers that count, and those that only an operation mentions, so that no point is homeless. Where a
-- ledger knows no accounts, a profile is enrolled since its first operation.
-- A member is somebody whose account was confirmed and has not been closed; an account that is not active and of which no date of
-- leaving is known has no membership at all, since nobody knows until when. One row per account.
with accounts as (
    select * from {{ ref('int_loyalty_accounts__united') }}
),

operations as (
    select * from {{ ref('int_loyalty_operations__united') }}
),

ledgers as (
    select * from {{ ref('int_ledgers') }}
    where is_counted
),

programmes as (
    select * from {{ ref('int_loyalty_programmes') }}
),

customer_of_profile as (
    select * from {{ ref('int_customer_of_profile') }}
),

together as (
    select
        account_key,
        source_system,
        source_account,
        source_record_id,
        profile_id,
        programme_key,
        status,
        enrolled_at,
        closed_at,
        is_closed_at_assumed,
        vendor_balance,
        balance_told_at
    from accounts

    union all

    select
        operations.account_key,
        operations.source_system,
        operations.source_account,
        coalesce(min(operations.loyalty_account_record_id), min(operations.profile_record_id), 'nobody')
            as source_record_id,
        min(operations.profile_id) as profile_id,
        cast(null as {{ dbt.type_string() }}) as programme_key,
        case
            when min(operations.loyalty_account_record_id) is null and min(operations.profile_record_id) is not null
                then 'active'
        end as status,
        case
            when min(operations.loyalty_account_record_id) is null and min(operations.profile_record_id) is not null
                then min(operations.occurred_at)
        end as enrolled_at,
        cast(null as {{ dbt.type_timestamp() }}) as closed_at,
        cast(null as boolean) as is_closed_at_assumed,
        cast(null as double) as vendor_balance,
        cast(null as {{ dbt.type_timestamp() }}) as balance_told_at
    from operations
    left join accounts on operations.account_key = accounts.account_key
    where accounts.account_key is null
    group by operations.account_key, operations.source_system, operations.source_account
),

final as (
    select
        together.account_key as loyalty_account_id,
        together.source_system,
        together.source_account,
        together.source_record_id,
        customer_of_profile.customer_id,
        together.profile_id,
        coalesce(programmes.name, together.programme_key) as programme,
        programmes.started_on as programme_started_on,
        coalesce(together.status, 'unknown') as status,
        together.enrolled_at,
        together.closed_at,
        together.closed_at is not null and coalesce(together.is_closed_at_assumed, false) as is_closed_at_assumed,
        cast(together.vendor_balance as double) as vendor_balance,
        together.balance_told_at,
        coalesce(
            together.enrolled_at is not null
            and (together.status = 'active' or together.closed_at is not null),
            false
        ) as was_member,
        coalesce(together.status = 'active' and together.enrolled_at is not null and together.closed_at is null, false)
            as is_member
    from together
    inner join ledgers on together.source_system = ledgers.source_system
    left join programmes on together.programme_key = programmes.programme_key
    left join customer_of_profile on together.profile_id = customer_of_profile.profile_id
)

select * from final
