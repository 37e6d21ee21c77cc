-- What was sold, position by position, of receipts and orders. The vendor sends a price in kopecks and one discount in
-- per cent, so the net amount is price × quantity × (1 − discount), rounded to the kopeck. One row per position.
{# a table, since several models and their tests read it and each reading of a view would parse every document again #}
{{ config(materialized='table') }}
{% set position = [
    ('position_id', 'id', 'text', 'required'),
    ('assortment_href', 'assortment.meta.href', 'text', 'required'),
    ('quantity', 'quantity', 'number', 'required'),
    ('price_kopecks', 'price', 'number', 'required'),
    ('discount_percent', 'discount', 'number', ''),
    ('cost', 'stock.cost', 'kopecks', ''),
] %}
{% set documents = [
    ('retail_demands', 'retail_demand_id'),
    ('customer_orders', 'customer_order_id'),
] %}
with
{% for resource, key in documents %}
{{ resource }} as (
    {{ live_documents('moysklad', resource) }}
),
{% endfor %}
positions as (
    {%- for resource, key in documents %}
    select
        p.source_system,
        p.source_account,
        p.{{ key }} as order_record_id,
        e.element_number as line_number,
        e.position_id,
        {{ last_segment('e.assortment_href') }} as product_record_id,
        e.quantity,
        e.price_kopecks,
        coalesce(e.discount_percent, 0) as discount_percent,
        e.cost
    from {{ child_rows(resource, 'positions', position) }}
    {{ 'union all' if not loop.last }}
    {%- endfor %}
),

final as (
    select
        source_system,
        source_account,
        position_id as source_record_id,
        order_record_id,
        line_number,
        product_record_id,
        quantity,
        cast(price_kopecks / 100 as decimal(18, 2)) as unit_price,
        cast(round(price_kopecks * quantity) / 100 as decimal(18, 2)) as gross_amount,
        cast(round(price_kopecks * quantity * (100 - discount_percent) / 100) / 100 as decimal(18, 2)) as net_amount,
        cost as cost_amount
    from positions
)

select * from final
