{#-
  The band of contact pressure in which so many messages lie, by contact_pressure.band_edges ([1, 3, 5, 8]: 0, 1–2, 3–4, 5–7, 8+):
    select {{ pressure_band('messages_7d') }} as pressure_band
  and all bands in their order, for SQL that needs every one: pressure_bands().
-#}
{% macro pressure_bands() -%}
    {%- set told = rule('contact_pressure.band_edges') -%}
    {%- set edges = [1] if told is number else told -%}
    {%- set bands = [] -%}
    {%- for edge in [0] + edges -%}
        {%- set last = edges[loop.index0] - 1 if not loop.last -%}
        {%- do bands.append((edge, edge ~ '+' if loop.last else edge ~ '' if last == edge else edge ~ '–' ~ last)) -%}
    {%- endfor -%}
    {{ return(bands) }}
{%- endmacro %}

{% macro pressure_band(messages) -%}
    case
        {%- for edge, band in pressure_bands() | reverse %}
        when {{ messages }} >= {{ edge }} then '{{ band }}'
        {%- endfor %}
    end
{%- endmacro %}
