{#- Columns that know only these words; NULL is not looked at.
    data_tests: [takes_only: {arguments: {values: {status: [new, completed]}}}] -#}
{% test takes_only(model, values) %}
select {{ values.keys() | join(', ') }}
from {{ model }}
where
    {%- for column, words in values.items() %}
    {{ column }} not in ({% for word in words %}'{{ word }}'{{ ', ' if not loop.last }}{% endfor %}){{ ' or' if not loop.last }}
    {%- endfor %}
{% endtest %}
