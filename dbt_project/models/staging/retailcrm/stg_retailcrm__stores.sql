with

stores as (
    {{ live_documents('retailcrm', 'stores') }}
),

final as (
    select
        source_system,
        source_account,
        code as source_record_id,
        coalesce(external_id, xml_id) as external_id,
        name,
        region,
        city,
        address,
        case
            when store_type = 'store-type-retail' then 'store'
            when store_type = 'store-type-online' then 'store'
            else 'warehouse'
        end as kind
    from stores
)

select * from final
