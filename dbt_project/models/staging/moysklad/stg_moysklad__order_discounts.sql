-- How a document's discount splits, as far as its own fields tell; what no field explains is nobody's in particular and
-- becomes a mass discount later. One row per order and discount type.
with

custom_fields as (
    select * from {{ ref('stg_moysklad__custom_fields') }}
    where meaning in ('personal_discount', 'promo_discount')
),

orders as (
    select * from {{ ref('stg_moysklad__orders') }}
),

told as (
    select
        source_system,
        source_account,
        source_record_id as order_record_id,
        case meaning when 'personal_discount' then 'personal' else 'promo_code' end as discount_type,
        try_cast(value as decimal(18, 2)) as amount
    from custom_fields

    union all

    select
        source_system,
        source_account,
        source_record_id as order_record_id,
        'points' as discount_type,
        points_discount_amount as amount
    from orders
),

final as (
    select
        source_system,
        source_account,
        order_record_id || ':' || discount_type as source_record_id,
        order_record_id,
        discount_type,
        amount
    from told
    where amount <> 0
)

select * from final
