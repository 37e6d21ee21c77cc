{#- A city as it sounds: «г. Москва», «Москва г» and Moskva meet; other names of a city stand in the seed city_variants. -#}
{% macro city_key(city) -%}
    {{ name_key(replace_all("lower(trim(" ~ city ~ "))", '^(город|гор|г)[. ]+|[ ,]+(город|гор|г)[.]?$', '')) }}
{%- endmacro %}
