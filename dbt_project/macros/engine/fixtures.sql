{#-
  The rows of a unit test's fixture, as dbt writes them (get_fixture_sql of dbt-core 1.11). A column that a row does not name is a NULL of
  its type, and dbt asks two macros for the cast of each, of which there are tens of thousands, since tables are wide.
-#}
{% macro get_fixture_sql(rows, column_name_to_data_types) -%}
    {%- set types, quoted, nulls = {}, {}, {} -%}
    {%- for column in adapter.get_columns_in_relation(defer_relation if defer_relation and not load_relation(this) else this) -%}
        {%- do types.update({column.name | lower: column.data_type}) -%}
        {%- do quoted.update({column.name | lower: column.quoted}) -%}
        {%- do nulls.update({column.name | lower: 'cast(null as ' ~ column.data_type ~ ')'}) -%}
    {%- endfor -%}
    {%- if not types -%}
        {{ exceptions.raise_compiler_error(
            'The unit test gives rows of ' ~ this ~ ', which was never built, so that nobody knows its columns. Build it first.') }}
    {%- endif -%}
    {%- for row in rows or [{}] -%}
        {%- set told = nulls.copy() -%}
        {%- do told.update(format_row(row, types)) -%}
        select{% for name, value in told.items() %} {{ value }} as {{ quoted[name] }}{{ ',' if not loop.last }}{% endfor %}
        {{- ' union all ' if not loop.last }}
    {%- endfor -%}
    {{- ' limit 0' if not rows -}}
{%- endmacro %}
