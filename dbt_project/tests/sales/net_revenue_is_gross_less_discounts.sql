-- A kopeck of rounding is forgiven where money was converted.
select order_id
from {{ ref('orders') }}
where abs(net_revenue - (gross_amount - discount_amount - points_discount_amount))
    > case when exchange_rate = 1 then 0 else 0.02 end
