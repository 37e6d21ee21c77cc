-- The marketplace's warehouses; at present one pool of all. One row per warehouse.
with

stock as (
    {{ live_documents('wildberries', 'stock') }}
),

ranked as (
    select
        *,
        row_number() over (partition by source_account, warehouse_id order by version_at desc, document_key) as place
    from stock
),

final as (
    select
        source_system,
        source_account,
        warehouse_id as source_record_id,
        coalesce(warehouse_name, warehouse_id) as name,
        'marketplace_warehouse' as kind
    from ranked
    where place = 1
)

select * from final
