-- Every movement of points as each system tells it. A ledger that knows no accounts has one per profile. One row per
-- system's operation.
with united as (
    {{ canonical_union('loyalty_operations', [
        'stg_moysklad__loyalty_operations',
        'stg_retailcrm__loyalty_operations',
        'stg_abm_loyalty__loyalty_operations',
        'stg_file_drop__loyalty_operations',
    ]) }}
),

final as (
    select
        united.*,
        source_system || ':' || source_account || ':' || source_record_id as operation_key,
        source_system || ':' || source_account || ':' || coalesce(
            loyalty_account_record_id, 'account of ' || profile_record_id, 'account of nobody'
        ) as account_key,
        case
            when profile_record_id is not null
                then source_system || ':' || source_account || ':' || profile_record_id
        end as profile_id,
        case
            when order_record_id is not null
                then source_system || ':' || source_account || ':' || order_record_id
        end as order_key
    from united
)

select * from final
