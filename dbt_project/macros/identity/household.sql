{#- What a family has in common in a surname as it sounds (name_key): Петров and Петрова, Белый and Белая, Толстой and Толстая; of three
    letters and fewer (Цой, Ли, an initial) all. -#}
{% macro surname_stem(last_name_key) -%}
    case when length({{ last_name_key }}) > 3 then {{ replace_all(last_name_key, '(aia|oi|a|i)$', '') }} else {{ last_name_key }} end
{%- endmacro %}

{#- An address as its words: «ул. Мира, д. 5, кв. 7» and «улица Мира, 5-7» meet; NULL without a house and a flat, since a whole
    block of flats is no household. -#}
{% macro address_key(address) -%}
    {%- set words = replace_all("' ' || replace(lower(" ~ address ~ "), 'ё', 'е') || ' '", '[^a-zа-я0-9/]+', '  ') -%}
    {%- set kinds = ' (город|гор|г|улица|ул|дом|д|квартира|кв|корпус|корп|к|строение|стр|[0-9]{6}) ' -%}
    {%- set key = "trim(" ~ replace_all(replace_all(words, kinds, ' '), ' +', ' ') ~ ")" -%}
    case when length({{ replace_all(replace_all(key, '[0-9][0-9/]*', '#'), '[^#]', '') }}) >= 2 then {{ key }} end
{%- endmacro %}
