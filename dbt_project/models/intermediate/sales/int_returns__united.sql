-- Every return document as each system tells it; one row per system's return.
with united as (
    {{ canonical_union('returns', [
        'stg_moysklad__returns',
        'stg_one_c__returns',
        'stg_wildberries__returns',
    ]) }}
),

final as (
    select
        united.*,
        source_system || ':' || source_account || ':' || source_record_id as return_id,
        case
            when order_record_id is not null
                then source_system || ':' || source_account || ':' || order_record_id
        end as order_key,
        case
            when profile_record_id is not null
                then source_system || ':' || source_account || ':' || profile_record_id
        end as profile_id,
        case
            when store_record_id is not null
                then source_system || ':' || source_account || ':' || store_record_id
        end as store_key
    from united
)

select * from final
