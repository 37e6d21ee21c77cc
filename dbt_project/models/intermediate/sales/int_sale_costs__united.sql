-- What sold goods had cost, as the books of each system tell it; one row per system's entry.
with united as (
    {{ canonical_union('sale_costs', [
        'stg_one_c__sale_costs',
    ]) }}
),

final as (
    select
        united.*,
        case
            when order_record_id is not null
                then source_system || ':' || source_account || ':' || order_record_id
        end as order_key,
        source_system || ':' || source_account || ':' || product_record_id as product_key,
        case
            when store_record_id is not null
                then source_system || ':' || source_account || ':' || store_record_id
        end as store_key
    from united
)

select * from final
