with

accounts_ranked as (
    select
        *,
        row_number() over (
            partition by source_account, account_id order by file_modified_at desc, file_name desc, line_number desc
        ) as account_age
    from ({{ live_documents('file_drop', 'loyalty_accounts') }}) as documents
)

select
    source_system,
    source_account,
    account_id as source_record_id,
    -- somebody who cannot be told from others is no profile
    case when coalesce(card_number, phone, email) is not null then account_id end as profile_record_id,
    card_number,
    phone,
    email,
    full_name,
    coalesce(lower(account_status), case when closed_at is null then 'active' else 'inactive' end) as status,
    enrolled_at,
    closed_at,
    balance as vendor_balance,
    version_at
from accounts_ranked
where account_age = 1
