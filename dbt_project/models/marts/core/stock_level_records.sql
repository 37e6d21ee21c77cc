select
    product_id,
    store_id,
    stock_on,
    source_system,
    source_account,
    quantity,
    reserved,
    is_believed
from {{ ref('int_stock_levels__ranked') }}
