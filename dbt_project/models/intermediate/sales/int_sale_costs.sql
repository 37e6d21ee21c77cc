-- What a sold unit had cost, from the books: by order and product where the entry names an order, else by store, business day and
-- product (what tills sold is entered by their shifts). An entry that names an order we do not know is nobody's day. An entry
-- with goods and without cost is not known yet (cost is computed when the month is closed) and is left out with its goods, unless
-- an entry of cost alone brings it later; goods that came back are no sale. In the reporting currency.
-- One row per order and product, or per store, day and product.
with entries as (
    select
        costs.*,
        source_system || ':' || source_account || ':' || source_record_id as entry_key
    from {{ ref('int_sale_costs__united') }} as costs
),

numbered as (
    select * from entries
    where order_number is not null
),

orders as (
    select order_key, order_id from {{ ref('int_orders__matched') }}
),

orders_by_number as (
    select * from (
        {{ orders_at('numbered', 'entry_key', 'order_number', 'sold_at') }}
    ) as called
),

products as (
    select record_key, product_id from {{ ref('int_product_records') }}
),

stores as (
    select record_key, store_id from {{ ref('int_store_records') }}
),

rates as (
    select * from {{ ref('int_exchange_rates') }}
),

placed as (
    select
        products.product_id,
        entries.order_key is not null or entries.order_number is not null as names_order,
        coalesce(orders.order_id, orders_by_number.order_id) as order_id,
        stores.store_id,
        {{ business_date('entries.sold_at') }} as sold_on,
        coalesce(entries.currency, '{{ rule('business.currency') }}') as currency,
        entries.quantity,
        coalesce(entries.cost, 0) as cost
    from entries
    inner join products on entries.product_key = products.record_key
    left join orders on entries.order_key = orders.order_key
    left join orders_by_number on entries.entry_key = orders_by_number.entry_key
    left join stores on entries.store_key = stores.record_key
    where entries.quantity >= 0
),

converted as (
    select
        placed.product_id,
        placed.order_id,
        case when not placed.names_order then placed.store_id end as store_id,
        case when not placed.names_order then placed.sold_on end as sold_on,
        placed.quantity,
        placed.cost * rates.rate as cost
    from placed
    inner join rates
        on placed.currency = rates.currency
            and placed.sold_on >= rates.valid_from
            and placed.sold_on < rates.valid_before
    where placed.order_id is not null or (not placed.names_order and placed.store_id is not null)
),

summed as (
    select
        product_id,
        order_id,
        store_id,
        sold_on,
        sum(cost) as cost,
        sum(quantity) as quantity,
        sum(case when cost <> 0 then quantity else 0 end) as quantity_with_cost,
        count(case when quantity = 0 and cost <> 0 then 1 end) as later_costs
    from converted
    group by product_id, order_id, store_id, sold_on
),

final as (
    select
        coalesce(order_id, store_id || ' ' || cast(sold_on as {{ dbt.type_string() }})) || ' ' || product_id as cost_key,
        product_id,
        order_id,
        store_id,
        sold_on,
        cast(case when later_costs > 0 then quantity else quantity_with_cost end as double) as quantity,
        cast(cost as decimal(18, 2)) as cost
    from summed
    where cost > 0 and case when later_costs > 0 then quantity else quantity_with_cost end > 0
)

select * from final
