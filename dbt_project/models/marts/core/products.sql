select
    product_id,
    coalesce(name, article, barcode, product_id) as name,
    article,
    barcode,
    brand,
    category,
    subcategory,
    price,
    cost,
    coalesce(is_exclusive, false) as is_exclusive,
    coalesce(is_archived, false) as is_archived,
    systems_count
from {{ ref('int_products') }}
