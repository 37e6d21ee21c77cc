{#- Clocks of another place than the business: what time it is there, and which UTC moment a wall clock there means. The zone
    is SQL text or a column; its offset is the one of that date. A wall clock that is skipped in spring means the hour after. -#}

{#- UTC moment -> wall clock at the place. -#}
{% macro wall_clock(moment, zone) -%}{{ return(adapter.dispatch('wall_clock')(moment, zone)) }}{%- endmacro %}
{% macro duckdb__wall_clock(moment, zone) -%}
    {{ return("timezone(" ~ zone ~ ", timezone('UTC', " ~ moment ~ "))") }}
{%- endmacro %}
{% macro spark__wall_clock(moment, zone) -%}{{ return("from_utc_timestamp(" ~ moment ~ ", " ~ zone ~ ")") }}{%- endmacro %}

{#- Wall clock at the place -> UTC moment. -#}
{% macro utc_of_wall_clock(moment, zone) -%}{{ return(adapter.dispatch('utc_of_wall_clock')(moment, zone)) }}{%- endmacro %}
{% macro duckdb__utc_of_wall_clock(moment, zone) -%}
    {{ return("timezone('UTC', timezone(" ~ zone ~ ", " ~ moment ~ "))") }}
{%- endmacro %}
{% macro spark__utc_of_wall_clock(moment, zone) -%}{{ return("to_utc_timestamp(" ~ moment ~ ", " ~ zone ~ ")") }}{%- endmacro %}
