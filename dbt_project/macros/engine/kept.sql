{#-
  The rows that a model kept from its last run, for one that writes itself anew from them: its own relation, or another's with
  `of`. None when there is nothing to go on from: a first run, --full-refresh (`anew`, unless told otherwise), a table of other
  columns (an older program's), or a unit test.
-#}
{% macro kept_rows(columns, of=none, anew=none) -%}
    {%- if not execute or not this or (should_full_refresh() if anew is none else anew) -%}{{ return(none) }}{%- endif -%}
    {%- set relation = adapter.get_relation(this.database, this.schema, of or this.identifier) -%}
    {%- if relation is none or not relation.is_table -%}{{ return(none) }}{%- endif -%}
    {%- set found = adapter.get_columns_in_relation(relation) | map(attribute='name') | map('lower') | list -%}
    {{ return(relation if columns | reject('in', found) | list | length == 0 else none) }}
{%- endmacro %}
