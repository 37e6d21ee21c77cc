-- Gift cards sold, as each system tells it; one row per system's sold card.
with united as (
    {{ canonical_union('gift_card_sales', [
        'stg_one_c__gift_card_sales',
    ]) }}
),

final as (
    select
        united.*,
        source_system || ':' || source_account || ':' || source_record_id as sale_id,
        case
            when store_record_id is not null
                then source_system || ':' || source_account || ':' || store_record_id
        end as store_key,
        case
            when employee_record_id is not null
                then source_system || ':' || source_account || ':' || employee_record_id
        end as employee_key,
        case
            when profile_record_id is not null
                then source_system || ':' || source_account || ':' || profile_record_id
        end as profile_id
    from united
)

select * from final
