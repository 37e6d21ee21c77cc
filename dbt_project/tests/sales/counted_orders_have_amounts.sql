-- What stands in sums has all its amounts; what is left out is cancelled, a test, or in a currency without a rate.
select order_id
from {{ ref('orders') }}
where is_counted <> (not is_cancelled and not is_test and exchange_rate is not null)
    or (
        is_counted
        and (
            gross_amount is null
            or discount_amount is null
            or points_discount_amount is null
            or delivery_amount is null
            or net_revenue is null
            or margin_amount is null
        )
    )
