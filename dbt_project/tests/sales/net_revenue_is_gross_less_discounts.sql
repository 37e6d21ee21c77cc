-- The sums of a shift (order kind shift_report) tell discounts and points in one: their points are NULL.
-- A kopeck of rounding is forgiven where money was converted.
select order_id
from {{ ref('orders') }}
where abs(net_revenue - (gross_amount - discount_amount - coalesce(points_discount_amount, 0)))
    > case when exchange_rate = 1 then 0 else 0.02 end
