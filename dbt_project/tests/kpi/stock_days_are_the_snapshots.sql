-- Every day and place with a stock row of goods has its stock told, and nothing else has; units and oversold rows are those of the stock.
-- Every line cancelled for want of stock is in one row, whether its day and place had a snapshot or not.
with levels as (
    select
        levels.stock_on as day,
        levels.store_id,
        sum(levels.quantity) as stock_units,
        sum(case when levels.quantity < levels.reserved then 1 else 0 end) as oversold_stock_rows
    from {{ ref('stock_levels') }} as levels
    inner join {{ ref('products') }} as products on levels.product_id = products.product_id
    where not products.is_gift_card
    group by levels.stock_on, levels.store_id
),

kpis as (
    select * from {{ ref('kpi_stock_daily') }}
    where stock_units is not null
),

wanting as (
    select count(*) as lines_cancelled
    from {{ ref('order_lines') }} as lines
    inner join {{ ref('orders') }} as orders on lines.order_id = orders.order_id
    where not orders.is_test
        and (
            orders.cancel_reason = 'out_of_stock'
            or (lines.is_cancelled and not orders.is_cancelled and orders.sales_channel <> 'marketplace')
        )
),

counted as (
    select coalesce(sum(lines_cancelled), 0) as lines_cancelled from {{ ref('kpi_stock_daily') }}
)

select
    coalesce(kpis.day, levels.day) as day,
    coalesce(kpis.store_id, levels.store_id) as store_id
from kpis
full outer join levels on kpis.day = levels.day and kpis.store_id = levels.store_id
where kpis.day is null
    or levels.day is null
    or abs(kpis.stock_units - levels.stock_units) > 0.001
    or kpis.oversold_stock_rows <> levels.oversold_stock_rows

union all

select
    cast(null as date) as day,
    'lines cancelled for want of stock' as store_id
from wanting
cross join counted
where wanting.lines_cancelled <> counted.lines_cancelled
