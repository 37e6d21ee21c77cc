select
    order_id,
    cast(discount_type as {{ dbt.type_string() }}) as discount_type,
    amount,
    is_assumed
from {{ ref('int_order_discounts') }}
