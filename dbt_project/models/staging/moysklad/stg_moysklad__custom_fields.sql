-- The account's own fields whose names the seed value_mappings knows, read as text: a receipt's points, a product's
-- brand, a store's format. One row per record and meaning.
{# a table, since several models and their tests read it and each reading of a view would parse every document again #}
{{ config(materialized='table') }}
{% set attribute = [
    ('name', 'name', 'text', 'required'),
    ('value', 'value', 'text', ''),
] %}
{% set carriers = [
    ('retail_demands', 'retail_demand_id', 'order_custom_field'),
    ('customer_orders', 'customer_order_id', 'order_custom_field'),
    ('products', 'product_id', 'product_custom_field'),
    ('stores', 'store_id', 'store_custom_field'),
] %}
with
{% for resource, key, field in carriers %}
{{ resource }} as (
    {{ live_documents('moysklad', resource) }}
),
{% endfor %}
written as (
    {%- for resource, key, field in carriers %}
    select
        p.source_system,
        p.source_account,
        '{{ resource }}' as resource,
        '{{ field }}' as field,
        p.{{ key }} as source_record_id,
        e.name,
        e.value
    from {{ child_rows(resource, 'attributes', attribute) }}
    {{ 'union all' if not loop.last }}
    {%- endfor %}
),

mappings as (
    select * from {{ ref('value_mappings') }}
),

final as (
    select
        written.source_system,
        written.source_account,
        written.resource,
        written.source_record_id,
        coalesce(own.mapped_to, common.mapped_to) as meaning,
        max(written.value) as value
    from written
    left join mappings as own
        on written.source_system = own.source_system
            and written.source_account = own.source_account
            and written.field = own.field
            and written.name = own.value
    left join mappings as common
        on written.source_system = common.source_system
            and common.source_account = '*'
            and written.field = common.field
            and written.name = common.value
    where coalesce(own.mapped_to, common.mapped_to) is not null
    group by
        written.source_system,
        written.source_account,
        written.resource,
        written.source_record_id,
        coalesce(own.mapped_to, common.mapped_to)
)

select * from final
