-- Stock and reserve at the end of a Moscow day, which stands in the document's key. A shop's stock place counts as the
-- shop. One row per product, place and day.
{% set level = [
    ('store_href', 'meta.href', 'text', 'required'),
    ('quantity', 'stock', 'number', 'required'),
    ('reserved', 'reserve', 'number', ''),
] %}
with

stock as (
    {{ live_documents('moysklad', 'stock') }}
),

places as (
    select * from {{ ref('stg_moysklad__places') }}
),

levels as (
    select
        p.source_system,
        p.source_account,
        {{ last_segment('p.product_href') }} as product_record_id,
        cast(right(p.document_key, 10) as date) as stock_on,
        {{ last_segment('e.store_href') }} as stock_place_id,
        e.quantity,
        e.reserved
    from {{ child_rows('stock', 'levels', level) }}
),

final as (
    select
        levels.source_system,
        levels.source_account,
        levels.product_record_id as source_record_id,
        levels.product_record_id,
        coalesce(places.store_record_id, levels.stock_place_id) as store_record_id,
        levels.stock_on,
        levels.quantity,
        coalesce(levels.reserved, 0) as reserved
    from levels
    left join places
        on levels.source_account = places.source_account
            and levels.stock_place_id = places.store_id
)

select * from final
