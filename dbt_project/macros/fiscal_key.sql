{#- What a till printed, called by the number of its fiscal drive and of the fiscal document: unique in the country, so two
    systems that tell the same receipt spell it alike. Some write the document's number with zeros before it. -#}
{% macro fiscal_key(drive, document) -%}
trim({{ drive }}) || '/' || {{ replace_all('trim(' ~ document ~ ')', '^0+', '') }}
{%- endmacro %}
