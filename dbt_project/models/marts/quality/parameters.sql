{% set parameters = var('parameters') or [] -%}
with

final as (
    {%- for parameter in parameters %}
    select
        {{ dbt.string_literal(dbt.escape_single_quotes(parameter.name)) }} as name,
        {{ dbt.string_literal(dbt.escape_single_quotes(parameter.value)) }} as value,
        {{ dbt.string_literal(dbt.escape_single_quotes(parameter.default_value)) }} as default_value
    {{ 'union all' if not loop.last }}
    {%- else %}
    select '' as name, '' as value, '' as default_value
    {%- endfor %}
)

select
    cast(name as {{ dbt.type_string() }}) as name,
    cast(value as {{ dbt.type_string() }}) as value,
    cast(default_value as {{ dbt.type_string() }}) as default_value
from final
where name <> ''
