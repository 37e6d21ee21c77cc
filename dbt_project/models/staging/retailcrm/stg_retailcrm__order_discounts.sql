{% set item = [
    ('quantity',     'quantity',   'number',   ''),
    ('is_cancelled', 'isCanceled', 'boolean?', ''),
    ('discounts',    'discounts',  'json',     ''),
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
        p.custom_fields,
        p.local_time_zone,
        coalesce(e.quantity, 0) as quantity,
        e.discounts
    from {{ child_rows('orders', 'items', item) }}
    where not coalesce(e.is_cancelled, false)
),

discounts as (
    select
        p.source_system,
        p.source_account,
        p.order_id,
        case
            when e.discount_type = 'bonus_charge' then 'points'
            when e.discount_type in ('personal', 'loyalty_level', 'loyalty_event') then 'personal'
            when e.discount_type = 'manual_order' and {{ json_text('p.custom_fields', 'promo_code') }} is not null then 'promo_code'
            else 'mass'
        end as discount_type,
        round(e.unit_amount * p.quantity, 2) as amount
    from {{ child_rows('items', 'discounts', discount) }}
    where e.unit_amount <> 0
),

final as (
    select
        source_system,
        source_account,
        order_id || ':' || discount_type as source_record_id,
        order_id as order_record_id,
        discount_type,
        cast(sum(amount) as decimal(18, 2)) as amount
    from discounts
    group by source_system, source_account, order_id, discount_type
)

select * from final
