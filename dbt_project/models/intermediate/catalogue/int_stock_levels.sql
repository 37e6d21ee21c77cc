-- What lay where at the end of which day, as the one system says that is believed about the place. One row per product, place and day.
{{ config(materialized='view') }}

select
    product_id,
    store_id,
    stock_on,
    sum(quantity) as quantity,
    sum(reserved) as reserved
from {{ ref('int_stock_levels__ranked') }}
where is_believed
group by product_id, store_id, stock_on
