{#-
  Bands of a whole number by their edges in a rule: [1, 3, 5, 8] is 0, 1–2, 3–4, 5–7, 8+. Gives (edge, band) in their order.
-#}
{% macro bands(rule_of_edges, before_the_first=none) -%}
    {%- set told = rule(rule_of_edges) -%}
    {%- set edges = [1] if told is number else told -%}
    {%- set found = [] -%}
    {%- for edge in [0] + edges -%}
        {%- set last = edges[loop.index0] - 1 if not loop.last -%}
        {%- set named = edge ~ '+' if loop.last else edge ~ '' if last == edge else edge ~ '–' ~ last -%}
        {%- do found.append((edge, before_the_first if loop.first and before_the_first else named)) -%}
    {%- endfor -%}
    {{ return(found) }}
{%- endmacro %}

{% macro band_of(number, bands) -%}
    case
        {%- for edge, band in bands | reverse %}
        when {{ number }} >= {{ edge }} then '{{ band }}'
        {%- endfor %}
    end
{%- endmacro %}
