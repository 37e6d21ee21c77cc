{#- Orders of the rolling 12 months in bands, so that who buys in more channels is compared with who buys as often. -#}
{% macro frequency_band(orders_count) -%}
case
    when {{ orders_count }} >= 10 then '10+'
    when {{ orders_count }} >= 5 then '5–9'
    when {{ orders_count }} >= 3 then '3–4'
    when {{ orders_count }} >= 1 then cast({{ orders_count }} as {{ dbt.type_string() }})
    else 'none'
end
{%- endmacro %}
