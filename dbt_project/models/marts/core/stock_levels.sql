select
    product_id,
    store_id,
    stock_on,
    quantity,
    reserved
from {{ ref('int_stock_levels') }}
