{#- Arrays: map, compact, length, unnest. -#}

{% macro list_map(rows, name, expression) -%}{{ return(adapter.dispatch('list_map')(rows, name, expression)) }}{%- endmacro %}
{% macro duckdb__list_map(rows, name, expression) -%}
    {{ return('list_transform(' ~ rows ~ ', lambda ' ~ name ~ ': ' ~ expression ~ ')') }}
{%- endmacro %}
{% macro spark__list_map(rows, name, expression) -%}
    {{ return('transform(' ~ rows ~ ', ' ~ name ~ ' -> ' ~ expression ~ ')') }}
{%- endmacro %}

{#- The list without its NULLs. -#}
{% macro list_compact(rows) -%}{{ return(adapter.dispatch('list_compact')(rows)) }}{%- endmacro %}
{% macro duckdb__list_compact(rows) -%}{{ return('list_filter(' ~ rows ~ ', lambda entry: entry is not null)') }}{%- endmacro %}
{% macro spark__list_compact(rows) -%}{{ return('filter(' ~ rows ~ ', entry -> entry is not null)') }}{%- endmacro %}

{% macro array_length(expression) -%}{{ return(adapter.dispatch('array_length')(expression)) }}{%- endmacro %}
{% macro duckdb__array_length(expression) -%}{{ return('len(' ~ expression ~ ')') }}{%- endmacro %}
{% macro spark__array_length(expression) -%}{{ return('size(' ~ expression ~ ')') }}{%- endmacro %}

{#-
  Where a walk over a group's rows begins anew: of rows numbered by `place` (from 1), each with the place up to which it looks back
  (`reaches`, 0 for none), those whose `reaches` is not before the last beginning. An aggregate: the places of the beginnings, as a list.
-#}
{% macro beginnings(place, reaches) -%}{{ return(adapter.dispatch('beginnings')(place, reaches)) }}{%- endmacro %}
{% macro duckdb__beginnings(place, reaches) -%}
    list_reduce(
        list([{{ place }}, {{ reaches }}] order by {{ place }}),
        lambda begun, entry: case when entry[2] >= begun[-1] then list_append(begun, entry[1]) else begun end,
        [cast(0 as bigint)]
    )
{%- endmacro %}
{% macro spark__beginnings(place, reaches) -%}
    aggregate(
        array_sort(collect_list(array({{ place }}, {{ reaches }}))),
        array(cast(0 as bigint)),
        (begun, entry) -> case when entry[1] >= element_at(begun, -1) then concat(begun, array(entry[0])) else begun end
    )
{%- endmacro %}

{#- `from t {{ unnest('t.tags', 'u', 'tag') }}` -> one row per element, column u.tag; rows with an empty array drop out. -#}
{% macro unnest(expression, alias, column) -%}{{ adapter.dispatch('unnest')(expression, alias, column) }}{%- endmacro %}
{% macro duckdb__unnest(expression, alias, column) -%}
    cross join unnest({{ expression }}) as {{ alias }} ({{ column }})
{%- endmacro %}
{% macro spark__unnest(expression, alias, column) -%}
    lateral view explode({{ expression }}) {{ alias }} as {{ column }}
{%- endmacro %}

{#- Exact quantile with interpolation, NULLs ignored: quantile('wait_seconds', 0.5). -#}
{% macro quantile(expression, share) -%}{{ adapter.dispatch('quantile')(expression, share) }}{%- endmacro %}
{% macro duckdb__quantile(expression, share) -%}quantile_cont({{ expression }}, {{ share }}){%- endmacro %}
{% macro spark__quantile(expression, share) -%}percentile({{ expression }}, {{ share }}){%- endmacro %}
