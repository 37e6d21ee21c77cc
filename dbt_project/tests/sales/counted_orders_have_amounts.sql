-- What stands in sums has all its amounts, and its margin is its net revenue less its cost; what is left out is cancelled, a test,
-- in a currency without a rate, or the sale of gift cards alone.
select order_id
from {{ ref('orders') }}
where is_counted <> (not is_cancelled and not is_test and not is_gift_cards_only and exchange_rate is not null)
    or (
        is_counted
        and (
            gross_amount is null
            or discount_amount is null
            or (points_discount_amount is null and order_kind <> 'shift_report')
            or delivery_amount is null
            or net_revenue is null
            or margin_amount is null
            or cost_amount is null
            or receipts_count is null
            or margin_amount <> net_revenue - cost_amount
        )
    )
