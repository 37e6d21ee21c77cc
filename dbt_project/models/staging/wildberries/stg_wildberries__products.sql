-- The marketplace's cards, as the newest order, sale or row of a report that tells of each; prices are the house's own
-- matter. One row per card (nmId).
with

ordered as (
    {{ live_documents('wildberries', 'orders') }}
),

sales as (
    {{ live_documents('wildberries', 'sales') }}
),

settlements as (
    {{ live_documents('wildberries', 'settlements') }}
),

told as (
    select
        source_system, source_account, nm_id, supplier_article, barcode, brand, category, subject,
        cast(null as {{ dbt.type_string() }}) as title, ordered_at as told_at
    from ordered

    union all

    select
        source_system, source_account, nm_id, supplier_article, barcode, brand, category, subject,
        cast(null as {{ dbt.type_string() }}) as title, happened_at as told_at
    from sales

    union all

    select
        source_system, source_account, nm_id, supplier_article, barcode, brand,
        cast(null as {{ dbt.type_string() }}) as category, subject, title, cast(settled_on as timestamp) as told_at
    from settlements
    where nm_id <> '0'
),

ranked as (
    select
        source_system,
        source_account,
        nm_id,
        {% for column in ('supplier_article', 'barcode', 'brand', 'category', 'subject', 'title') -%}
        first_value({{ column }}) over (
            partition by source_account, nm_id
            order by case when {{ column }} is null then 1 else 0 end, told_at desc, {{ column }}
        ) as {{ column }},
        {% endfor -%}
        row_number() over (partition by source_account, nm_id order by told_at desc) as place
    from told
),

final as (
    select
        source_system,
        source_account,
        nm_id as source_record_id,
        supplier_article as article,
        barcode,
        title as name,
        brand,
        category,
        subject as subcategory,
        false as is_archived
    from ranked
    where place = 1
)

select * from final
