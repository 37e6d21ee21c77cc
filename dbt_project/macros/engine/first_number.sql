{#- The first run of eight digits and more in a text: '[{"ean13":"4600000000017"}]' -> '4600000000017'. -#}
{% macro first_number(text) -%}{{ return(adapter.dispatch('first_number')(text)) }}{%- endmacro %}
{% macro duckdb__first_number(text) -%}{{ return("nullif(regexp_extract(" ~ text ~ ", '[0-9]{8,}'), '')") }}{%- endmacro %}
{% macro spark__first_number(text) -%}{{ return("nullif(regexp_extract(" ~ text ~ ", '[0-9]{8,}', 0), '')") }}{%- endmacro %}
