-- Stock and reserve at the end of a day of the server, which stands in the document's key. A register kept by more than item and
-- store (characteristics, purposes) has several rows of one shelf, told apart by their keys; they are summed.
-- One row per product, place and day.
with

stock as (
    {{ live_documents('one_c', 'stock') }}
),

final as (
    select
        source_system,
        source_account,
        item_id as source_record_id,
        item_id as product_record_id,
        store_id as store_record_id,
        cast(right(document_key, 10) as date) as stock_on,
        sum(quantity) as quantity,
        sum(coalesce(reserved, 0)) as reserved
    from stock
    group by source_system, source_account, item_id, store_id, cast(right(document_key, 10) as date)
)

select * from final
