-- A KPI column in a mart and not in the register, or the reverse, fails the build. The columns are those of the contracts;
-- a mart's grain, attributes and period stand in its meta; contracts are enforced, so no mart need be built first. Components of a ratio
-- are known to the register as its numerator or denominator.
{% set published = [] %}
{%- if execute %}
{%- for node in graph.nodes.values() if node.resource_type == 'model' and node.fqn[1] == 'marts' %}
{%- set meta = node.config.get('meta', {}) %}
{%- set grain = meta.get('grain', []) + meta.get('attributes', []) + meta.get('period', []) %}
{%- for column in node.columns.values() %}
{%- set is_kpi = node.name.startswith('kpi_') and node.name != 'kpi_register' and column.name not in grain %}
{%- do published.append((node.name, column.name, is_kpi)) %}
{%- endfor %}
{%- endfor %}
{%- endif %}
with register as (
    select * from {{ ref('kpi_register') }}
),

published as (
    {%- for mart, column, is_kpi in published %}
    select '{{ mart }}' as mart, '{{ column }}' as mart_column, {{ is_kpi | lower }} as is_kpi
    {{ 'union all' if not loop.last }}
    {%- else %}
    select '' as mart, '' as mart_column, false as is_kpi
    {%- endfor %}
),

registered as (
    select mart, mart_column from register
    union
    select mart, numerator_column as mart_column from register
    where numerator_column is not null
    union
    select mart, denominator_column as mart_column from register
    where denominator_column is not null
),

final as (
    select
        coalesce(published.mart, registered.mart) as mart,
        coalesce(published.mart_column, registered.mart_column) as mart_column,
        case
            when published.mart is null then 'registered, but no mart has it'
            else 'in a mart, but not registered'
        end as what_is_wrong
    from published
    full outer join registered
        on published.mart = registered.mart and published.mart_column = registered.mart_column
    where published.mart is null or (registered.mart is null and published.is_kpi)
)

select * from final
