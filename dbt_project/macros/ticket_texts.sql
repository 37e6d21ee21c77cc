{#- What help desks leave to be read out of text. -#}

{#- The order that a subject names: 'Где мой заказ 10001A', 'Возврат по заказу №10001', 'Order #10001'; NULL when it names none. -#}
{% macro order_pattern() -%}{{ return("(?:(?:[Зз]аказ[а-я]*|[Oo]rder) *[№#]?|[№#]) *([0-9][0-9A-Za-z-]+)") }}{%- endmacro %}
{% macro order_in_subject(subject) -%}nullif(regexp_extract({{ subject }}, '{{ order_pattern() }}', 1), ''){%- endmacro %}

{#- When an SLA timer runs out, told as that moment or as the seconds that were left when the vendor was asked. -#}
{% macro timer_runs_out_at(text, zone, asked_at) -%}
    case
        when {{ matches(text, '^-?[0-9]+$') }}
            then {{ dbt.dateadd('second', 'cast(' ~ text ~ ' as ' ~ dbt.type_bigint() ~ ')', asked_at) }}
        else {{ possible_date(as_moment(text, 'local', zone)) }}
    end
{%- endmacro %}
