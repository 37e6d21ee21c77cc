select
    order_id,
    line_number,
    product_id,
    quantity,
    unit_price,
    discount_amount,
    points_discount_amount,
    net_amount,
    allocated_amount,
    cost_amount,
    cost_method,
    is_cancelled
from {{ ref('int_order_lines') }}
