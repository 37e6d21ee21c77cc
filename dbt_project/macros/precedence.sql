{# The value of the most trusted record that has one: min_by over the rank of the fact, blind to empty values. #}
{% macro preferred(column, fact) -%}
min_by({{ column }}, case when {{ column }} is not null then {{ fact }}_rank * 1000 + record_place end)
{%- endmacro %}
