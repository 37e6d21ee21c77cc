{#- A condition that is true (never false, never NULL) in every row.  data_tests: [holds: {arguments: {condition: "a <= b"}}] -#}
{% test holds(model, condition) %}
select *
from {{ model }}
where ({{ condition }}) is not true
{% endtest %}
