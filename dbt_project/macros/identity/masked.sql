{#- What a mart may show of an identifier: enough to recognise it beside the original, too little to use it. -#}
{% macro masked(identifier_type, value) -%}
    case
        when {{ identifier_type }} = 'email' then {{ masked_email(value) }}
        when {{ identifier_type }} = 'phone' then {{ masked_phone(value) }}
        when {{ identifier_type }} in ('loyalty_card', 'messenger', 'browser_client') then '***' || right({{ value }}, 4)
    end
{%- endmacro %}

{% macro masked_email(value) -%}
    left({{ value }}, 1) || '***@' || split_part({{ value }}, '@', 2)
{%- endmacro %}

{% macro masked_phone(value) -%}
    left({{ value }}, 2) || '***' || right({{ value }}, 4)
{%- endmacro %}


{#- Free text without the e-mail addresses and telephone numbers that people type into it. A number is ten digits or more, with up
    to three signs between two of them; shorter ones (order numbers, dates, sums) stay. -#}
{% macro without_contacts(text) -%}
    {{ replace_all(without_addresses(text), '[+]?([0-9][^0-9A-Za-zА-яЁё:]{0,3}){9,}[0-9]', '***') }}
{%- endmacro %}

{% macro without_addresses(text) -%}
    {{ replace_all(text, '[^ @,;<>()]+@[^ @,;<>()]+[.][^ @,;<>()]+', '***@***') }}
{%- endmacro %}
