{#- The id at the end of a reference: 'https://…/entity/product/c02e3a5c?expand=supplier' -> 'c02e3a5c'. -#}
{% macro last_segment(href) -%}
    split_part(split_part({{ href }}, '?', 1), '/', -1)
{%- endmacro %}
