-- The lines of an order, from the record whose amounts the order has. What an order's net revenue and its lines differ
-- by (a discount on the whole order, a rounded kopeck) is spread over the lines by their net amount and named in
-- `allocated_amount`, so that lines always add up to their order. The cost of a line is the one registered with the
-- sale: by the books (int_sale_costs: of its order and product, for what a till sold else of its store, the shifts of its moment
-- and its product), else by the line itself or by the same goods in another record of the order; else today's purchase price, else an
-- assumed share of the net amount; `cost_method` says which. A cost of 0 is not known. What the books entered is spread over the units
-- sold by differences of rounded running sums, so lines add up to the books to the kopeck.
-- Gift cards are no goods: their lines are left out, as they are of the order's amounts.
-- One row per order line.
{{ config(materialized='view') }}

with lines as (
    select * from {{ ref('int_order_lines__united') }}
),

orders as (
    select * from {{ ref('int_orders') }}
),

product_records as (
    select * from {{ ref('int_product_records') }}
),

products as (
    select * from {{ ref('int_products') }}
),

stores as (
    select record_key, store_id from {{ ref('int_store_records') }}
),

costs as (
    select * from {{ ref('int_sale_costs') }}
),

{# what the other records of an order tell of its goods' cost: the amounts may come from a system that tells none #}
costs_elsewhere as (
    select
        orders.order_id,
        product_records.product_id,
        sum(lines.cost_amount * orders.exchange_rate) / sum(lines.quantity) as unit_cost
    from orders
    inner join {{ ref('int_orders__matched') }} as records
        on orders.order_id = records.order_id
            and orders.amounts_order_key <> records.order_key
            and not records.is_ignored
    inner join lines
        on records.order_key = lines.order_key
            and lines.cost_amount > 0
            and lines.quantity > 0
            and not coalesce(lines.is_cancelled, false)
    inner join product_records on lines.product_key = product_records.record_key
    where orders.mirror_order_key is not null
    group by orders.order_id, product_records.product_id
),

told as (
    select
        orders.order_id,
        orders.ordered_at,
        orders.is_counted,
        orders.net_revenue as order_net_revenue,
        lines.line_number,
        lines.source_record_id,
        coalesce(lines.is_cancelled, false) as is_cancelled,
        product_records.product_id,
        lines.quantity,
        cast(lines.unit_price * orders.exchange_rate as decimal(18, 2)) as unit_price,
        cast(coalesce(lines.discount_amount, 0) * orders.exchange_rate as decimal(18, 2)) as discount_amount,
        cast(coalesce(lines.points_discount_amount, 0) * orders.exchange_rate as decimal(18, 2))
            as points_discount_amount,
        case
            when coalesce(lines.is_cancelled, false) then cast(0 as decimal(18, 2))
            else cast(lines.net_amount * orders.exchange_rate as decimal(18, 2))
        end as told_net_amount,
        cast(
            coalesce(nullif(lines.cost_amount, 0) * orders.exchange_rate, costs_elsewhere.unit_cost * lines.quantity) as decimal(18, 2)
        ) as registered_cost,
        cast(products.cost * lines.quantity as decimal(18, 2)) as purchase_cost,
        coalesce(costs_of_order.cost_key, costs_of_day.cost_key) as cost_key,
        coalesce(costs_of_order.cost, costs_of_day.cost) as booked_cost,
        coalesce(costs_of_order.quantity, costs_of_day.quantity) as booked_quantity
    from lines
    inner join orders on lines.order_key = orders.amounts_order_key
    left join product_records on lines.product_key = product_records.record_key
    left join products on product_records.product_id = products.product_id
    left join stores on orders.store_key = stores.record_key
    left join costs_elsewhere
        on orders.order_id = costs_elsewhere.order_id
            and product_records.product_id = costs_elsewhere.product_id
    left join costs as costs_of_order
        on orders.order_id = costs_of_order.order_id
            and product_records.product_id = costs_of_order.product_id
    left join costs as costs_of_day
        {# a condition on the left side alone would make DuckDB try every pair, so it stands in the key #}
        on case when orders.order_kind in ('receipt', 'shift_report') then stores.store_id end = costs_of_day.store_id
            and orders.ordered_at > costs_of_day.covers_from
            and orders.ordered_at <= costs_of_day.covers_until
            and product_records.product_id = costs_of_day.product_id
    where not coalesce(products.is_gift_card, false)
),

{# what is cancelled or not counted is not in the books, so it uses up nothing of what they hold #}
running as (
    select
        *,
        sum(case when is_counted and not is_cancelled then quantity else 0 end) over (
            partition by coalesce(cost_key, order_id)
            order by ordered_at, order_id, line_number, source_record_id
            rows between unbounded preceding and current row
        ) as sold_so_far
    from told
),

weighed as (
    select
        *,
        order_net_revenue - sum(told_net_amount) over (partition by order_id) as missing_amount,
        sum(case when is_cancelled then 0 else told_net_amount end) over (partition by order_id) as weight_total,
        sum(case when is_cancelled then 0 else 1 end) over (partition by order_id) as lines_sold,
        row_number() over (
            partition by order_id
            order by case when is_cancelled then 1 else 0 end, told_net_amount desc, line_number, source_record_id
        ) as place,
        case
            when cost_key is null then cast(null as decimal(18, 2))
            when is_counted
                then cast(
                    round(cast(booked_cost as double) * sold_so_far / booked_quantity, 2)
                    - round(cast(booked_cost as double) * (sold_so_far - quantity) / booked_quantity, 2) as decimal(18, 2)
                )
            else cast(round(cast(booked_cost as double) * quantity / booked_quantity, 2) as decimal(18, 2))
        end as cost_in_books
    from running
),

shared as (
    select
        *,
        case
            when lines_sold = 0 or is_cancelled or missing_amount = 0 then cast(0 as decimal(18, 2))
            when weight_total > 0
                then cast(
                    cast(missing_amount as double) * cast(told_net_amount as double)
                    / cast(weight_total as double) as decimal(18, 2)
                )
            else cast(cast(missing_amount as double) / lines_sold as decimal(18, 2))
        end as fair_share
    from weighed
),

{# the kopecks that rounding leaves go to the first, dearest line #}
allocated as (
    select
        *,
        case
            when lines_sold = 0 or is_cancelled then cast(0 as decimal(18, 2))
            when place = 1
                then cast(
                    fair_share + missing_amount - sum(fair_share) over (partition by order_id) as decimal(18, 2)
                )
            else fair_share
        end as allocated_amount
    from shared
),

final as (
    select
        order_id,
        cast(row_number() over (partition by order_id order by line_number, source_record_id) as bigint)
            as line_number,
        product_id,
        quantity,
        unit_price,
        cast(discount_amount - allocated_amount as decimal(18, 2)) as discount_amount,
        points_discount_amount,
        cast(told_net_amount + allocated_amount as decimal(18, 2)) as net_amount,
        allocated_amount,
        is_cancelled,
        case
            when is_cancelled then cast(0 as decimal(18, 2))
            when cost_in_books is not null then cost_in_books
            when registered_cost is not null then registered_cost
            when purchase_cost is not null then purchase_cost
            else cast(
                (told_net_amount + allocated_amount) * {{ 1 - rule('customer_value.assumed_margin_share') }} as decimal(18, 2)
            )
        end as cost_amount,
        case
            when coalesce(cost_in_books, registered_cost) is not null then 'register'
            when purchase_cost is not null then 'purchase_price'
            else 'assumed_share'
        end as cost_method
    from allocated
)

select * from final
