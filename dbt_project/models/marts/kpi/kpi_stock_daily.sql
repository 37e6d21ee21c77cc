-- Stock by the day and place of its snapshots, which begin with the first refresh; on a day without a snapshot of a place nothing is known
-- of its stock, and no level is made up afterwards: such a row tells only the lines cancelled there for want of stock, and there is none
-- where there were no such lines. Lines that no place is known for stand in a row without a place.
-- Gift cards are no stock.
-- Active on a day: a product that in the stock.active_days days up to it was listed (its stock or reserve at any place was not 0) or
-- sold (any channel). Every active product is asked for at every place that is not closed: a closed one (stores.closed_on) lacks nothing,
-- so it has no availability and its rests are in no store; they stay in units and at cost. Cost of stock: today's purchase price, else the assumed share of
-- the list price. What is sold leaves the order's store; an online order that names none leaves the only warehouse of our own, a marketplace's order
-- the only warehouse of its marketplace; where there are several, no place.
-- Cancelled for want of stock: a line struck off an order that lives on (who changes his mind cancels the order), on the day of the
-- order, marketplaces left out, since there the buyer refuses units; and every line of an order that was cancelled for it
-- (orders.cancel_reason), on the day on which it was cancelled, where nobody tells when, on that of the order.
{% set assumed_cost_share = 1 - rule('customer_value.assumed_margin_share') %}
{% set last_days = rule('stock.turnover_days') - 1 %}

with levels as (
    select
        levels.*,
        levels.quantity - levels.reserved as free_quantity,
        coalesce(products.cost, products.price * {{ assumed_cost_share }}) as unit_cost,
        stores.kind,
        coalesce(stores.closed_on > levels.stock_on, true) as is_open
    from {{ ref('stock_levels') }} as levels
    left join {{ ref('products') }} as products on levels.product_id = products.product_id
    left join {{ ref('stores') }} as stores on levels.store_id = stores.store_id
    where not coalesce(products.is_gift_card, false)
),

warehouses as (
    select min(store_id) as store_id
    from {{ ref('stores') }}
    where kind = 'warehouse'
    having count(*) = 1
),

marketplaces as (
    select source_system, source_account, min(store_id) as store_id
    from {{ ref('int_store_records') }}
    where kind = 'marketplace_warehouse'
    group by source_system, source_account
    having count(distinct store_id) = 1
),

orders as (
    select
        orders.*,
        coalesce(
            orders.store_id,
            case
                when orders.channel_class = 'online' then warehouses.store_id
                when orders.channel_class = 'marketplace' then marketplaces.store_id
            end
        ) as stock_place_id
    from {{ ref('orders') }} as orders
    left join warehouses on true
    left join marketplaces
        on orders.source_system = marketplaces.source_system
            and orders.source_account = marketplaces.source_account
),

lines as (
    select
        lines.product_id,
        orders.stock_place_id as store_id,
        orders.ordered_on,
        orders.is_counted and not lines.is_cancelled as is_sold,
        case
            when orders.is_test then null
            when orders.cancel_reason = 'out_of_stock'
                then coalesce({{ business_date('orders.cancelled_at') }}, orders.ordered_on)
            when lines.is_cancelled and not orders.is_cancelled and orders.sales_channel <> 'marketplace' then orders.ordered_on
        end as wanting_on
    from {{ ref('order_lines') }} as lines
    inner join orders on lines.order_id = orders.order_id
),

seen as (
    select product_id, stock_on as day
    from levels
    where quantity <> 0 or reserved <> 0
    union
    select lines.product_id, lines.ordered_on as day
    from lines
    inner join {{ ref('products') }} as products on lines.product_id = products.product_id
    where lines.is_sold and not products.is_gift_card
),

{# a product is active until so many days after it was seen, or until it is seen again: no two stretches of one overlap #}
stretches as (
    select
        day,
        least(
            cast({{ dbt.dateadd('day', rule('stock.active_days'), 'day') }} as date),
            lead(day) over (partition by product_id order by day)
        ) as ends_before
    from seen
),

turns as (
    select day, 1 as change from stretches
    union all
    select ends_before as day, -1 as change from stretches
),

active_from as (
    select
        day,
        sum(sum(change)) over (order by day rows between unbounded preceding and current row) as active_skus
    from turns
    group by day
),

stock_days as (
    select distinct stock_on as day from levels
),

active as (
    select
        stock_days.day,
        max_by(active_from.active_skus, active_from.day) as active_skus
    from stock_days
    inner join active_from on stock_days.day >= active_from.day
    group by stock_days.day
),

reachable as (
    select
        day,
        sum(in_store * in_warehouse) as cross_channel_skus
    from (
        select
            stock_on as day,
            product_id,
            max(case when kind = 'store' and is_open and free_quantity > 0 then 1 else 0 end) as in_store,
            max(case when kind = 'warehouse' and is_open and free_quantity > 0 then 1 else 0 end) as in_warehouse
        from levels
        group by stock_on, product_id
    ) as products_of_day
    group by day
),

{#- What happened at a place on a day; only stock and lines cancelled for want of it make a row in the end. -#}
{% set parts = [
    ('levels', 'stock_on', 'store_id is not null', {
        'stock_rows': '1',
        'open_rows': 'case when is_open then 1 else 0 end',
        'available_skus': 'case when free_quantity > 0 then 1 else 0 end',
        'oversold_stock_rows': 'case when free_quantity < 0 then 1 else 0 end',
        'stock_units': 'quantity',
        'uncosted_units': 'case when unit_cost is null then quantity else 0 end',
        'stock_at_cost': 'quantity * unit_cost',
    }),
    ('lines', 'wanting_on', 'wanting_on is not null', {'lines_cancelled': '1'}),
    ('(select stock_place_id as store_id, ordered_on, net_revenue, margin_amount from orders where is_counted) as sold', 'ordered_on',
        'store_id is not null', {'cost_of_sales': 'net_revenue - margin_amount'}),
] -%}
{%- set sums = ['stock_rows', 'open_rows', 'available_skus', 'oversold_stock_rows', 'stock_units', 'uncosted_units', 'lines_cancelled',
    'cost_of_sales'] %}

facts as (
    {%- for source, day, condition, adds in parts %}
    select
        store_id,
        {{ day }} as day,
        {%- for column in sums %}
        {{ adds.get(column, '0') }} as {{ column }},
        {%- endfor %}
        cast({{ adds.get('stock_at_cost', 'null') }} as decimal(18, 2)) as stock_at_cost
    from {{ source }}
    where {{ condition }}
    {{ 'union all' if not loop.last }}
    {%- endfor %}
),

days as (
    select
        store_id,
        day,
        {%- for column in sums %}
        sum({{ column }}) as {{ column }},
        {%- endfor %}
        cast(sum(stock_at_cost) as decimal(18, 2)) as stock_at_cost
    from facts
    group by store_id, day
),

{% set year_before -%}
over (partition by store_id order by day range between interval {{ last_days }} day preceding and current row)
{%- endset %}
looked_back as (
    select
        *,
        cast(sum(cost_of_sales) {{ year_before }} as decimal(18, 2)) as cost_of_sales_365d,
        cast(cast(avg(stock_at_cost) {{ year_before }} as decimal(24, 6)) as decimal(18, 2)) as average_stock_at_cost,
        count(case when stock_rows > 0 then 1 end) {{ year_before }} as observed_days
    from days
),

{# what only a snapshot tells, and what only that of an open place -#}
{% set of_snapshots = ['looked_back.oversold_stock_rows', 'looked_back.stock_units', 'looked_back.uncosted_units',
    'looked_back.cost_of_sales_365d', 'looked_back.average_stock_at_cost', 'looked_back.observed_days'] %}
{% set of_open_places = ['active.active_skus', 'looked_back.available_skus', 'reachable.cross_channel_skus'] %}
told as (
    select
        looked_back.day,
        looked_back.store_id,
        looked_back.lines_cancelled,
        looked_back.stock_at_cost,
        {%- for column in of_open_places %}
        case when looked_back.open_rows > 0 then {{ column }} end as {{ column.split('.')[1] }},
        {%- endfor %}
        {%- for column in of_snapshots %}
        case when looked_back.stock_rows > 0 then {{ column }} end as {{ column.split('.')[1] }}{{ ',' if not loop.last }}
        {%- endfor %}
    from looked_back
    left join active on looked_back.day = active.day
    left join reachable on looked_back.day = reachable.day
    where looked_back.stock_rows > 0 or looked_back.lines_cancelled > 0
),

final as (
    select
        day,
        store_id,
        cast(active_skus as bigint) as active_skus,
        cast(available_skus as bigint) as available_skus,
        {{ ratio('available_skus', 'active_skus') }} as availability,
        cast(oversold_stock_rows as bigint) as oversold_stock_rows,
        cast(lines_cancelled as bigint) as lines_cancelled,
        cast(coalesce(oversold_stock_rows, 0) + lines_cancelled as bigint) as oversold_lines,
        cast(stock_units as double) as stock_units,
        cast(uncosted_units as double) as uncosted_units,
        stock_at_cost,
        cost_of_sales_365d,
        average_stock_at_cost,
        cast(observed_days as bigint) as observed_days,
        {{ ratio('cost_of_sales_365d', 'average_stock_at_cost') }} as stock_turnover,
        cast(cross_channel_skus as bigint) as cross_channel_skus,
        {{ ratio('cross_channel_skus', 'active_skus') }} as cross_channel_availability
    from told
)

select * from final
