{#-
  A vendor's word -> ours, through the seed value_mappings. A row of the account goes before a row for '*'.
    select {{ mapped_value('order_status') }} as status
    from orders
    {{ mapped('order_status', 'orders.source_system', 'orders.raw_status') }}
  A value without a mapping becomes 'unknown' and stands in unmapped_values.
-#}
{% macro mapped(field, source_system, value, as_=none) -%}
    {%- set alias = as_ or field -%}
    {%- set source_account = source_system.replace('source_system', 'source_account') -%}
    left join {{ ref('value_mappings') }} as {{ alias }}_of_account
        on {{ alias }}_of_account.field = '{{ field }}'
        and {{ alias }}_of_account.source_system = {{ source_system }}
        and {{ alias }}_of_account.source_account = {{ source_account }}
        and {{ alias }}_of_account.value = {{ value }}
    left join {{ ref('value_mappings') }} as {{ alias }}_of_vendor
        on {{ alias }}_of_vendor.field = '{{ field }}'
        and {{ alias }}_of_vendor.source_system = {{ source_system }}
        and {{ alias }}_of_vendor.source_account = '*'
        and {{ alias }}_of_vendor.value = {{ value }}
{%- endmacro %}

{% macro mapped_value(field, as_=none) -%}
    {%- set alias = as_ or field -%}
    coalesce({{ alias }}_of_account.mapped_to, {{ alias }}_of_vendor.mapped_to, 'unknown')
{%- endmacro %}
