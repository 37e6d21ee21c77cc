{# The value of the most trusted record that has one: min_by over the rank of the fact, blind to empty values. #}
{% macro preferred(column, fact) -%}
min_by({{ column }}, case when {{ column }} is not null then {{ fact }}_rank * 1000 + record_place end)
{%- endmacro %}

{#- The seed field_precedence turned on its side for an entity: <fact>_rank per source system, 99 for whom nobody ranks. -#}
{% macro fact_ranks(entity, facts) -%}
    select
        {%- for fact in facts %}
        coalesce(
            min(case when field = '{{ fact }}' then {{ adapter.quote('rank') }} end),
            min(case when field = '*' then {{ adapter.quote('rank') }} end),
            99
        ) as {{ fact }}_rank,
        {%- endfor %}
        source_system
    from {{ ref('field_precedence') }}
    where entity = '{{ entity }}'
    group by source_system
{%- endmacro %}
