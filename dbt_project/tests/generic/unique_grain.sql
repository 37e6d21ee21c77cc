{#- The grain of a table: no two rows share these columns.  data_tests: [unique_grain: {arguments: {columns: [day, channel]}}] -#}
{% test unique_grain(model, columns) %}
select {{ columns | join(', ') }}, count(*) as copies
from {{ model }}
group by {{ columns | join(', ') }}
having count(*) > 1
{% endtest %}
