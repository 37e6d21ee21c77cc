{% set offer = [
    ('offer_id',       'id',            'text',   ''),
    ('external_id',    'externalId',    'text',   ''),
    ('xml_id',         'xmlId',         'text',   ''),
    ('article',        'article',       'text',   ''),
    ('barcode',        'barcode',       'text',   ''),
    ('name',           'name',          'text',   ''),
    ('price',          'price',         'money?', ''),
    ('purchase_price', 'purchasePrice', 'money?', ''),
] %}

with

products as (
    {{ live_documents('retailcrm', 'products') }}
),

final as (
    select
        p.source_system,
        p.source_account,
        e.offer_id as source_record_id,
        coalesce(e.xml_id, e.external_id, p.external_id) as external_id,
        coalesce(e.article, p.article) as article,
        e.barcode,
        coalesce(e.name, p.name) as name,
        p.manufacturer as brand,
        p.category,
        e.price,
        e.purchase_price as cost,
        not coalesce(p.is_active, true) as is_archived
    from {{ child_rows('products', 'offers', offer) }}
)

select * from final
