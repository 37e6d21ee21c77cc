-- Members with a card, a phone or an e-mail; one row per account.
{{ config(materialized='table') }}  -- Spark keeps no view of a function that is lent to it
with

accounts as (
    select *, {{ without_card('account_id') }} as record_id
    from ({{ live_documents('abm_loyalty', 'accounts') }}) as documents
),

reachable as (
    select distinct source_account, source_record_id from {{ ref('stg_abm_loyalty__identifiers') }}
),

final as (
    select
        accounts.source_system,
        accounts.source_account,
        accounts.record_id as source_record_id,
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
            and accounts.record_id = reachable.source_record_id
)

select * from final
