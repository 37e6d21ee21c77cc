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
    systems_count,
    category as category_level_1,
    subcategory as category_level_2,
    category_level_3,
    category_level_4,
    coalesce(is_gift_card, false) as is_gift_card
from {{ ref('int_products') }}
