-- Units that came back. A return's own price may be 0 for its first day; then what it was sold for counts, as it does
-- where the two differ in nothing but the sign. A unit that is not known (sold before the history that is read) was of an
-- order that is not known. One row per return (saleID R…).
with

sales as (
    {{ live_documents('wildberries', 'sales') }}
),

units as (
    select * from {{ ref('stg_wildberries__units') }}
),

final as (
    select
        sales.source_system,
        sales.source_account,
        sales.sale_id as source_record_id,
        units.basket_number as order_record_id,
        sales.happened_at as returned_at,
        coalesce(
            units.price_with_discount,
            nullif(abs(sales.price_with_discount), 0),
            cast(abs(sales.total_price) * (100 - sales.discount_percent) / 100 as decimal(18, 2)),
            abs(sales.total_price),
            cast(0 as decimal(18, 2))
        ) as amount,
        'marketplace' as raw_return_channel
    from sales
    left join units
        on sales.source_account = units.source_account
            and sales.srid = units.srid
    where sales.sale_id like 'R%'
)

select * from final
