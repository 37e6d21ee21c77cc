-- What of a record of an order is gift cards sold as goods, in the record's own currency; `is_all_there_is` when it holds nothing
-- else. One row per system's order that sold any.
with lines as (
    select * from {{ ref('int_order_lines__united') }}
    where not coalesce(is_cancelled, false)
),

product_records as (
    select record_key, product_id from {{ ref('int_product_records') }}
),

products as (
    select product_id from {{ ref('int_products') }}
    where is_gift_card
),

final as (
    select
        lines.order_key,
        sum(
            case
                when products.product_id is not null
                    then lines.net_amount + coalesce(lines.discount_amount, 0) + coalesce(lines.points_discount_amount, 0)
                else 0
            end
        ) as gross_amount,
        sum(case when products.product_id is not null then coalesce(lines.discount_amount, 0) else 0 end) as discount_amount,
        sum(case when products.product_id is not null then coalesce(lines.points_discount_amount, 0) else 0 end)
            as points_discount_amount,
        sum(case when products.product_id is not null then lines.net_amount else 0 end) as net_amount,
        count(*) = count(products.product_id) as is_all_there_is
    from lines
    left join product_records on lines.product_key = product_records.record_key
    left join products on product_records.product_id = products.product_id
    group by lines.order_key
    having count(products.product_id) > 0
)

select * from final
