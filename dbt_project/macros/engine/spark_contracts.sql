{#- Spark has no type `text`: contracts, which are written once, are read in its words. -#}
{% macro spark__get_empty_schema_sql(columns) -%}
    select
        {%- for column in columns.values() %}
        cast(null as {{ 'string' if column['data_type'] in ('text', 'varchar') else column['data_type'] }}) as {{ adapter.quote(column['name']) }}{{ ',' if not loop.last }}
        {%- endfor %}
    limit 0
{%- endmacro %}
