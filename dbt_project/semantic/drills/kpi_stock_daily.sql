-- The products at a place on a day, as its snapshot told them, the order lines cancelled there for want of stock, and what it sold.
-- Записи — товары в месте хранения по снимку дня, строки заказов, отменённые из-за нехватки товара, и проданные оттуда заказы.
-- where day = N (average_stock_at_cost, observed_days): kind_of_record = 'level' and day <= N and day > N - (select days from turnover)
-- where day = N (cost_of_sales_365d): kind_of_record = 'sold' and day <= N and day > N - (select days from turnover)
with turnover as (
    select cast(value as integer) as days from marts.parameters
    where name = 'stock.turnover_days'
),

levels as (
    select
        levels.stock_on as day,
        levels.store_id,
        levels.product_id,
        stores.kind,
        coalesce(stores.closed_on > levels.stock_on, true) as is_open,
        levels.quantity,
        levels.quantity - levels.reserved as free_quantity,
        coalesce(products.cost, products.price * (1 - (
            select cast(value as double) from marts.parameters where name = 'customer_value.assumed_margin_share'
        ))) as unit_cost
    from marts.stock_levels as levels
    left join marts.products using (product_id)
    left join marts.stores using (store_id)
    where not coalesce(products.is_gift_card, false)
),

seen as (
    select product_id, stock_on as seen_on
    from marts.stock_levels
    join marts.products using (product_id)
    where (quantity <> 0 or reserved <> 0) and not products.is_gift_card

    union

    select lines.product_id, orders.ordered_on
    from marts.order_lines as lines
    join marts.orders using (order_id)
    join marts.products using (product_id)
    where orders.is_counted and not lines.is_cancelled and not products.is_gift_card
),

active as (
    select days.day, count(distinct seen.product_id) as active_skus
    from (select distinct day from levels) as days
    join seen
        on seen.seen_on <= days.day
            and seen.seen_on > days.day - (select cast(value as integer) from marts.parameters where name = 'stock.active_days')
    group by days.day
),

wanting as (
    select
        coalesce(orders.store_id, case orders.channel_class
            when 'online' then (select min(store_id) from marts.stores where kind = 'warehouse' having count(*) = 1)
            when 'marketplace' then (select min(store_id) from marts.stores where kind = 'marketplace_warehouse' having count(*) = 1)
        end) as store_id,
        case
            when orders.is_test then null
            when orders.cancel_reason = 'out_of_stock'
                then coalesce(cast(timezone(zone, timezone('UTC', orders.cancelled_at)) as date), orders.ordered_on)
            when lines.is_cancelled and not orders.is_cancelled and orders.sales_channel <> 'marketplace' then orders.ordered_on
        end as day,
        lines.order_id,
        lines.line_number
    from marts.order_lines as lines
    join marts.orders using (order_id)
    cross join (select value as zone from marts.parameters where name = 'business.timezone')
),

records as (
    select
        'level' as kind_of_record,
        levels.*,
        max(if(kind = 'store' and is_open and free_quantity > 0, 1, 0)) over (partition by day, product_id) as in_any_store,
        max(if(kind = 'warehouse' and is_open and free_quantity > 0, 1, 0)) over (partition by day, product_id) as in_any_warehouse
    from levels

    union all by name

    select 'line cancelled' as kind_of_record, day, store_id, order_id, line_number
    from wanting
    where day is not null

    union all by name

    -- What was sold from a place, at cost.
    select
        'sold' as kind_of_record,
        ordered_on as day,
        coalesce(store_id, case channel_class
            when 'online' then (select min(store_id) from marts.stores where kind = 'warehouse' having count(*) = 1)
            when 'marketplace' then (select min(store_id) from marts.stores where kind = 'marketplace_warehouse' having count(*) = 1)
        end) as store_id,
        order_id,
        net_revenue - margin_amount as cost_of_sales
    from marts.orders
    where is_counted
),

lines_of_day as (
    select day, store_id, count(*) as lines_cancelled
    from records
    where kind_of_record = 'line cancelled'
    group by day, store_id
),

reachable as (
    select day, count(distinct product_id) as cross_channel_skus
    from records
    where in_any_store = 1 and in_any_warehouse = 1
    group by day
),

summed as (
    select
        records.day,
        records.store_id,
        if(any_value(is_open), any_value(active.active_skus), null) as active_skus,
        if(any_value(is_open), count(*) filter (where free_quantity > 0), null) as available_skus,
        count(*) filter (where free_quantity < 0) as oversold_stock_rows,
        sum(quantity) as stock_units,
        coalesce(sum(quantity) filter (where unit_cost is null), 0) as uncosted_units,
        sum(cast(quantity * unit_cost as decimal(18, 2))) as stock_at_cost,
        if(any_value(is_open), any_value(reachable.cross_channel_skus), null) as cross_channel_skus,
        coalesce(any_value(lines_of_day.lines_cancelled), 0) as lines_cancelled,
        oversold_stock_rows + coalesce(any_value(lines_of_day.lines_cancelled), 0) as oversold_lines
    from records
    join active using (day)
    left join reachable using (day)
    left join lines_of_day on lines_of_day.day = records.day and lines_of_day.store_id = records.store_id
    where kind_of_record = 'level'
    group by all
),

-- Lines of days and places without a snapshot.
unseen as (
    select lines_of_day.*, lines_cancelled as oversold_lines
    from lines_of_day
    where not exists (select 1 from summed where summed.day = lines_of_day.day and summed.store_id = lines_of_day.store_id)
),

looked_at as (
    select
        summed.*,
        (
            select coalesce(sum(cost_of_sales), 0) from records
            where records.store_id = summed.store_id and records.day <= summed.day and records.day > summed.day - turnover.days
        ) as cost_of_sales_365d,
        (
            select cast(cast(avg(earlier.stock_at_cost) as decimal(24, 6)) as decimal(18, 2)) from summed as earlier
            where earlier.store_id = summed.store_id and earlier.day <= summed.day and earlier.day > summed.day - turnover.days
        ) as average_stock_at_cost,
        (
            select count(*) from summed as earlier
            where earlier.store_id = summed.store_id and earlier.day <= summed.day and earlier.day > summed.day - turnover.days
        ) as observed_days
    from summed
    cross join turnover
)

select * from looked_at
union all by name
(from unseen)
