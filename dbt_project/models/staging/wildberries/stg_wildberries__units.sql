-- Every unit that was ordered, with what became of it. A unit whose order is not told (deferred payment, or bought out
-- before its order was read) is known by its sale; a return alone makes no unit. One row per srid.
{# a table, since orders, their lines, returns and settlements read it #}
{{ config(materialized='table') }}
with

ordered as (
    {{ live_documents('wildberries', 'orders') }}
),

sales as (
    {{ live_documents('wildberries', 'sales') }}
),

ends as (
    select
        source_account,
        srid,
        max(case when sale_id like 'S%' then happened_at end) as sold_at,
        max(case when sale_id like 'R%' then happened_at end) as returned_at,
        max(changed_at) as changed_at
    from sales
    group by source_account, srid
),

first_sales as (
    select
        *,
        row_number() over (partition by source_account, srid order by happened_at, sale_id) as place
    from sales
    where sale_id like 'S%'
),

known as (
    select
        source_system,
        source_account,
        srid,
        basket_number,
        ordered_at,
        changed_at,
        coalesce(is_cancelled, false) as is_cancelled,
        case when is_cancelled then coalesce(cancelled_at, changed_at) end as cancelled_at,
        nm_id,
        supplier_article,
        barcode,
        region,
        warehouse_type,
        total_price,
        price_with_discount,
        false as is_known_by_sale
    from ordered

    union all

    select
        first_sales.source_system,
        first_sales.source_account,
        first_sales.srid,
        coalesce(first_sales.basket_number, first_sales.srid) as basket_number,
        first_sales.happened_at as ordered_at,
        first_sales.changed_at,
        false as is_cancelled,
        cast(null as timestamp) as cancelled_at,
        first_sales.nm_id,
        first_sales.supplier_article,
        first_sales.barcode,
        first_sales.region,
        first_sales.warehouse_type,
        abs(first_sales.total_price) as total_price,
        coalesce(
            nullif(abs(first_sales.price_with_discount), 0),
            cast(abs(first_sales.total_price) * (100 - first_sales.discount_percent) / 100 as decimal(18, 2)),
            abs(first_sales.total_price)
        ) as price_with_discount,
        true as is_known_by_sale
    from first_sales
    left join ordered
        on first_sales.source_account = ordered.source_account
            and first_sales.srid = ordered.srid
    where first_sales.place = 1 and ordered.srid is null and first_sales.total_price is not null
),

final as (
    select
        known.source_system,
        known.source_account,
        known.srid,
        known.basket_number,
        known.ordered_at,
        greatest(known.changed_at, coalesce(ends.changed_at, known.changed_at)) as changed_at,
        {# who bought a unit out did not cancel it, whatever came before #}
        known.is_cancelled and ends.sold_at is null as is_cancelled,
        case when ends.sold_at is null then known.cancelled_at end as cancelled_at,
        ends.sold_at,
        ends.returned_at,
        known.nm_id,
        known.supplier_article,
        known.barcode,
        known.region,
        known.warehouse_type,
        known.total_price,
        known.price_with_discount,
        known.is_known_by_sale
    from known
    left join ends
        on known.source_account = ends.source_account
            and known.srid = ends.srid
)

select * from final
