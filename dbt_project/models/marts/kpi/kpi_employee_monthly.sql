-- What an employee sold, in any channel, by the month of the order, and took back, by the month in which the goods came back. Returns
-- lessen the revenue of who sold, not of who took them in; a return whose order nobody knows lessens nobody's. Receipts that stand in
-- the sums of a shift alone are nobody's.
with orders as (
    select * from {{ ref('orders') }}
),

personal as (
    select order_id, sum(amount) as amount
    from {{ ref('order_discounts') }}
    where discount_type = 'personal'
    group by order_id
),

memberships as (
    {{ memberships() }}
),

sold as (
    select
        orders.ordered_on,
        orders.sales_channel,
        orders.store_id,
        orders.employee_id,
        orders.customer_id,
        orders.receipts_count,
        orders.net_revenue,
        orders.units,
        orders.gross_amount,
        orders.discount_amount,
        coalesce(personal.amount, 0) as personal_discount_amount,
        case when memberships.customer_id is not null then orders.receipts_count else 0 end as member_receipts
    from orders
    left join personal on orders.order_id = personal.order_id
    left join memberships
        on orders.customer_id = memberships.customer_id
            and memberships.enrolled_on <= orders.ordered_on
            and (memberships.left_on is null or memberships.left_on > orders.ordered_on)
    where orders.is_counted and orders.employee_id is not null
),

taken_back as (
    select
        returns.returned_on,
        returns.amount,
        orders.employee_id as seller_id,
        returns.employee_id as taker_id
    from {{ ref('returns') }} as returns
    left join orders on returns.order_id = orders.order_id
    where returns.is_counted
),

{#- One row per fact and what it adds. -#}
{% set parts = [
    ('sold', 'employee_id', 'ordered_on', {
        'orders_count': 'receipts_count',
        'order_revenue': 'net_revenue',
        'units': 'units',
        'identified_orders': 'case when customer_id is not null then receipts_count else 0 end',
        'member_orders': 'member_receipts',
        'gross_amount': 'gross_amount',
        'discount_amount': 'discount_amount',
        'personal_discount_amount': 'personal_discount_amount',
    }),
    ('taken_back', 'seller_id', 'returned_on', {'returns_amount': 'amount'}),
    ('taken_back', 'taker_id', 'returned_on', {'handled_returns': '1', 'handled_returns_amount': 'amount'}),
] -%}
{%- set counts = {
    'orders_count': 'bigint', 'order_revenue': 'decimal(18, 2)', 'units': 'double', 'identified_orders': 'bigint',
    'member_orders': 'bigint', 'gross_amount': 'decimal(18, 2)', 'discount_amount': 'decimal(18, 2)',
    'personal_discount_amount': 'decimal(18, 2)', 'returns_amount': 'decimal(18, 2)', 'handled_returns': 'bigint',
    'handled_returns_amount': 'decimal(18, 2)',
} %}

facts as (
    {%- for source, employee, day, adds in parts %}
    select
        {%- for count in counts %}
        {{ adds.get(count, '0') }} as {{ count }},
        {%- endfor %}
        cast({{ dbt.date_trunc('month', day) }} as date) as month,
        {{ employee }} as employee_id
    from {{ source }}
    where {{ employee }} is not null
    {{ 'union all' if not loop.last }}
    {%- endfor %}
),

summed as (
    select
        {%- for count in counts %}
        cast(sum({{ count }}) as {{ counts[count] }}) as {{ count }},
        {%- endfor %}
        month,
        employee_id
    from facts
    group by month, employee_id
),

stores_sold_in as (
    select
        employee_id,
        cast({{ dbt.date_trunc('month', 'ordered_on') }} as date) as month,
        store_id,
        row_number() over (
            partition by employee_id, cast({{ dbt.date_trunc('month', 'ordered_on') }} as date)
            order by sum(receipts_count) desc, store_id
        ) as place
    from sold
    where sales_channel = 'store' and store_id is not null
    group by employee_id, cast({{ dbt.date_trunc('month', 'ordered_on') }} as date), store_id
),

final as (
    select
        summed.month,
        summed.employee_id,
        coalesce(stores_sold_in.store_id, employees.store_id) as store_id,
        summed.orders_count,
        summed.order_revenue,
        summed.returns_amount,
        cast(summed.order_revenue - summed.returns_amount as decimal(18, 2)) as net_revenue,
        {{ ratio('summed.order_revenue', 'summed.orders_count') }} as average_order_value,
        summed.units,
        {{ ratio('summed.units', 'summed.orders_count') }} as units_per_order,
        summed.identified_orders,
        {{ ratio('summed.identified_orders', 'summed.orders_count') }} as identified_share,
        summed.member_orders,
        {{ ratio('summed.member_orders', 'summed.orders_count') }} as member_share,
        summed.gross_amount,
        summed.discount_amount,
        {{ ratio('summed.discount_amount', 'summed.gross_amount') }} as discount_rate,
        summed.personal_discount_amount,
        {{ ratio('summed.personal_discount_amount', 'summed.discount_amount') }} as personal_discount_share,
        summed.handled_returns,
        summed.handled_returns_amount
    from summed
    left join stores_sold_in
        on summed.employee_id = stores_sold_in.employee_id
            and summed.month = stores_sold_in.month
            and stores_sold_in.place = 1
    left join {{ ref('employees') }} as employees on summed.employee_id = employees.employee_id
)

select * from final
