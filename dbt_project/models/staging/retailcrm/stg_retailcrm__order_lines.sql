-- A table, since several models and tests read it and each reading would join and parse anew.
{{ config(materialized='table') }}
{% set item = [
    ('line_id',         'id',                'text',     ''),
    ('offer_id',        'offer.id',          'text',     ''),
    ('article',         'offer.article',     'text',     ''),
    ('barcode',         'offer.barcode',     'text',     ''),
    ('offer_name',      'offer.displayName', 'text',     ''),
    ('product_name',    'productName',       'text',     ''),
    ('quantity',        'quantity',          'number',   ''),
    ('initial_price',   'initialPrice',      'number',   ''),
    ('unit_discount',   'discountTotal',     'number',   ''),
    ('purchase_price',  'purchasePrice',     'number',   ''),
    ('is_cancelled',    'isCanceled',        'boolean?', ''),
    ('discounts',       'discounts',         'json',     ''),
] %}
{% set discount = [
    ('discount_type', 'type',   'text',    ''),
    ('unit_amount',   'amount', 'number?', ''),
] %}

with

orders as (
    {{ live_documents('retailcrm', 'orders') }}
),

items as (
    select
        p.source_system,
        p.source_account,
        p.order_id,
        p.local_time_zone,
        e.element_number as line_number,
        coalesce(e.line_id, p.order_id || '-' || cast(e.element_number as {{ dbt.type_string() }})) as line_id,
        e.offer_id,
        e.article,
        e.barcode,
        coalesce(e.product_name, e.offer_name) as product_name,
        coalesce(e.quantity, 0) as quantity,
        coalesce(e.initial_price, 0) as initial_price,
        coalesce(e.unit_discount, 0) as unit_discount,
        e.purchase_price,
        coalesce(e.is_cancelled, false) as is_cancelled,
        e.discounts
    from {{ child_rows('orders', 'items', item) }}
),

points as (
    select
        p.source_account,
        p.order_id,
        p.line_number,
        sum(e.unit_amount) as unit_points_discount
    from {{ child_rows('items', 'discounts', discount) }}
    where e.discount_type = 'bonus_charge'
    group by p.source_account, p.order_id, p.line_number
),

amounts as (
    select
        items.*,
        cast(round(items.initial_price * items.quantity, 2) as decimal(18, 2)) as gross_amount,
        cast(round((items.initial_price - items.unit_discount) * items.quantity, 2) as decimal(18, 2)) as net_amount,
        cast(round(coalesce(points.unit_points_discount, 0) * items.quantity, 2) as decimal(18, 2)) as points_discount_amount
    from items
    left join points
        on items.source_account = points.source_account
            and items.order_id = points.order_id
            and items.line_number = points.line_number
),

final as (
    select
        source_system,
        source_account,
        line_id as source_record_id,
        order_id as order_record_id,
        line_number,
        offer_id as product_record_id,
        article,
        barcode,
        product_name,
        quantity,
        cast(round(initial_price, 2) as decimal(18, 2)) as unit_price,
        cast(gross_amount - net_amount - points_discount_amount as decimal(18, 2)) as discount_amount,
        points_discount_amount,
        net_amount,
        cast(round(purchase_price * quantity, 2) as decimal(18, 2)) as cost_amount,
        is_cancelled
    from amounts
)

select * from final
