{#- What the refresh was told: business rules, its moment, its id (all from orchestration/dbt.py). -#}

{#- A business rule by its dotted name: rule('contact_pressure.cap_7_days') -> 4. Quote it yourself when it is text. -#}
{% macro rule(name) -%}
    {%- set found = namespace(value=var('rules')) -%}
    {%- for part in name.split('.') -%}
        {%- set found.value = found.value[part] if found.value is mapping and part in found.value else none -%}
    {%- endfor -%}
    {%- if found.value is none and execute and flags.WHICH in ('build', 'run', 'test', 'seed') -%}
        {{ exceptions.raise_compiler_error(
            "The business rule '" ~ name ~ "' is not known. It must stand in business_rules.yml and in "
            ~ "orchestration/rules.py; run dbt through `python -m orchestration.dbt`, which passes the rules.") }}
    {%- endif -%}
    {{ return(found.value if found.value is not none else 1) }}
{%- endmacro %}

{% macro business_timezone() -%}{{ return(var('business_timezone')) }}{%- endmacro %}

{#- The business day of the refresh as text, for use inside macros. -#}
{% macro as_of_day() -%}{{ return(var('as_of_on') or run_started_at.strftime('%Y-%m-%d')) }}{%- endmacro %}

{#- The business day of the refresh as an SQL date. -#}
{% macro as_of_date() -%}date '{{ as_of_day() }}'{%- endmacro %}

{#- The moment of the refresh, UTC, as an SQL timestamp. -#}
{% macro as_of() -%}timestamp '{{ var('as_of') or run_started_at.strftime('%Y-%m-%d %H:%M:%S') }}'{%- endmacro %}

{% macro refresh_id() -%}'{{ var('refresh_id') or invocation_id }}'{%- endmacro %}
