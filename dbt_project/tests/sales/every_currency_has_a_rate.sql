-- Without a rate an order has no amount in the reporting currency: add a row to seeds/exchange_rates.csv.
select currency, count(*) as orders, min(ordered_on) as first_order_on
from {{ ref('int_orders') }}
where exchange_rate is null
group by currency
