-- How the discount of a receipt splits. A customer order and the report of a shift tell a discount and not of what kind it is; what
-- no type explains becomes a mass discount later. One row per receipt and discount type.
{% set types = [
    ('mass', 'mass_discount'), ('personal', 'personal_discount'), ('promo_code', 'promo_discount'), ('points', 'points_discount_amount'),
] %}
with

sums as (
    select
        source_system,
        source_account,
        order_record_id,
        sum(mass_discount) as mass_discount,
        sum(personal_discount) as personal_discount,
        sum(promo_discount) as promo_discount,
        sum(points_discount_amount) as points_discount_amount
    from {{ ref('stg_one_c__positions') }}
    group by source_system, source_account, order_record_id
),

final as (
    {%- for discount_type, column in types %}
    select
        source_system,
        source_account,
        order_record_id || ':{{ discount_type }}' as source_record_id,
        order_record_id,
        '{{ discount_type }}' as discount_type,
        cast({{ column }} as decimal(18, 2)) as amount
    from sums
    where {{ column }} <> 0
    {{ 'union all' if not loop.last }}
    {%- endfor %}
)

select * from final
