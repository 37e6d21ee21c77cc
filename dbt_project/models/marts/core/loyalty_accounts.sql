-- A vendor's balance is as of when it was told, ours is of today: they are compared as of that day, so that points which became
-- spendable or moved after it are no difference. What is dated after the day of the refresh counts in neither. One row per account.
with accounts as (
    select * from {{ ref('int_loyalty_accounts') }}
),

balances as (
    select
        operations.loyalty_account_id,
        sum(case when operations.is_pending then 0 else operations.points end) as points_balance,
        sum(
            case
                when operations.is_pending and operations.occurred_on <= {{ as_of_date() }} then operations.points
                else 0
            end
        ) as points_pending,
        sum(
            case
                when operations.effective_on > {{ business_date('accounts.balance_told_at') }} then 0
                when operations.is_pending then 0
                else operations.points
            end
        ) as points_when_told
    from {{ ref('int_loyalty_operations') }} as operations
    inner join accounts on operations.loyalty_account_id = accounts.loyalty_account_id
    group by operations.loyalty_account_id
),

final as (
    select
        accounts.loyalty_account_id,
        accounts.source_system,
        accounts.source_account,
        accounts.source_record_id,
        accounts.customer_id,
        accounts.programme,
        accounts.status,
        accounts.enrolled_at,
        accounts.closed_at,
        coalesce(balances.points_balance, 0) as points_balance,
        coalesce(balances.points_pending, 0) as points_pending,
        accounts.vendor_balance,
        accounts.balance_told_at,
        coalesce(balances.points_when_told, 0) - accounts.vendor_balance as balance_difference,
        accounts.is_member,
        accounts.programme_started_on,
        accounts.is_closed_at_assumed
    from accounts
    left join balances on accounts.loyalty_account_id = balances.loyalty_account_id
)

select * from final
