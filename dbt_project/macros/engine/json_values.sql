{#-
  The values of a JSON object as the text of a JSON array; an array stays what it is. PHP writes a map keyed by id as an
  object, and an empty one as [].
-#}
{% macro json_values(column) -%}{{ adapter.dispatch('json_values')(column) }}{%- endmacro %}

{% macro duckdb__json_values(column) -%}
    case left({{ column }}, 1)
        when '[' then {{ column }}
        when '{' then try(cast(to_json(json_extract({{ column }}, '$.*')) as varchar))
    end
{%- endmacro %}

{% macro spark__json_values(column) -%}
    case left({{ column }}, 1)
        when '[' then {{ column }}
        when '{' then '[' || array_join(map_values(from_json({{ column }}, 'map<string,string>')), ',') || ']'
    end
{%- endmacro %}
