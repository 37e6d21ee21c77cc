{#-
  Which state of the identity map the rows were made by: the refresh that last gave a record to a customer (newest linked_at of the
  registry), as a scalar. The same on two nights means that nobody was joined, parted or came anew in between.
    select …, {{ identity_version() }} as identity_version
-#}
{% macro identity_version() -%}
    (select max(identity_registry.linked_at) from {{ ref('identity_registry') }} as identity_registry)
{%- endmacro %}
