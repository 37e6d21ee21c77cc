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
