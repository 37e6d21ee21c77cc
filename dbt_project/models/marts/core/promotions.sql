with promotions as (
    select * from {{ ref('int_promotions__united') }}
),

final as (
    select
        promotion_id,
        source_system,
        source_account,
        source_record_id,
        name,
        promo_code,
        discount_type,
        raw_channel as channel,
        starts_on,
        ends_on,
        budget
    from promotions
)

select * from final
