-- What of a card lay in a marketplace's warehouse for buyers to order, on the Moscow day in which it was asked for. What is
-- on its way to buyers and back is no part of it. One row per card, warehouse and day.
with

stock as (
    {{ live_documents('wildberries', 'stock') }}
),

final as (
    select
        source_system,
        source_account,
        nm_id as source_record_id,
        nm_id as product_record_id,
        warehouse_id as store_record_id,
        cast(right(document_key, 10) as date) as stock_on,
        sum(quantity) as quantity,
        cast(0 as {{ type_double() }}) as reserved
    from stock
    group by source_system, source_account, nm_id, warehouse_id, cast(right(document_key, 10) as date)
)

select * from final
