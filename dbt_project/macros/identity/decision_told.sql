{#- How identity_events tells a row of the seed steward_decisions: the same words on every night, by which it is found again. -#}
{% macro decision_told(decisions) -%}
    'decision ' || cast({{ decisions }}.decision_id as {{ dbt.type_string() }}) || ' of ' || {{ decisions }}.author || ' on '
    || {{ decisions }}.profile_a || ' and ' || {{ decisions }}.profile_b || ': ' || {{ decisions }}.reason
{%- endmacro %}
