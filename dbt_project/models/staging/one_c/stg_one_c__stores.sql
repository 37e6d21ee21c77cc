-- Shops and warehouses; folders of the catalogue are neither. One row per shop or warehouse.
with

stores as (
    {{ live_documents('one_c', 'stores') }}
),

final as (
    select
        source_system,
        source_account,
        store_id as source_record_id,
        code as external_id,
        name,
        region,
        city,
        address,
        format,
        time_zone,
        is_franchise,
        opened_on,
        closed_on,
        case when store_type = 'РозничныйМагазин' then 'store' else 'warehouse' end as kind
    from stores
    where not coalesce(is_folder, false)
)

select * from final
