with accounts as (
    select * from {{ ref('int_loyalty_accounts') }}
),

balances as (
    select
        loyalty_account_id,
        sum(case when is_pending then 0 else points end) as points_balance,
        sum(case when is_pending then points else 0 end) as points_pending
    from {{ ref('int_loyalty_operations') }}
    group by loyalty_account_id
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
        coalesce(balances.points_balance, 0) - accounts.vendor_balance as balance_difference,
        accounts.is_member
    from accounts
    left join balances on accounts.loyalty_account_id = balances.loyalty_account_id
)

select * from final
