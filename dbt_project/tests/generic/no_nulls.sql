{#- Columns that always have a value, in one look at the table.  data_tests: [no_nulls: {arguments: {columns: [day, channel]}}] -#}
{% test no_nulls(model, columns) %}
select {{ columns | join(', ') }}
from {{ model }}
where {% for column in columns %}{{ column }} is null{{ ' or ' if not loop.last }}{% endfor %}
{% endtest %}
