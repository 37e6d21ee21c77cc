with

accounts as (
    {{ live_documents('abm_loyalty', 'accounts') }}
),

final as (
    select
        accounts.source_system,
        accounts.source_account,
        accounts.account_id as source_record_id,
        accounts.account_id as profile_record_id,
        accounts.card_number,
        accounts.phone,
        {{ mapped_value('loyalty_status') }} as status,
        accounts.enrolled_at,
        accounts.closed_at,
        accounts.balance as vendor_balance
    from accounts
    {{ mapped('loyalty_status', 'accounts.source_system', 'accounts.raw_status') }}
)

select * from final
