-- Every loyalty account as each system tells it; one row per system's account.
with united as (
    {{ canonical_union('loyalty_accounts', [
        'stg_moysklad__loyalty_accounts',
        'stg_retailcrm__loyalty_accounts',
        'stg_abm_loyalty__loyalty_accounts',
        'stg_file_drop__loyalty_accounts',
    ]) }}
),

final as (
    select
        united.*,
        source_system || ':' || source_account || ':' || source_record_id as account_key,
        case
            when profile_record_id is not null
                then source_system || ':' || source_account || ':' || profile_record_id
        end as profile_id,
        case
            when programme_record_id is not null
                then source_system || ':' || source_account || ':' || programme_record_id
        end as programme_key
    from united
)

select * from final
