-- What was sold, line by line, of receipts and customer orders. A line's own sum is its net amount; with the discounts it
-- makes the gross one, so that price times quantity need not be rounded twice. One row per document's line.
{# a table, since several models and their tests read it and each reading of a view would parse every document again #}
{{ config(materialized='table') }}
{% set sold = [
    ('line_number',       'LineNumber',                   'integer', 'required'),
    ('item_id',           'Номенклатура_Key',             'uuid',    'required'),
    ('quantity',          'Количество',                   'number',  'required'),
    ('unit_price',        'Цена',                         'money',   ''),
    ('mass_discount',     'СуммаАвтоматическойСкидки',    'money',   ''),
    ('personal_discount', 'СуммаПерсональнойСкидки',      'money',   ''),
    ('promo_discount',    'СуммаСкидкиПоПромокоду',       'money',   ''),
    ('points_discount',   'СуммаБонусныхБалловКСписанию', 'money',   ''),
    ('net_amount',        'Сумма',                        'money',   'required'),
] %}
{% set ordered = [
    ('line_number',     'LineNumber',       'integer', 'required'),
    ('item_id',         'Номенклатура_Key', 'uuid',    'required'),
    ('quantity',        'Количество',       'number',  'required'),
    ('unit_price',      'Цена',             'money',   ''),
    ('discount_amount', 'СуммаСкидки',      'money',   ''),
    ('net_amount',      'Сумма',            'money',   'required'),
    ('is_cancelled',    'Отменено',         'boolean', ''),
] %}
with

receipts as (
    {{ live_documents('one_c', 'receipts') }}
),

customer_orders as (
    {{ live_documents('one_c', 'customer_orders') }}
),

lines as (
    select
        p.source_system,
        p.source_account,
        p.receipt_id as order_record_id,
        e.line_number,
        e.item_id,
        e.quantity,
        e.unit_price,
        e.mass_discount,
        e.personal_discount,
        e.promo_discount,
        e.points_discount,
        cast(0 as decimal(18, 2)) as untyped_discount,
        e.net_amount,
        false as is_cancelled
    from {{ child_rows('receipts', 'goods', sold) }}

    union all

    select
        p.source_system,
        p.source_account,
        p.customer_order_id as order_record_id,
        e.line_number,
        e.item_id,
        e.quantity,
        e.unit_price,
        cast(0 as decimal(18, 2)) as mass_discount,
        cast(0 as decimal(18, 2)) as personal_discount,
        cast(0 as decimal(18, 2)) as promo_discount,
        cast(0 as decimal(18, 2)) as points_discount,
        e.discount_amount as untyped_discount,
        e.net_amount,
        coalesce(e.is_cancelled, false) as is_cancelled
    from {{ child_rows('customer_orders', 'goods', ordered) }}
),

told as (
    select
        source_system,
        source_account,
        order_record_id,
        cast(line_number as integer) as line_number,
        item_id as product_record_id,
        quantity,
        unit_price,
        {%- for discount in ['mass_discount', 'personal_discount', 'promo_discount', 'points_discount', 'untyped_discount'] %}
        coalesce({{ discount }}, 0) as {{ discount }},
        {%- endfor %}
        net_amount,
        is_cancelled
    from lines
),

final as (
    select
        source_system,
        source_account,
        order_record_id || ':' || cast(line_number as {{ dbt.type_string() }}) as source_record_id,
        order_record_id,
        line_number,
        product_record_id,
        quantity,
        unit_price,
        mass_discount,
        personal_discount,
        promo_discount,
        points_discount as points_discount_amount,
        cast(mass_discount + personal_discount + promo_discount + untyped_discount as decimal(18, 2)) as discount_amount,
        cast(
            net_amount + mass_discount + personal_discount + promo_discount + points_discount + untyped_discount
            as decimal(18, 2)
        ) as gross_amount,
        net_amount,
        is_cancelled
    from told
)

select * from final
