-- The seed field_precedence turned on its side for orders: whom to believe about what; one row per source system.
{{ config(materialized='view') }}

{% set facts = [
    'record', 'customer', 'number', 'brand', 'ordered_at', 'sales_channel', 'status', 'fulfilment', 'payment_method',
    'store', 'employee', 'delivery', 'amounts', 'points',
] %}

with seeded as (
    select * from {{ ref('field_precedence') }}
    where entity = 'orders'
),

final as (
    select
        {%- for fact in facts %}
        coalesce(
            min(case when field = '{{ fact }}' then {{ adapter.quote('rank') }} end),
            min(case when field = '*' then {{ adapter.quote('rank') }} end),
            99
        ) as {{ fact }}_rank,
        {%- endfor %}
        source_system
    from seeded
    group by source_system
)

select * from final
