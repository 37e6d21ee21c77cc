{#- By how much a value lies above another, as a share of that: 0.25 for 25 % more; NULL where there is nothing to be above. -#}
{% macro uplift(value, baseline) -%}
case when {{ baseline }} > 0 then {{ ratio(value, baseline) }} - 1 end
{%- endmacro %}
