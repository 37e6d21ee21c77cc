{#- Text, time and the functions that Python lends the engine (plugins/functions.py; on Spark spark_check.py registers them). -#}

{#- 'items[].price: not money' -> 'items[].price' -#}
{% macro before_colon(text) -%}{{ adapter.dispatch('before_colon')(text) }}{%- endmacro %}
{% macro duckdb__before_colon(text) -%}split_part({{ text }}, ':', 1){%- endmacro %}
{% macro spark__before_colon(text) -%}split_part({{ text }}, ':', 1){%- endmacro %}

{#- Every match of a regular expression replaced; the pattern goes without backslashes, which engines read differently. -#}
{% macro replace_all(text, pattern, replacement) -%}
    {{ return(adapter.dispatch('replace_all')(text, pattern, replacement)) }}
{%- endmacro %}
{% macro duckdb__replace_all(text, pattern, replacement) -%}
    regexp_replace({{ text }}, '{{ pattern }}', '{{ replacement }}', 'g')
{%- endmacro %}
{% macro spark__replace_all(text, pattern, replacement) -%}
    regexp_replace({{ text }}, '{{ pattern }}', '{{ replacement }}')
{%- endmacro %}

{#- A raw phone number in E.164, NULL when it is none; numbers without a country code are Russian. -#}
{% macro normalize_phone(text) -%}normalize_phone({{ text }}){%- endmacro %}

{#- HMAC-SHA256 in hex with the key of this installation: joins without telling who it is. -#}
{% macro keyed_hash(text) -%}keyed_hash({{ text }}){%- endmacro %}

{#- The business day of a UTC moment. -#}
{% macro business_date(moment) -%}{{ adapter.dispatch('business_date')(moment) }}{%- endmacro %}
{% macro duckdb__business_date(moment) -%}
    cast(timezone('{{ business_timezone() }}', timezone('UTC', {{ moment }})) as date)
{%- endmacro %}
{% macro spark__business_date(moment) -%}
    cast(from_utc_timestamp({{ moment }}, '{{ business_timezone() }}') as date)
{%- endmacro %}

{#- The day of a UTC moment by the clock of a place; `time_zone` is a column that holds names of time zones. -#}
{% macro local_date(moment, time_zone) -%}{{ adapter.dispatch('local_date')(moment, time_zone) }}{%- endmacro %}
{% macro duckdb__local_date(moment, time_zone) -%}
    cast(timezone({{ time_zone }}, timezone('UTC', {{ moment }})) as date)
{%- endmacro %}
{% macro spark__local_date(moment, time_zone) -%}
    cast(from_utc_timestamp({{ moment }}, {{ time_zone }}) as date)
{%- endmacro %}

{#- The UTC moment at which a business day begins. -#}
{% macro business_day_starts_at(day) -%}{{ adapter.dispatch('business_day_starts_at')(day) }}{%- endmacro %}
{% macro duckdb__business_day_starts_at(day) -%}
    timezone('UTC', timezone('{{ business_timezone() }}', cast({{ day }} as timestamp)))
{%- endmacro %}
{% macro spark__business_day_starts_at(day) -%}
    to_utc_timestamp(cast({{ day }} as timestamp), '{{ business_timezone() }}')
{%- endmacro %}

{% macro is_time_zone(name) -%}{{ adapter.dispatch('is_time_zone')(name) }}{%- endmacro %}
{% macro duckdb__is_time_zone(name) -%}{{ name }} in (select zone_name.name from pg_timezone_names() as zone_name){%- endmacro %}
{% macro spark__is_time_zone(name) -%}{{ name }} rlike '^[A-Z][A-Za-z_+-]*(/[A-Za-z0-9_+-]+)*$'{%- endmacro %}

{#- Any letter of any alphabet, to stand inside the brackets of a pattern's class. -#}
{% macro any_letter() -%}{{ return(adapter.dispatch('any_letter')()) }}{%- endmacro %}
{% macro duckdb__any_letter() -%}{{ return('\\p{L}') }}{%- endmacro %}
{% macro spark__any_letter() -%}{{ return('\\\\p{L}') }}{%- endmacro %}
