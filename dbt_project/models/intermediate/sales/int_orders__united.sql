-- Every order and receipt as each system tells it, in one shape; one line per vendor and nothing else knows vendors.
with united as (
    {{ canonical_union('orders', [
        'stg_moysklad__orders',
        'stg_one_c__orders',
        'stg_retailcrm__orders',
        'stg_wildberries__orders',
    ]) }}
),

final as (
    select
        united.*,
        source_system || ':' || source_account || ':' || source_record_id as order_key,
        case
            when profile_record_id is not null
                then source_system || ':' || source_account || ':' || profile_record_id
        end as profile_id
    from united
)

select * from final
