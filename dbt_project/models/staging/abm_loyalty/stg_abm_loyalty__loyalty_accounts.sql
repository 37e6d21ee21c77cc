-- Members with the balance that the vendor told last, and when it did: an account that is told again unchanged is not landed
-- again, so the answers say when. One row per account.
{{ config(materialized='table') }}  -- Spark keeps no view of a function that is lent to it
with

accounts as (
    select *, {{ without_card('account_id') }} as record_id
    from ({{ live_documents('abm_loyalty', 'accounts') }}) as documents
),

-- An answer that failed keeps when its account was read before.
asked as (
    select source_account, account_id, max(through) as told_at
    from ({{ live_documents('abm_loyalty', 'answers') }}) as answers
    where account_id is not null
    group by source_account, account_id
),

final as (
    select
        accounts.source_system,
        accounts.source_account,
        accounts.record_id as source_record_id,
        accounts.record_id as profile_record_id,
        accounts.card_number,
        accounts.phone,
        {{ mapped_value('loyalty_status') }} as status,
        accounts.enrolled_at,
        accounts.closed_at,
        accounts.balance as vendor_balance,
        asked.told_at as balance_told_at
    from accounts
    left join asked
        on accounts.source_account = asked.source_account
            and accounts.account_id = asked.account_id
    {{ mapped('loyalty_status', 'accounts.source_system', 'accounts.raw_status') }}
)

select * from final
