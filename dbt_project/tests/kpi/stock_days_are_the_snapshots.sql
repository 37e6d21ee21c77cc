-- Every day and place with a stock row of goods has a row of KPIs, and nothing else has; units and oversold rows are those of the stock.
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
)

select
    coalesce(kpis.day, levels.day) as day,
    coalesce(kpis.store_id, levels.store_id) as store_id
from {{ ref('kpi_stock_daily') }} as kpis
full outer join levels on kpis.day = levels.day and kpis.store_id = levels.store_id
where kpis.day is null
    or levels.day is null
    or abs(kpis.stock_units - levels.stock_units) > 0.001
    or kpis.oversold_stock_rows <> levels.oversold_stock_rows
