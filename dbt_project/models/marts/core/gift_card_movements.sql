-- Gift cards sold, by a document of their own or as goods of an order, and spent. A card sold that two systems tell (the same
-- number, amount and day) is told by the better ranked one. The number itself, which is as good as money, is not here.
with gift_card_sales as (
    select
        sales.*,
        {{ business_date('sales.sold_at') }} as sold_on,
        coalesce(ranks.record_rank, 99) as record_rank
    from {{ ref('int_gift_card_sales__united') }} as sales
    left join {{ ref('int_order_precedence') }} as ranks on sales.source_system = ranks.source_system
),

ranked_sales as (
    select
        *,
        case
            when card_number is null then source_system
            else first_value(source_system) over (
                    partition by card_number, amount, sold_on order by record_rank, source_system
                )
        end as told_by
    from gift_card_sales
),

orders as (
    select * from {{ ref('int_orders') }}
    where not is_cancelled and not is_test
),

payments as (
    select * from {{ ref('int_payments') }}
    where payment_method = 'gift_card' and (status = 'paid' or paid_at is not null)
),

stores as (
    select record_key, store_id from {{ ref('int_store_records') }}
),

employees as (
    select record_key, employee_id from {{ ref('int_employee_records') }}
),

rates as (
    select * from {{ ref('int_exchange_rates') }}
),

movements as (
    select
        sales.sale_id as movement_id,
        'sold' as movement_type,
        sales.sold_at as occurred_at,
        sales.store_key,
        sales.employee_key,
        cast(null as {{ dbt.type_string() }}) as order_id,
        'store' as sales_channel,
        cast(null as {{ dbt.type_string() }}) as brand,
        cast(sales.amount * rates.rate as decimal(18, 2)) as amount,
        sales.source_system
    from ranked_sales as sales
    left join rates
        on coalesce(sales.currency, '{{ rule('business.currency') }}') = rates.currency
            and sales.sold_on >= rates.valid_from
            and sales.sold_on < rates.valid_before
    where sales.source_system = sales.told_by

    union all

    select
        order_id || ':gift cards' as movement_id,
        'sold' as movement_type,
        ordered_at as occurred_at,
        store_key,
        employee_key,
        order_id,
        sales_channel,
        brand,
        gift_cards_sold_amount as amount,
        source_system
    from orders
    where gift_cards_sold_amount <> 0

    union all

    select
        payments.payment_id as movement_id,
        'redeemed' as movement_type,
        coalesce(payments.paid_at, orders.ordered_at) as occurred_at,
        orders.store_key,
        orders.employee_key,
        orders.order_id,
        orders.sales_channel,
        orders.brand,
        payments.amount,
        payments.source_system
    from payments
    inner join orders on payments.order_id = orders.order_id
),

final as (
    select
        movements.movement_id,
        cast(movements.movement_type as {{ dbt.type_string() }}) as movement_type,
        movements.occurred_at,
        {{ business_date('movements.occurred_at') }} as occurred_on,
        stores.store_id,
        employees.employee_id,
        movements.order_id,
        movements.sales_channel,
        movements.brand,
        movements.amount,
        movements.source_system
    from movements
    left join stores on movements.store_key = stores.record_key
    left join employees on movements.employee_key = employees.record_key
)

select * from final
