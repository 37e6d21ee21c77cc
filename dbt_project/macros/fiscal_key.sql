{#- What a till printed, called by the number of its fiscal drive and of the fiscal document: unique in the country, so two
    systems that tell the same receipt spell it alike. Some write the document's number with zeros before it, and nothing but zeros
    where the till has not printed yet. -#}
{% macro fiscal_key(drive, document) -%}
trim({{ drive }}) || '/' || nullif({{ replace_all('trim(' ~ document ~ ')', '^0+', '') }}, '')
{%- endmacro %}
