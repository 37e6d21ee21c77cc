-- One product, of each attribute what the best ranked record says; its levels of category are those of one record, the best ranked
-- that has any, since a level means something only below the one above it. A gift card is one because a system says so or because it
-- stands in a category of sales.gift_card_categories. A cost of 0 is one that nobody entered. One row per product.
{% set told = rule('sales.gift_card_categories') -%}
{% set gift_card_categories = [] if told is number else told -%}
with records as (
    select
        *,
        row_number() over (
            partition by product_id
            order by case when record_key = product_id then 0 else 1 end, record_key
        ) as record_place
    from {{ ref('int_product_records') }}
),

merged as (
    select
        product_id,
        {{ preferred('external_id', 'record') }} as external_id,
        {{ preferred('article', 'record') }} as article,
        {{ preferred('barcode', 'record') }} as barcode,
        {{ preferred('name', 'record') }} as name,
        {{ preferred('brand', 'record') }} as brand,
        {{ preferred('case when category is not null then record_key end', 'record') }} as category_record_key,
        {{ preferred('price', 'record') }} as price,
        {{ preferred('nullif(cost, 0)', 'record') }} as cost,
        {{ preferred('is_exclusive', 'record') }} as is_exclusive,
        {{ preferred('is_archived', 'record') }} as is_archived,
        {{ preferred('is_gift_card', 'record') }} as is_gift_card,
        count(distinct source_system) as systems_count
    from records
    group by product_id
),

final as (
    select
        merged.product_id,
        merged.external_id,
        merged.article,
        merged.barcode,
        merged.name,
        merged.brand,
        records.category,
        records.subcategory,
        records.category_level_3,
        records.category_level_4,
        merged.price,
        merged.cost,
        merged.is_exclusive,
        merged.is_archived,
        coalesce(merged.is_gift_card, false)
        {%- for name in gift_card_categories %}
        or '{{ name | lower | replace("'", "''") }}' in (
            lower(coalesce(records.category, '')), lower(coalesce(records.subcategory, '')),
            lower(coalesce(records.category_level_3, '')), lower(coalesce(records.category_level_4, ''))
        )
        {%- endfor %} as is_gift_card,
        merged.systems_count
    from merged
    left join records on merged.category_record_key = records.record_key
)

select * from final
