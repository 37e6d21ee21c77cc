-- Holders of loyalty accounts with a card, a phone or an e-mail; one row per account.
select
    source_system,
    source_account,
    profile_record_id as source_record_id,
    'person' as kind,
    full_name,
    enrolled_at as created_at,
    version_at as changed_at
from {{ ref('stg_file_drop__loyalty_accounts') }}
where profile_record_id is not null
