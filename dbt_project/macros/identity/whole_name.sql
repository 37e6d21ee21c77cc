{#-
  The field in which a record of int_profiles tells several names as one text, NULL where each has its own: the whole name of a form with
  one field, and the field of the first or the last name if more than a word stands in it. int_identity_names reads it.
-#}
{% macro whole_name() -%}
    {%- set several = '[^ .,][ .,]+[^ .,]' -%}
    case
        when kind <> 'person' then null
        when first_name is null and last_name is null then full_name
        when {{ matches('first_name', several) }} then first_name
        when first_name is null and {{ matches('last_name', several) }} then last_name
    end
{%- endmacro %}

{#- Endings of patronymics as they sound: Сергеевич, Ильинична, Рашид оглы. -#}
{% macro patronymic_endings() -%}{{ return('(ovich|evich|[^aeiou]ich|ovna|evna|ichna|ogli|oglu|ugli|uulu|kizi|gizi)$') }}{%- endmacro %}

{#- «Эльдар оглы» as one word, Эльдар-оглы; `text` in small letters, two spaces between words. -#}
{% macro with_fathers_joined(text) -%}
    {%- set joined = namespace(sql=text) -%}
    {%- for word in ['оглы', 'оглу', 'угли', 'уулу', 'кызы', 'гызы', 'кизи', 'ogly', 'oglu', 'ugli', 'uulu', 'kyzy', 'gyzy', 'qizi'] -%}
        {%- set joined.sql = "replace(" ~ joined.sql ~ ", '  " ~ word ~ " ', '-" ~ word ~ " ')" -%}
    {%- endfor -%}
    {{ return(joined.sql) }}
{%- endmacro %}
