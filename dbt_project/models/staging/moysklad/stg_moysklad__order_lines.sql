-- Positions with the order's points spread over them by their discount, each line's share the difference of two rounded
-- running shares, so that the shares add up to the order's points to the kopeck. A cost is told in the account's own currency, so a
-- position that was sold in another has none. One row per position.
with

positions as (
    select * from {{ ref('stg_moysklad__positions') }}
),

orders as (
    select * from {{ ref('stg_moysklad__orders') }}
),

own_currencies as (
    select source_account, currency
    from {{ ref('stg_moysklad__currencies') }}
    where currency_id = ''
),

products as (
    {{ live_documents('moysklad', 'products') }}
),

running as (
    select
        positions.*,
        orders.points_discount_amount as order_points,
        coalesce(orders.currency, '') = coalesce(own_currencies.currency, '') as is_of_own_currency,
        positions.gross_amount - positions.net_amount as whole_discount,
        sum(positions.gross_amount - positions.net_amount) over (
            partition by positions.source_account, positions.order_record_id
        ) as order_discount,
        sum(positions.gross_amount - positions.net_amount) over (
            partition by positions.source_account, positions.order_record_id
            order by positions.line_number
            rows between unbounded preceding and current row
        ) as discount_so_far
    from positions
    inner join orders
        on positions.source_account = orders.source_account
            and positions.order_record_id = orders.source_record_id
    left join own_currencies
        on positions.source_account = own_currencies.source_account
),

shared as (
    select
        *,
        case
            when order_points > 0 and order_discount > 0
                then cast(
                        round(cast(order_points as double) * cast(discount_so_far as double) / cast(order_discount as double), 2)
                        - round(
                            cast(order_points as double) * cast(discount_so_far - whole_discount as double)
                            / cast(order_discount as double),
                            2
                        ) as decimal(18, 2)
                    )
            else cast(0 as decimal(18, 2))
        end as points_discount_amount
    from running
),

final as (
    select
        shared.source_system,
        shared.source_account,
        shared.source_record_id,
        shared.order_record_id,
        shared.line_number,
        shared.product_record_id,
        products.article,
        products.name as product_name,
        shared.quantity,
        shared.unit_price,
        cast(shared.whole_discount - shared.points_discount_amount as decimal(18, 2)) as discount_amount,
        shared.points_discount_amount,
        shared.net_amount,
        case when shared.is_of_own_currency then shared.cost_amount end as cost_amount,
        false as is_cancelled
    from shared
    left join products
        on shared.source_account = products.source_account
            and shared.product_record_id = products.product_id
)

select * from final
