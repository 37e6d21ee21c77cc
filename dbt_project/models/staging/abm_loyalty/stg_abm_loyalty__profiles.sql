-- Members with a card, a phone or an e-mail; one row per account.
with

accounts as (
    {{ live_documents('abm_loyalty', 'accounts') }}
),

reachable as (
    select distinct source_account, source_record_id from {{ ref('stg_abm_loyalty__identifiers') }}
),

final as (
    select
        accounts.source_system,
        accounts.source_account,
        accounts.account_id as source_record_id,
        'person' as kind,
        accounts.first_name,
        accounts.last_name,
        accounts.middle_name,
        case lower(accounts.raw_sex) when 'male' then 'male' when 'female' then 'female' end as sex,
        accounts.birth_date,
        accounts.enrolled_at as created_at,
        accounts.version_at as changed_at
    from accounts
    inner join reachable
        on accounts.source_account = reachable.source_account
            and accounts.account_id = reachable.source_record_id
)

select * from final
