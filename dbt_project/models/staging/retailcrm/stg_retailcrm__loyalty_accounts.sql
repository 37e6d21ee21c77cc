with

accounts as (
    {{ live_documents('retailcrm', 'loyalty_accounts') }}
),

final as (
    select
        source_system,
        source_account,
        account_id as source_record_id,
        customer_id as profile_record_id,
        programme_id as programme_record_id,
        card_number,
        phone,
        -- Some lists carry only the flag.
        case
            when status = 'activated' then 'active'
            when status = 'deactivated' then 'inactive'
            when status = 'not_confirmed' then 'not_confirmed'
            when is_active then 'active'
            when activated_at is null then 'not_confirmed'
            else 'inactive'
        end as status,
        created_at as enrolled_at,
        balance as vendor_balance
    from accounts
)

select * from final
