{# A ratio as the marts publish it: a double, NULL (never 0) when there is nothing to divide by. #}
{% macro ratio(numerator, denominator) -%}
cast({{ numerator }} as double) / nullif(cast({{ denominator }} as double), 0)
{%- endmacro %}
